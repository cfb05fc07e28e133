"""What a stolen credential does without saying so: rows that staff, the watch and upkeep write need their lines."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.test_roles_others import Process, Start, line, start
from tierce.journal.model import EntryKind
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import ActivityId
from tierce.policy.acts import Act
from tierce.policy.segments import RedactionReason
from tierce.storage.cluster import SUPERUSER

__all__ = ["start"]

pytestmark = pytest.mark.integration
REFUSED = psycopg.errors.CheckViolation
SAID = "no line of this transaction says"
ROOM = """
insert into directory.establishment values (101, '990000101', 'x', 'y');
insert into directory.professional (id, national_id, rpps, family_name, given_name, profession) values (201,
  '810001234567', '10001234567', 'A', 'B', 1);
insert into access.ladder (id, level, subject, rung, since, until, "by", reason) values (50, 1, 1, 4, now(),
  now() + interval '1 day', 'H', 'x'), (51, 9, 0, 4, now(), now() + interval '1 day', 'H', 'x');
insert into access.release values (51, 8, 0, 'N', 'r', now(), now() + interval '4 hours');
insert into access.login (id, professional, created) values (1, 201, now());
insert into access.appeal (id, professional, hold, said, at, due) values (1, 201, 50, 'ce sont mes patients',
  now(), now());
insert into access.alert (id, professional, operator, at, "by") values (1, 201, 'O', now(), 'H');
insert into bank.account (id, establishment, sealed, country, tail, holder, origin, due, state) values (7, 101,
  's', 'FR', '0172', 'SELARL', 2, now(), 2);
insert into bank.batch (id, insurer, transfers, total) values (900, 1, 1, 9000);
insert into bank.transfer (id, batch, establishment, account, amount, invoices) values (901, 900, 101, 7, 9000,
  1);
insert into bank.recovery (id, invoice, reference, care_day, paid, establishment, insurer, amount, reason, said)
  values (1, 1, 'F', 20000, 900, 101, 1, 900, 1, 'essai');
insert into incident.incident (id, title, signal_at) values (1, 't', now());
insert into incident.scope (incident, revision, criteria, digest, persons, entries, tree_size, gaps,
  unattributed, pending, at, possible, excluded) values (1, 1, '{}', sha256('x'), 0, 0, 0, '[]', 0, 0, now(), 0,
  0);
insert into notice.audience (id, incident, revision, digest, salt, pairs, items, frozen_at, entry) values (1, 1,
  1, sha256('x'), sha256('y'), 0, 0, now(), 1);
insert into notice.letter_batch (audience, number, letters, sha256, made_at) values (1, 1, 1, sha256('x'),
  now());
insert into notice.person_report (id, person, seq, at) values (1, 1, 7, now());
insert into notice.rights_request (id, person, kind, subject, insurers, made, due) values (1, 1, 'access',
  'everything', '{1}', now(), now());
