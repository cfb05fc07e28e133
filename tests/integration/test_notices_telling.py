"""N3: insurers told at once, chains of contacts, complements; slices that add up; lists only their insurer opens."""

import csv
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path

import psycopg
import pyrage
import pytest

from tests.integration.asks import AT
from tests.integration.conftest import Connect
from tests.integration.rooms import CAPES, HELENE, OAK
from tests.integration.telling_world import AMC, CHAIN, World, listed, open_world, opened_incident, read_more
from tests.mailbox import mailbox
from tierce.incidents.clocks.model import Running
from tierce.incidents.clocks.model import State as ClockState
from tierce.incidents.clocks.service import Clocks
from tierce.incidents.register.model import Row, RowKind
from tierce.incidents.register.rules import canonical, journal_number, row_digest
from tierce.incidents.register.service import RECEIVED_ON_SITE, Register
from tierce.incidents.states.model import Stage
from tierce.incidents.states.service import States
from tierce.incidents.store import exposures, last_scope
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.journal.service import Appender
from tierce.kernel.alone import EachAlone
from tierce.kernel.clock import micros
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.notices.deliveries.dkim import make_key
from tierce.notices.deliveries.model import MailServer, Verdict
from tierce.notices.deliveries.rules import ATTEMPTS_MAX, FIRST_WAIT
from tierce.notices.rules import letter_reference
from tierce.notices.slices.rules import COLUMNS, RECORD_BYTES_MAX
from tierce.notices.telling import store
from tierce.notices.telling.model import Mail
from tierce.notices.telling.rules import ESCALATE_AFTER
from tierce.policy.acts import Act
from tierce.policy.clocks import Duty
from tierce.storage.keys import Keyring
from tierce.upkeep.notice.posting import relay

pytestmark = pytest.mark.integration


@pytest.fixture
def world(connect: Connect, keyring: Keyring, tmp_path: Path) -> World:
    return open_world(connect, keyring, tmp_path)


def acknowledge(world: World, number: int, revision: int, insurer: InsurerId) -> None:
    world.room.admin.execute(
        "insert into notice.acknowledgement values (%s, %s, %s, now(), 1, 'Inès Vidal', 1)",
        (number, revision, insurer),
    )
    world.room.admin.commit()


def acts(world: World) -> list[tuple[Act, int]]:
    rows = world.room.admin.execute("select body from journal.entry where kind = 21 order by seq").fetchall()
    found = [decode(bytes(row[0])) for row in rows]
    assert all(one.kind is EntryKind.NOTICE and one.person == 0 for one in found)
    return [(one.act, int(one.insurer or 0)) for one in found]


def test_n3_the_notice_leaves_as_soon_as_it_is_established_and_waits_for_no_score(world: World) -> None:
    incident = opened_incident(world, aware=False)
    assert world.telling.turn(world.notices, world.box).told == 0
    assert world.box.mails == []
    States(world.room.clocks.register).move(
        world.room.office, HELENE, incident.id, stage=Stage.AWARE, why="Vingt mille demandes en une minute."
    )
    done = world.telling.turn(world.notices, world.box)
    assert (done.told, done.sent) == (2, 2)
    scored = "select count(*) from incident.register where kind = any(%s)"
    assert world.room.admin.execute(scored, ([RowKind.SEVERITY.value, RowKind.BRIDGE.value],)).fetchone() == (0,)
    oak, capes = world.box.mails
    assert (oak.to, capes.to) == ("dpo@grandchene.example", "dpo@deuxcaps.example")
    assert "Vos assurés concernés : 2 personnes." in oak.text.replace("\u00a0", " ")
    assert "Vos assurés concernés : 1 personne." in capes.text.replace("\u00a0", " ")
    assert "Deux Caps" not in oak.text
    assert "Grand Chêne" not in capes.text
    assert "http" not in oak.text + capes.text
    for one in (*oak.text.split(), *capes.text.split()):
        assert one not in {"LENOIR", "Paul", "A-0000417", "Z-9"}
    assert acts(world) == [(Act.INSURER_TOLD, 1), (Act.INSURER_TOLD, 2)]
    again = world.telling.turn(world.notices, world.box)
    assert (again.told, again.repeated, again.sent) == (0, 0, 0)


