"""What a mail server's answer means, what a returned message says, how a body is signed."""

from datetime import timedelta
from pathlib import Path

import pytest

from tierce.incidents.cohorts.model import Cohort
from tierce.kernel.ids import InsurerId, PersonId
from tierce.kernel.language import Language
from tierce.notices.audience.model import STATE_LABELS, Pair, Why
from tierce.notices.audience.rules import failed
from tierce.notices.deliveries import store
from tierce.notices.deliveries.bounces import parse
from tierce.notices.deliveries.dkim import relaxed_body
from tierce.notices.deliveries.model import Reply, Verdict
from tierce.notices.deliveries.rules import ATTEMPTS_MAX, faster, parsed, slower, verdict, wait_after
from tierce.notices.deliveries.service import Rehearsal, in_relay_log
from tierce.policy.reached import State

TOKEN = bytes(range(10))


@pytest.mark.parametrize(
    ("code", "text", "meaning"),
    [
        (250, "2.0.0 queued", Verdict.DONE),
        (250, "OK", Verdict.DONE),
        (421, "4.7.0 too many connections", Verdict.SLOW_DOWN),
        (450, "mailbox busy", Verdict.SLOW_DOWN),
        (451, "4.7.1 greylisted", Verdict.SLOW_DOWN),
        (452, "4.2.2 over quota", Verdict.RETRY),
        (451, "4.4.1 no answer from host", Verdict.RETRY),
        (550, "5.1.1 no such user", Verdict.GIVE_UP),
        (550, "no such user", Verdict.GIVE_UP),
        (552, "5.2.2 mailbox full", Verdict.GIVE_UP),
        (554, "5.4.14 loop", Verdict.GIVE_UP),
        (550, "5.7.1 relaying denied", Verdict.HALT),
        (550, "5.7.26 unauthenticated mail", Verdict.HALT),
        (530, "5.7.0 authentication required", Verdict.HALT),
        (501, "5.5.4 bad address", Verdict.HALT),
        (200, "", Verdict.DONE),
        (299, "", Verdict.DONE),
        (300, "", Verdict.GIVE_UP),
        (354, "go on", Verdict.GIVE_UP),
        (400, "", Verdict.RETRY),
        (499, "", Verdict.RETRY),
        (452, "too much", Verdict.SLOW_DOWN),
        (453, "", Verdict.RETRY),
        (599, "", Verdict.GIVE_UP),
    ],
)
def test_an_answer_means_done_later_slower_never_or_not_us(code: int, text: str, meaning: Verdict) -> None:
    assert verdict(parsed(code, text)) is meaning


def test_only_code_and_status_are_kept_of_an_answer() -> None:
    assert parsed(550, "5.1.1 <anne@foyer.example>: unknown") == Reply(550, "5.1.1")
    assert parsed(550, "4.1.1 contradicts itself") == Reply(550)
    assert parsed(550, "anne 5.1.1").said == "550 5.1.1"


def test_waits_grow_and_then_it_is_a_letter() -> None:
    waits = [wait_after(number) for number in range(1, ATTEMPTS_MAX)]
    assert waits == [timedelta(minutes=5 * 2**number) for number in range(ATTEMPTS_MAX - 1)]
    assert wait_after(ATTEMPTS_MAX) is None
    assert failed(postal=True) == (State.TO_PRINT, None)
    assert failed(postal=False) == (State.PUBLIC, Why.EMAIL_FAILED)


def test_slower_halves_and_faster_never_passes_what_was_asked() -> None:
    assert slower(100) == 50
    assert slower(1) == 1
    assert faster(50, 100) == pytest.approx(55)
    assert faster(99, 100) == 100


def report(action: str, status: str, to: str = f"retour-{TOKEN.hex()}@retours.example") -> bytes:
    return (
        f"To: {to}\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; a@b.example\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{TOKEN.hex()}@x.example>\r\n\r\n--b--\r\n"
    ).encode()