insert into incident.secrecy (incident, until, why, "by", at, confirmed_by) values (1, now() + interval '9
  days', 'w', 'A', now(), 'B');
insert into notice.recipient (id, insurer, recipient, challenge, proposed_by, proposed_name, proposed_at,
  proved_at, confirmed_by, confirmed_name, confirmed_at) values (1, 1, 'age1' || repeat('q', 58), sha256('c'),
  1, 'A', now(), now(), 2, 'B', now());
insert into notice.stop (incident, at, "by", reason) values (1, now(), 'H', 'essai');
"""
"""Something of everything that staff decide."""
SILENT = {
    "a hold": 'insert into access.ladder (id, level, subject, rung, since, until, "by", reason)'
    " values (60, 1, 1, 3, now(), now() + interval '1 hour', 'H', 'x')",
    "a hold let go of": "select access.lift(50, 1, 'X', 'y')",
    "a closing let go of": "select access.lift(51, 1, 'X', 'y')",
    "a release asked for": "insert into access.release values (50, 8, 0, 'N', 'r', now(), now() + interval '1 hour')",
    "an appeal": "update access.appeal set answered = now(), answer = 'non', lifted = false, \"by\" = 'X'",
    "an alert": 'insert into access.alert (id, professional, operator, at, "by") values (2, 201, \'P\', now(),'
    " 'X')",
    "an alert set aside": "update access.alert set ended = now(), ended_by = 'X', ended_why = 'y'",
    "a client": "insert into directory.enrolment (professional, establishment, status, contract, reason, by, at)"
    " values (201, 101, 2, '', 'r', 'X', now())",
    "an address": "insert into directory.contact (professional, email, at, by) values (201, 'm@x.example',"
    " now(), 'X')",
    "a substitute": "select directory.open_substitution(201, 201, 101, 1::smallint, 20000, 20001, 'X', 'y')",
    "what is guaranteed": "insert into registry.deposit_choice (insurer, domain, up_to, from_day, until_day, at, by,"
    " days_before) values (1, 1, 100, 20000, 20001, now(), 'X', 1)",
    "a batch approved": "select bank.say(900, 900, 1::smallint, 0::smallint, 1, 'X', '', 9000)",
    "a batch refused": "select bank.say(900, 900, 2::smallint, 0::smallint, 1, 'X', 'y', 9000)",
    "a recovery": "select bank.say_recovery(1, 1::smallint, 1, 'X', 'y', 900)",
    "an account": "select bank.confirm(7, 1, 'X', 1::smallint, 'Mme B', 'oui')",
    "an account refused": "select bank.refuse(7, 'X', 'non')",
    "letters taken": "select notice.take_batch(1, 1, now(), 'X', false)",
    "letters posted": "select notice.post_batch(1, 1, now(), 'X')",
    "messages stopped": "insert into notice.stop (incident, at, \"by\", reason) values (1, now(), 'X', 'y')",
    "messages gone on": "update notice.stop set lifted_at = now(), lifted_by = 'X'",
    "a text": "insert into notice.message (id, incident, digest, facts, at, by, entry)"
    " values (1, 1, sha256('x'), '{}', now(), 'X', 1)",
    "a report answered": "update notice.person_report set answer = 'seen', answered = now(), answered_by = 'X'",
    "a request sent on": "update notice.rights_request set forwarded = now(), forwarded_by = 'X'",
    "secrecy ended": "select incident.end_secrecy(1, 'X')",
    "a key vouched for": "update notice.recipient set vouched_at = now(), vouched_by = 3, vouched_name = 'X',"
    " spoken_with = 'Y', vouched_entry = 1",
    "a notice": "insert into notice.insurer_notice (id, incident, revision, insurer, persons, digest, made_at)"
    " values (1, 1, 1, 1, 0, sha256('x'), now())",
    "another operator told": "insert into access.alert_told (id, professional, event, at, \"by\", why)"
    " values (1, 201, 1, now(), 'X', 'y')",
}  # fmt: skip


@pytest.fixture
def room(start: Start, connect: Connect) -> Process:
    """The office's role, and something of everything that staff decide."""
    with connect(SUPERUSER) as admin:
        admin.execute(ROOM)
    return start("tierce_office")


def does(room: Process, what: str) -> None:
    """Carry something out, and commit it."""
    room.connection.execute(what.encode())
    room.connection.commit()


@pytest.mark.parametrize("what", SILENT)
def test_staff_do_nothing_that_no_line_says(room: Process, what: str) -> None:
    with pytest.raises(REFUSED, match=SAID):
        does(room, SILENT[what])
    room.connection.rollback()
    # A line of another act, or of another number, says it no more.
    room.append([line(EntryKind.STAFF_ACT, act=Act.STAFF_LIVE, professional=1, reference=50)])
    with pytest.raises(REFUSED, match=SAID):
        does(room, SILENT[what])


def lift(room: Process, number: int, act: Act, of_hold: int) -> None:
    room.append([line(EntryKind.LADDER_MOVE, act=act, professional=1, reference=number)])
    room.connection.execute("select access.lift(%s, 1, 'X', 'y')", (of_hold,))
    room.connection.commit()


def test_a_line_says_of_its_own_row_alone_and_of_its_own_transaction(room: Process) -> None:
    lift(room, 50, Act.STAFF_LADDER_MOVE, 50)
    for number, act in ((50, Act.STAFF_LADDER_MOVE), (51, Act.STAFF_RELEASE_ASK)):
        with pytest.raises(REFUSED, match=SAID):
            lift(room, number, act, 51)
        room.connection.rollback()
    room.append([line(EntryKind.LADDER_MOVE, act=Act.STAFF_LADDER_MOVE, professional=1, reference=51)])
    room.connection.commit()
    with pytest.raises(REFUSED, match=SAID):
        does(room, "select access.lift(51, 1, 'X', 'y')")
    room.connection.rollback()
    lift(room, 51, Act.STAFF_LADDER_MOVE, 51)


ASK = "insert into journal.redaction (seq, author, reason, line) values (%s, %s, %s, %s)"


@pytest.mark.parametrize("wrong", [{"reference": 257}, {"professional": 8}, {"activity": 3}, {"act": Act.NONE}, None])
def test_no_line_loses_its_person_but_by_two_lines_that_say_so(
    start: Start, connect: Connect, wrong: dict[str, object] | None
) -> None:
    """Two rows in two names of its own making were enough, and the sealing job then took the person away."""
    upkeep = start("tierce_upkeep")
    said: dict[str, Any] = {"act": Act.JOURNAL_REDACT, "professional": 7, "reference": 256}
    said |= {"activity": ActivityId(RedactionReason.DECISION), **(wrong or {})}
    asked = line(EntryKind.REDACTION, person=0, **said)
    (written,) = upkeep.append([asked])
    if wrong is None:
        upkeep.connection.execute(ASK, (256, 7, RedactionReason.DECISION, written))
        upkeep.connection.commit()
    for author in (7, 9) if wrong is None else (7,):
        with pytest.raises(REFUSED, match=SAID):  # an earlier transaction's line, or another's
            upkeep.connection.execute(ASK, (256, author, RedactionReason.DECISION, written))
        upkeep.connection.rollback()
    with connect(SUPERUSER) as admin:
        assert admin.execute("select count(*) from journal.redactions()").fetchone() == (0,)


HOLD = (
    'insert into access.ladder (id, level, subject, rung, since, until, "by", reason, lifted)'
    " values (60, %s, 7, %s, now() + %s::interval,"
    " coalesce(now() + nullif(%s, 'infinity')::interval, 'infinity'), %s, 'x', %s::timestamptz)"
)
NEVER: Sequence[tuple[object, ...]] = (
    (2, 3, "0", "infinity", "watch", None), (2, 3, "0", "25 hours", "watch", None),
    (9, 4, "0", "1 hour", "watch", None),
    (1, 3, "0", "1 hour", "watch", None), (2, 4, "0", "1 hour", "watch", None), (2, 3, "0", "1 hour", "Hélène", None),
    (2, 3, "-9 years", "1 hour", "watch", None), (2, 3, "-9 years", "-8 years", "watch", None),
    (2, 3, "0", "1 hour", "watch", "2020-01-01"),
)  # fmt: skip


@pytest.mark.parametrize("hold", NEVER)
def test_the_watch_holds_a_device_for_a_day_and_closes_nothing(
    start: Start, connect: Connect, hold: tuple[object, ...]
) -> None:
    worker = start("tierce_worker")
    worker.append([line(EntryKind.LADDER_MOVE, act=Act.WATCH_HOLD, reference=60)])
    with pytest.raises(psycopg.errors.CheckViolation, match="begins now"):
        worker.connection.execute(HOLD, hold)
    worker.connection.rollback()
    worker.connection.execute(HOLD, (2, 3, "0", "24 hours", "watch", None))


@pytest.mark.parametrize(
    "hold",
    [(9, 4, "0", "infinity", "H", None), (9, 4, "0", "73 hours", "H", None), (1, 4, "0", "169 hours", "H", None),
     (1, 4, "-2 years", "-1 year", "H", None), (1, 4, "0", "1 hour", "H", "2020-01-01"),
     (1, 9, "0", "1 hour", "H", None)],
)  # fmt: skip
def test_what_staff_hold_or_close_always_ends(start: Start, hold: tuple[object, ...]) -> None:
    office = start("tierce_office")
    office.append([line(EntryKind.LADDER_MOVE, act=Act.STAFF_LADDER_MOVE, reference=60)])
    with pytest.raises(psycopg.errors.CheckViolation, match="begins now"):
        office.connection.execute(HOLD, hold)
    office.connection.rollback()


def test_a_key_of_contact_data_takes_no_number_but_the_next(connect: Connect) -> None:
    """The greatest there is left none for any later incident of that insurer."""
    with connect(SUPERUSER) as admin:
        admin.execute("insert into registry.insurer (id, amc, name) values (1, '99000001', 'A')")
        admin.execute("insert into incident.incident (id, title, signal_at) values (1, 't', now())")
    notices = connect("tierce_notices", autocommit=True)
    opened = "select contact.open_loan(1, 1::smallint, 'x', %s::smallint)"
    for version in (32767, 2, 0, None):
        with pytest.raises(psycopg.errors.CheckViolation, match="next number"):
            notices.execute(opened, (version,))
    assert notices.execute(opened, (1,)).fetchone() == (1,)


@pytest.mark.parametrize(
    "dated",
    [
        "insert into access.alert_key (kid, jwk, at) values ('x', 'mine', now() + interval '9 years')",
        "insert into journal.verification (at, entries, size, root, sealed, redacted) values (now(), 1, 1, '', 0, 0)",
    ],
)
def test_the_last_one_is_the_last_that_was_written(connect: Connect, dated: str) -> None:
    """Of either the last one counts: one of a later day would count for ever."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
        connect("tierce_office").execute(dated.encode())


def test_an_address_or_a_client_of_a_moment_ago_is_not_years_old(room: Process, connect: Connect) -> None:
    """An ask for another account is odd for days after either: whoever writes both in one name chose the day."""
    room.append([line(EntryKind.STAFF_ACT, act=Act.ENROLMENT_MOVE, professional=1, reference=1)])
    for what in ("a client", "an address"):
        room.connection.execute(SILENT[what].replace("now()", "'2020-01-01'").encode())
        room.connection.execute(
            f"update directory.{'enrolment' if what == 'a client' else 'contact'} set at = '2020-01-01'".encode()
        )
    room.connection.commit()
    with connect(SUPERUSER) as admin:
        found = admin.execute(
            "select (select min(at) from directory.enrolment), (select min(at) from directory.contact)"
        ).fetchone()
    assert found is not None
    assert min(found) > SystemClock().now() - timedelta(minutes=2)


WRITES = """
select c.oid::regclass::text, lower(p.what) from pg_class c, unnest(array['INSERT', 'UPDATE', 'DELETE']) p(what)
where c.relkind in ('r', 'p') and c.relnamespace <> all (array['pg_catalog', 'information_schema']::regnamespace[])
  and case p.what when 'DELETE' then has_table_privilege('tierce_office', c.oid, p.what)
      else has_any_column_privilege('tierce_office', c.oid, p.what) end
"""
HELD = """
select t.tgrelid::regclass::text, lower(e.what)
from pg_trigger t, (values ('INSERT', 4), ('DELETE', 8), ('UPDATE', 16)) e(what, bit)
where (t.tgtype & e.bit) <> 0 and (t.tgname like 'said\\_%%' or t.tgname = any (%s))
"""
OF_THE_REGISTER = ["follow", "is_said", "list_is_said", "with_its_list", "approved_in_line"]
"""Triggers that hold a row to its line, or to the list that has one, in another file."""
SAYS_NOTHING = {
    ("access.alert_key", "insert"),  # the public half of our key for alerts: ADR 0150 leaves it open
    ("access.alert_out", "insert"),  # to which operators an alert goes, which is said
    ("access.insurer_session", "update"),  # a stay is ended, from the sign-in's own role
    ("access.release", "delete"),  # an ask whose hours are over
    ("access.staff_session", "insert"),  # a stay that begins before anybody can write a line in it
    ("access.staff_session", "update"),  # a stay is ended
    ("incident.opening", "insert"),  # by which line of the journal an incident was found, beside the incident
    ("journal.verification", "insert"),  # the journal was read whole: nobody's act, and left open
}


def test_whatever_staff_may_write_is_held_to_its_line_or_named_here(connect: Connect) -> None:
    """A new table that the office writes has its row in `said.sql`, or its reason above."""
    with connect(SUPERUSER) as admin:
        may = set(admin.execute(WRITES).fetchall())
        held = set(admin.execute(HELD, (OF_THE_REGISTER,)).fetchall())
    assert len(may) > len(SAYS_NOTHING)
    assert may - held == SAYS_NOTHING