def test_n3_nobody_acknowledges_and_the_next_contact_is_warned_until_somebody_does(world: World) -> None:
    incident = opened_incident(world)
    world.telling.turn(world.notices, world.box)
    world.room.clock.advance(ESCALATE_AFTER - timedelta(minutes=1))
    assert world.telling.turn(world.notices, world.box).repeated == 0
    world.room.clock.advance(timedelta(minutes=1))
    done = world.telling.turn(world.notices, world.box)
    assert (done.repeated, done.sent) == (1, 1)
    assert world.box.mails[-1].to == "rssi@grandchene.example"
    assert world.box.mails[-1].text == world.box.mails[0].text
    acknowledge(world, incident.id, 1, OAK)
    world.room.clock.advance(ESCALATE_AFTER)
    assert world.telling.turn(world.notices, world.box).repeated == 0
    standing = store.standings(world.notices, incident.id)[OAK]
    assert (len(standing.warnings), standing.acknowledged_by) == (2, "Inès Vidal")
    assert acts(world)[-2:] == [(Act.INSURER_TOLD, 1), (Act.NOTICE_RECEIVED, 1)]


def test_a_contact_that_was_replaced_before_the_notice_left_gets_none(world: World) -> None:
    opened_incident(world)
    world.box.refuses = Verdict.RETRY
    world.telling.turn(world.notices, world.box)
    new = replace(CHAIN[0], email="nouvelle@grandchene.example")
    store.put_chain(world.notices, OAK, [new, CHAIN[1]], world.room.clock.now())
    world.box.refuses = None
    world.room.clock.advance(FIRST_WAIT)
    done = world.telling.turn(world.notices, world.box)
    assert done.repeated == 1
    assert {one.to for one in world.box.mails} == {"nouvelle@grandchene.example", "dpo@deuxcaps.example"}


def test_what_fails_for_one_insurer_fails_alone(world: World) -> None:
    """One damaged record, one address that no header takes: the others are told, and the failure is raised after."""
    incident = opened_incident(world)
    for insurer in (OAK, CAPES):
        world.recipient(insurer)
    world.room.admin.execute("update coverage.coverage set sealed = '\\x0101' where insurer = %s", (OAK,))
    world.room.admin.commit()
    made: list[InsurerId] = []

    def hand_over(number: IncidentId) -> int:
        alone = EachAlone(world.notices)
        for one in (OAK, CAPES):
            with alone.one():
                world.slices.hand_over(world.notices, number, one, AMC[one])
                made.append(one)
        alone.done()
        return len(made)

    def refuses_oak(mail: Mail) -> None:
        if "grandchene" in mail.to:
            raise ValueError
        world.box.send(mail)

    for failing in (Posting(refuses_oak), world.box):
        with pytest.raises((pyrage.EncryptError, ValueError)):
            world.telling.turn(world.notices, failing, hand_over)
    assert [one.to for one in world.box.mails] == ["dpo@deuxcaps.example", "dpo@grandchene.example"]
    assert set(made) == {CAPES}
    assert world.notices.execute("select insurer from notice.hand_over").fetchall() == [(CAPES,)]
    assert {one.acknowledged_at for one in store.standings(world.notices, incident.id).values()} == {None}


def test_what_proved_to_be_no_breach_is_escalated_to_nobody_nor_is_what_had_not_left_sent(world: World) -> None:
    incident = opened_incident(world)
    world.box.refuses = Verdict.HALT
    assert world.telling.turn(world.notices, world.box).told == 2
    world.box.refuses = None
    world.room.clock.advance(ESCALATE_AFTER)
    world.room.admin.execute("update incident.incident set dismissed_at = now() where id = %s", (incident.id,))
    world.room.admin.commit()
    done = world.telling.turn(world.notices, world.box)
    assert (done.told, done.repeated, done.sent) == (0, 0, 0)
    world.room.admin.execute("update incident.incident set dismissed_at = null where id = %s", (incident.id,))
    world.room.admin.commit()
    done = world.telling.turn(world.notices, world.box)
    assert (done.repeated, done.sent) == (1, 3)


def test_a_server_that_refuses_is_tried_again_as_messages_are_and_given_up_for_the_next_contact(world: World) -> None:
    opened_incident(world)
    world.box.refuses = Verdict.RETRY
    assert world.telling.turn(world.notices, world.box).refused == 2
    assert world.telling.turn(world.notices, world.box).refused == 0
    world.room.clock.advance(FIRST_WAIT)
    assert world.telling.turn(world.notices, world.box).refused == 2
    world.box.refuses = Verdict.GIVE_UP
    world.room.clock.advance(2 * FIRST_WAIT)
    world.telling.turn(world.notices, world.box)
    world.box.refuses = None
    done = world.telling.turn(world.notices, world.box)
    assert {one.to for one in world.box.mails} == {"rssi@grandchene.example"}, done


