"""The register's chain and reasonings that say nothing; secrecy, holds and appeals at their ends."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tierce.identity.appeals.rules import read_appeal
from tierce.identity.errors import AppealRefusedError
from tierce.identity.lines import staff_line
from tierce.identity.model import StaffCaller
from tierce.incidents.errors import FormError, FreeTextError
from tierce.incidents.holds.errors import OrderError
from tierce.incidents.holds.model import Order
from tierce.incidents.holds.rules import DURATIONS, check_order, move_line
from tierce.incidents.register.errors import ReasonRefusedError, RegisterBrokenError
from tierce.incidents.register.export import as_csv
from tierce.incidents.register.model import Facts, Row, RowKind
from tierce.incidents.register.rules import (
    REASON_CHARACTERS_MAX,
    REASON_CHARACTERS_MIN,
    canonical,
    check_chain,
    check_reasons,
    is_closed,
    journal_number,
    missing,
    row_digest,
)
from tierce.incidents.secrecy.model import Asked, Secrecy, Standing
from tierce.incidents.secrecy.rules import ASKED_FOR, LONGEST, check_until, holds, waits
from tierce.journal.model import EntryKind
from tierce.kernel.ids import EntrySeq, IncidentId, ProfessionalId, SessionId, StaffId
from tierce.lab.country.identifiers import make_nir
from tierce.policy.acts import Act
from tierce.policy.ladder import APPEAL_CHARS, Level, Rung

NOW = datetime(2026, 3, 3, 9, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
INCIDENT = IncidentId(5)


def chained(*kinds: RowKind) -> list[Row]:
    """Rows that follow each other."""
    rows: list[Row] = []
    for number, kind in enumerate(kinds, start=1):
        facts: Facts = {"number": number, "said": "é"}
        digest = row_digest(
            rows[-1].digest if rows else b"", INCIDENT, number, kind, at=NOW, by="H.", facts=canonical(facts)
        )
        rows.append(Row(INCIDENT, number, kind, NOW, "H.", 3, facts, digest, EntrySeq(number)))
    return rows


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_neither_a_text_nor_a_name_is_a_formula_in_a_spreadsheet(sign: str) -> None:
    facts: Facts = {"reasoning": "b", "cohort": f"{sign}cmd", "against_floor": ""}
    row = Row(INCIDENT, 1, RowKind.BRIDGE, NOW, f'{sign}HYPERLINK("//ailleurs.example")', 3, facts, b"", EntrySeq(1))
    cells = next(
        row for row in list(csv.reader(io.StringIO(as_csv([row]).decode("utf-8-sig"), newline=""), delimiter=";"))[1:]
    )
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert cells[3] == f'\'{sign}HYPERLINK("//ailleurs.example")'


CHAIN = chained(RowKind.TIME, RowKind.FACTS, RowKind.CLOSED)


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([CHAIN[0], CHAIN[2]], 2),
        (CHAIN[1:], 1),
        ([CHAIN[1], CHAIN[0], CHAIN[2]], 1),
        ([*CHAIN[:2], replace(CHAIN[2], number=4)], 3),
        ([*CHAIN[:2], replace(CHAIN[2], by="K.")], 3),
        ([CHAIN[0], replace(CHAIN[1], at=NOW + SECOND), CHAIN[2]], 2),
        ([CHAIN[0], replace(CHAIN[1], kind=RowKind.EFFECTS), CHAIN[2]], 2),
        ([CHAIN[0], replace(CHAIN[1], facts={}), CHAIN[2]], 2),
        ([replace(CHAIN[0], incident=IncidentId(6)), *CHAIN[1:]], 1),
        ([replace(CHAIN[0], digest=b"x" * 32), *CHAIN[1:]], 1),
    ],
)
def test_a_row_changed_removed_or_moved_is_found_at_its_place(rows: list[Row], place: int) -> None:
    check_chain(CHAIN)
    check_chain([])
    with pytest.raises(RegisterBrokenError, match=f"row {place} "):
        check_chain(rows)


def test_the_journal_bears_sixty_three_bits_of_a_row() -> None:
    assert journal_number(b"\xff" * 32) == 2**63 - 1
    assert journal_number(b"\x00" * 7 + b"\x02" + b"\xff" * 24) == 1


def test_an_event_is_closed_by_its_last_closing_and_lacks_what_no_row_says() -> None:
    kinds = (RowKind.CLOSED, RowKind.REOPENED, RowKind.FACTS, RowKind.CLOSED, RowKind.HOLD_RELEASED)
    assert [is_closed(chained(*kinds[:n])) for n in range(6)] == [False, True, False, False, True, True]
    assert missing([]) == [RowKind.FACTS, RowKind.EFFECTS, RowKind.ACTION, RowKind.DECISION]
    assert missing(chained(RowKind.EFFECTS, RowKind.TIME)) == [RowKind.FACTS, RowKind.ACTION, RowKind.DECISION]


WORDS = "un accès volé vers neuf heures montra douze noms puis cessa"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("x" * (REASON_CHARACTERS_MIN + 5), ReasonRefusedError),
        ("accès volé " * 8, ReasonRefusedError),
        (f"{WORDS} : toutes les mesures nécessaires", ReasonRefusedError),
        (f"{WORDS}, NOT   applicable.", ReasonRefusedError),
        (f"{WORDS} {make_nir('F', 1984, 5, '2A004', 12)}", FreeTextError),
        (" ", FreeTextError),
        (f"{WORDS} " * 40, FreeTextError),
    ],
)
def test_a_reasoning_that_any_event_could_bear_is_refused(text: str, error: type[FormError]) -> None:
    with pytest.raises(error):
        check_reasons("why", text)


def test_a_reasoning_is_long_enough_from_sixty_characters_and_ten_words_on() -> None:
    ten = "accès volé vers neuf heures montra douze noms puis cessa"
    assert check_reasons("why", f"  {ten}.... ") == f"{ten}...."
    for short in (f"{ten}...", f"{ten.replace('cessa', 'volé')}....."):
        with pytest.raises(ReasonRefusedError):
            check_reasons("why", short)
    longest = f"{ten} " + "x" * (REASON_CHARACTERS_MAX - len(ten) - 1)
    assert check_reasons("why", longest) == longest
    with pytest.raises(FreeTextError):
        check_reasons("why", f"{longest}x")


def test_secrecy_is_for_a_moment_to_come_within_half_a_year() -> None:
    for until in (NOW + SECOND, NOW + LONGEST):
        assert check_until(until, NOW) == until
    for wrong in (NOW, NOW - SECOND, NOW + LONGEST + SECOND):
        with pytest.raises(FormError):
            check_until(wrong, NOW)


def test_secrecy_holds_until_its_end_and_what_one_wrote_waits_a_day() -> None:
    def standing(until: datetime, asked_at: datetime) -> Standing:
        asked = Asked(until, "Enquête.", StaffId(3), "H.", asked_at)
        return Standing(asked, Secrecy(until, "Enquête.", "H.", asked_at, "K.", None))

    assert not holds(Standing(None, None), NOW)
    assert not waits(Standing(None, None), NOW)
    for until, running in ((NOW + SECOND, True), (NOW, False)):
        assert holds(standing(until, NOW), NOW) is running
        assert waits(standing(until, NOW), NOW) is running
    later = NOW + LONGEST
    assert waits(standing(later, NOW - ASKED_FOR + SECOND), NOW)
    assert not waits(standing(later, NOW - ASKED_FOR), NOW)


def test_these_pages_hold_an_account_or_a_device_for_a_time_of_the_list() -> None:
    order = Order(ProfessionalId(9), Level.DEVICE, 7, Rung.PRESENCE_ONLY, DURATIONS[24], "Appel.")
    check_order(order)
    check_order(replace(order, level=Level.LOGIN))
    for wrong, field in (
        (replace(order, rung=Rung.NONE), "rung"),
        (replace(order, last=DURATIONS[24] + SECOND), "hours"),
        *((replace(order, level=level), "on") for level in set(Level) - {Level.LOGIN, Level.DEVICE}),
    ):
        with pytest.raises(OrderError) as refused:
            check_order(wrong)
        assert refused.value.field == field


def test_the_line_of_a_hold_names_its_device_and_that_of_an_account_none() -> None:
    caller = StaffCaller(StaffId(900), SessionId(901), "H.", frozenset({"security"}))
    device = Order(ProfessionalId(9), Level.DEVICE, 7, Rung.PRESENCE_ONLY, DURATIONS[24], "Appel.")
    login = replace(device, level=Level.LOGIN)
    assert [move_line(caller, NOW, 5, order).device for order in (device, login, None)] == [7, 0, 0]
    placed, ended = move_line(caller, NOW, 5, device), staff_line(caller, Act.STAFF_ACCESS_END, NOW, reference=6)
    assert (placed.kind, placed.act, placed.reference) == (EntryKind.LADDER_MOVE, Act.STAFF_LADDER_MOVE, 5)
    assert (ended.kind, ended.act, ended.reference) == (EntryKind.STAFF_ACT, Act.STAFF_ACCESS_END, 6)
    assert {(line.professional, line.session) for line in (placed, ended)} == {(900, 901)}


def test_an_appeal_is_of_some_length_and_names_no_patient() -> None:
    least, most = APPEAL_CHARS
    assert read_appeal(f"  {'x' * least} ") == "x" * least
    assert read_appeal("x" * most) == "x" * most
    assert read_appeal("Vu ce  matin\nle 12/03/2026") == "Vu ce matin le 12/03/2026"
    for wrong in ("", "x" * (least - 1), "x" * (most + 1), "x" * least + "\x00", make_nir("F", 1984, 5, "2A004", 12)):
        with pytest.raises(AppealRefusedError) as refused:
            read_appeal(wrong)
        assert not wrong or wrong not in str(refused.value)