def test_a_notification_says_whose_and_whether_for_good() -> None:
    gone = parse(report("failed", "5.1.1"))
    assert gone is not None
    assert (gone.token, gone.failed, gone.status) == (TOKEN, True, "5.1.1")
    late = parse(report("delayed", "4.4.7"))
    assert late is not None
    assert not late.failed


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"To: retour-0001@x\r\n\r\nHello",
        b"To: " + f"retour-{TOKEN.hex()}@x".encode() + b"\r\nSubject: out of office\r\n\r\nBack on Monday.",
        report("failed", "5.1.1", to="somebody@else.example").replace(TOKEN.hex().encode(), b"ab"),
    ],
)
def test_what_is_no_notification_of_ours_is_left_alone(content: bytes) -> None:
    assert parse(content) is None


@pytest.mark.parametrize("spoiled", ["<", '"', "<a@", "<a@[", '<"', "=?utf-8?q?"])
def test_i2_a_header_that_nobody_can_parse_ends_no_reading_of_the_mailbox(spoiled: str) -> None:
    # Anybody may write there: what stops at one message never hears of those that came back behind it.
    assert parse(f"To: {spoiled}\r\nMessage-ID: {spoiled}\r\n\r\nBuy".encode()) is None
    back = parse(f"Delivered-To: {spoiled}\r\n".encode() + report("failed", "5.1.1"))
    assert back is not None
    assert back.token == TOKEN
    folded = report("failed", "5.1.1", to=f"\r\n <retour-{TOKEN.hex()}@retours.example>")
    assert parse(folded) == back


def test_a_relaxed_body_is_that_of_the_standard() -> None:
    # RFC 6376, 3.4.5.
    assert relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"
    assert relaxed_body(b"\r\n\r\n") == b""
    assert relaxed_body(b"") == b""
    assert relaxed_body(b"a  b ") == b"a b\r\n"


def test_a_dry_run_names_each_reason_once_with_its_count_and_the_first_items() -> None:
    found = Rehearsal()
    for number in range(1, 26):
        found.refuse("block 'facts' in fr: holds a link", _waiting(number, insurer=1))
    found.refuse("block 'facts' in fr: holds a link", _waiting(40, insurer=2))
    assert found.unwritten == 26
    assert [(one.insurer, one.adults, len(one.items)) for one in found.refused] == [(1, 25, 20), (2, 1, 1)]


def test_every_state_has_its_words_and_what_is_set_aside_is_tried_first() -> None:
    assert set(STATE_LABELS) == set(State)
    assert (store.SENDABLE[0], store.PRINTABLE[0]) == (State.UNSENT, State.UNPRINTED)


def _waiting(number: int, *, insurer: int) -> store.Pending:
    pair = Pair(PersonId(number), InsurerId(insurer), Cohort.INSURED)
    return store.Pending(number, Language.FR, False, pair, bytes(16), TOKEN, State.TO_SEND, 0)


def test_i2_a_message_that_the_relay_dropped_half_way_is_not_one_that_its_log_knows(tmp_path: Path) -> None:
    cut, taken, other, exim = (f"<{number:020x}@rive.example>" for number in range(4))
    head = "Mar  3 09:12:01 relais postfix"
    (tmp_path / "log").write_text(
        f"{head}/cleanup[71]: 4F1A2C: message-id={cut}\n"
        f"{head}/smtpd[70]: lost connection after DATA (312 bytes) from rive[127.0.0.1]\n"
        f"{head}/cleanup[71]: 5B7D01: warning: header Message-ID: {cut} from rive[127.0.0.1]\n"
        f"{head}/cleanup[71]: 4F1A2D: message-id={taken}\n"
        f"{head}/qmgr[69]: 4F1A2D: from=<retour-1@rive.example>, size=4001, nrcpt=1 (queue active)\n"
        f"{head}/cleanup[71]: 4F1A2C: message-id={other}\n"
        f"{head}/qmgr[69]: 4F1A2C: from=<retour-2@rive.example>, size=4001, nrcpt=1 (queue active)\n"
        f"2026-03-03 09:12:01 1ab2cd-0 <= retour-3@rive.example H=(rive) P=esmtp S=4001 id={exim[1:-1]} {exim}\n",
        "utf-8",
    )
    assert in_relay_log(tmp_path / "log")({cut, taken, other, exim}) == {taken, other, exim}