def test_a_relay_that_refuses_us_uses_up_nobody_s_tries(world: World) -> None:
    opened_incident(world)
    world.box.refuses = Verdict.HALT
    for _ in range(ATTEMPTS_MAX + 1):
        assert world.telling.turn(world.notices, world.box).refused == 2
        world.room.clock.advance(FIRST_WAIT)
    world.box.refuses = None
    assert world.telling.turn(world.notices, world.box).sent == 2
    assert [one.to for one in world.box.mails] == ["dpo@grandchene.example", "dpo@deuxcaps.example"]


def test_n3_an_acknowledgement_starts_the_insurer_s_own_clock_once(world: World) -> None:
    incident = opened_incident(world)
    world.telling.turn(world.notices, world.box)
    office = Appender.enrol(world.room.office, "office", world.room.keyring.instance("office"))
    clocks = Clocks(Register(office, world.room.clock))

    def own() -> list[Running]:
        return [one for one in clocks.read(world.room.admin, incident.id) if one.rule.duty is Duty.AUTHORITY]

    assert [one.state for one in own() if one.insurer == OAK] == [ClockState.WAITING]
    world.room.clock.advance(timedelta(minutes=30))
    acknowledge(world, incident.id, 1, OAK)
    assert world.telling.turn(world.notices, world.box).received == 1
    world.room.clock.advance(timedelta(hours=1))
    listed(world, incident.id)
    assert world.telling.turn(world.notices, world.box).received == 0
    (clock,) = [one for one in own() if one.insurer == OAK]
    (at,) = world.room.admin.execute("select at from notice.acknowledgement").fetchone() or (None,)
    assert clock.started == at
    assert clock.due == at + timedelta(hours=72)
    assert [one.state for one in own() if one.insurer == CAPES] == [ClockState.WAITING]
    (row,) = (one for one in clocks.register.rows(world.room.admin, incident.id) if one.by == "Inès Vidal")
    assert (row.by, row.kind, row.facts["moment"]) == ("Inès Vidal", RowKind.TIME, "notice_received")
    entry = world.room.admin.execute(
        "select journal.u64(body, 40), get_byte(body, 2) from journal.entry where seq = %s", (row.entry,)
    ).fetchone()
    assert entry == (journal_number(row.digest), Act.NOTICE_RECEIVED)


@dataclass(frozen=True)
class Posting:
    """A letter box that does something of its own."""

    take: Callable[[Mail], None]

    def send(self, mail: Mail) -> None:
        self.take(mail)


def followed_by(rows: list[Row], heard: datetime, name: str) -> bytes:
    """A digest that follows from these rows, without any journal line that bears it."""
    facts = canonical({"moment": "notice_received", "insurer": 1, "at": micros(heard), "why": RECEIVED_ON_SITE})
    last = rows[-1]
    return row_digest(last.digest, last.incident, last.number + 1, RowKind.TIME, at=heard, by=name, facts=facts)


def test_the_register_takes_from_this_process_an_acknowledgement_and_nothing_else(world: World) -> None:
    incident = opened_incident(world)
    world.telling.turn(world.notices, world.box)
    acknowledge(world, incident.id, 1, OAK)
    note = "select notice.note_received(%s, 1::smallint, 1, now(), %s, %s, 1)"
    for facts in ('{"text":"clos"}', '{"moment":"notice_received","insurer":1,"at":1,"why":"x"}'):
        with pytest.raises(psycopg.errors.CheckViolation):
            world.notices.execute(note, (incident.id, facts, bytes(32)))
    (heard,) = world.room.admin.execute("select at from notice.acknowledgement").fetchone() or (AT,)
    rows = Register(world.telling.appender, world.room.clock)
    before = rows.rows(world.room.admin, incident.id)
    for why, digest in (
        (RECEIVED_ON_SITE, bytes(32)),
        ("Nous avons reçu trop tard.", bytes(32)),
        (RECEIVED_ON_SITE, followed_by(before, heard, "Inès Vidal")),
    ):
        facts = canonical({"moment": "notice_received", "insurer": 1, "at": micros(heard), "why": why})
        with pytest.raises(psycopg.errors.CheckViolation):
            world.notices.execute(
                "select notice.note_received(%s, 1::smallint, %s, %s, %s, %s, 1)",
                (incident.id, len(before) + 1, heard, facts, digest),
            )
    assert rows.rows(world.room.admin, incident.id) == before, "the register still follows, row by row"
    with pytest.raises(psycopg.errors.NoDataFound):
        world.notices.execute(note.replace("1::smallint", "2::smallint"), (incident.id, "{}", bytes(32)))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        world.notices.execute("delete from incident.register")


def test_a_new_list_is_told_to_those_whose_slice_changed_alone(world: World) -> None:
    incident = opened_incident(world)
    world.telling.turn(world.notices, world.box)
    listed(world, incident.id)
    assert world.telling.turn(world.notices, world.box).told == 0
    read_more(world, 3, 2)
    listed(world, incident.id)
    done = world.telling.turn(world.notices, world.box)
    assert (done.told, done.sent) == (1, 1)
    assert world.box.mails[-1].to == "dpo@deuxcaps.example"
    said = world.box.mails[-1].text.replace("\u00a0", " ")
    assert "2 personnes" in said
    subject = world.box.mails[-1].subject.replace("\u00a0", " ")
    assert "Complément : violation" in subject, "two messages of one title would be one"
    assert "\n\nComplément : violation" in said
    assert "remplace celui qui portait sur la liste nº 1 : seuls valent les nombres de la liste nº 3" in said
    assert "Complément" not in world.box.mails[0].text
    assert {one.kind.name for one in store.standings(world.notices, incident.id).values()} == {"NOTICE", "COMPLEMENT"}


def test_an_insurer_whose_last_person_leaves_the_list_is_told_and_handed_an_empty_one(world: World) -> None:
    incident = opened_incident(world)
    world.recipient(CAPES)
    world.telling.turn(world.notices, world.box, world.hand_over)
    listed(world, incident.id, since=AT + timedelta(seconds=5))
    done = world.telling.turn(world.notices, world.box, world.hand_over)
    assert (done.told, done.sent, done.handed_over) == (2, 2, 1)
    text = world.box.mails[-1].text.replace("\u00a0", " ")
    assert world.box.mails[-1].to == "dpo@deuxcaps.example"
    assert "Vos assurés concernés : aucun." in text
    assert "La liste nº 2 remplace la liste nº 1" in text
    head, rows, _ = opened_list(world, CAPES)
    assert (head["records"], head["revision"], rows) == ("0", "2", [])
    assert head["slice"] in (store.document_of(world.notices, incident.id, 2, CAPES) or "")
    assert world.telling.turn(world.notices, world.box, world.hand_over).told == 0


def test_a_new_key_brings_the_list_again_though_nothing_of_it_changed(world: World) -> None:
    incident = opened_incident(world)
    world.recipient(OAK)
    world.telling.turn(world.notices, world.box, world.hand_over)
    before = opened_list(world, OAK)
    read_more(world, 3, 2)
    listed(world, incident.id)  # a second list, with nothing new for Oak
    world.recipients[OAK] = pyrage.x25519.Identity.generate()
    world.recipient(OAK, 200)
    done = world.telling.turn(world.notices, world.box, world.hand_over)
    assert done.handed_over == 1
    (key,) = world.room.admin.execute("select max(recipient) from notice.hand_over").fetchone() or (0,)
    assert key == 200 + OAK
    head, rows, _ = opened_list(world, OAK, key)
    assert (head["revision"], head["slice"], rows) == ("1", before[0]["slice"], before[1])


def test_the_chain_is_tested_each_quarter(world: World) -> None:
    assert world.telling.test(world.notices, OAK) == 1
    world.telling.turn(world.notices, world.box)
    assert "essai, nº 1, du 3 mars 2026" in world.box.mails[0].text.replace("\u00a0", " ")
    acknowledge(world, 0, 1, OAK)
    assert world.telling.test(world.notices, OAK) == 2  # the second contact's
    world.telling.turn(world.notices, world.box)
    assert world.box.mails[-1].to == "rssi@grandchene.example"


def opened_list(world: World, insurer: InsurerId, key: int = 0) -> tuple[dict[str, str], list[dict[str, str]], bytes]:
    """An insurer's list as its own key opens it: the values of its head, its records, its text."""
    rows = world.room.admin.execute(
        "select p.sealed from notice.hand_over_piece p join notice.hand_over h on h.id = p.hand_over"
        " where h.insurer = %s and h.revision = (select max(revision) from notice.hand_over where insurer = %s)"
        " and %s in (0, h.recipient) order by p.n",
        (insurer, insurer, key),
    ).fetchall()
    sealed = b"".join(bytes(row[0]) for row in rows)
    text = pyrage.decrypt(sealed, [world.recipients[insurer]])
    head, _, body = text.decode().partition("\n\n")
    values = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    return values, list(csv.DictReader(io.StringIO(body))), text


def test_n4_slices_add_up_and_each_list_opens_for_its_own_insurer_alone(world: World) -> None:
    incident = opened_incident(world)
    world.telling.turn(world.notices, world.box, world.hand_over)
    assert world.room.admin.execute("select count(*) from notice.hand_over").fetchone() == (0,)
    for insurer in (OAK, CAPES):
        world.recipient(insurer)
    assert world.telling.turn(world.notices, world.box, world.hand_over).handed_over == 2
    assert world.telling.turn(world.notices, world.box, world.hand_over).handed_over == 0
    scope = last_scope(world.room.office, incident.id)
    assert scope is not None
    lists = {insurer: opened_list(world, insurer) for insurer in (OAK, CAPES)}
    assert sum(len(rows) for _, rows, _ in lists.values()) == len(exposures(world.room.office, scope)) == 3
    assert [row["member_number"] for row in lists[OAK][1]] == ["A-0000417", "A-0000418"]
    assert [row["member_number"] for row in lists[CAPES][1]] == ["Z-9"]  # person 1 has two contracts: in both
    for insurer, (head, rows, text) in lists.items():
        assert head["records"] == str(len(rows))
        assert head["list"] == scope.digest.hex()
        assert tuple(rows[0]) == COLUMNS
        assert all(len(line) <= RECORD_BYTES_MAX for line in text.splitlines(keepends=True)[-len(rows) :])
        document = store.document_of(world.notices, incident.id, 1, insurer)
        assert document is not None
        assert head["notice"] == hashlib.sha256(document.encode()).hexdigest()
        assert head["slice"] in document
        (kept,) = world.room.admin.execute(
            "select digest from notice.hand_over where insurer = %s", (insurer,)
        ).fetchall()
        assert bytes(kept[0]) == hashlib.sha256(text).digest()
        for row, one in zip(rows, exposures(world.room.office, scope, insurer=insurer), strict=True):
            assert row["reference"] == letter_reference(scope.digest, one.person, insurer)
            assert (row["rank"], row["cohort"], int(row["entries"])) == ("1", "insured", one.entries)
    assert acts(world)[-2:] == [(Act.HAND_OVER_MADE, 1), (Act.HAND_OVER_MADE, 2)]


def test_n3_the_e_mail_leaves_by_the_operator_s_own_relay_signed(world: World, tmp_path: Path) -> None:
    opened_incident(world)
    key = tmp_path / "dkim.pem"
    key.write_bytes(make_key()[0])
    with mailbox(tmp_path / "box") as port:
        server = MailServer(
            host="127.0.0.1",
            port=port,
            sender="notifications@riveclaire.example",
            bounces="retours.riveclaire.example",
            dkim_domain="riveclaire.example",
            dkim_selector="t1",
            dkim_key=key,
            starttls=False,
        )
        with relay(server) as post:
            done = world.telling.turn(world.notices, post)
        assert (done.sent, done.refused) == (2, 0)
        kept = [BytesParser(policy=SMTP).parsebytes(one.read_bytes()) for one in (tmp_path / "box/new").iterdir()]
    assert {one["To"] for one in kept} == {"dpo@grandchene.example", "dpo@deuxcaps.example"}
    for one in kept:
        assert "d=riveclaire.example" in one["DKIM-Signature"]
        assert "Violation de données" in one["Subject"]
        assert one["From"].addresses[0].display_name == world.telling.operator.name
        assert one["From"].addresses[0].addr_spec == "notifications@riveclaire.example"
        assert one.get_content().startswith("Accusez réception sur le site des organismes"), (
            "what is asked comes first"
        )
    with relay(server) as post:
        world.room.clock.advance(ESCALATE_AFTER)
        assert world.telling.turn(world.notices, post).refused == 1  # the server is away: tried again later
    with relay(None) as post:
        world.room.clock.advance(ESCALATE_AFTER)
        assert world.telling.turn(world.notices, post).refused == 1
