"""Data past its duration goes, and nothing else: class by class, held by an incident, with a line for each chunk."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.integration.asks import ask, write_asks
from tests.integration.conftest import Connect
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.notices.deliveries.letters import batch_file
from tierce.policy.acts import Act
from tierce.policy.kept import Kept
from tierce.policy.retention import JOB_CLASSES, RETENTION, keep_days
from tierce.storage.cluster import SUPERUSER
from tierce.storage.keys import Keyring
from tierce.upkeep.retention.service import CLASS_SHIFT, Retention
from tierce.upkeep.retention.store import forget_next

# For each class: one row well past its duration, and one just inside it. Numbers below 100 are the old ones.
ROWS = """
insert into registry.insurer (id, amc, name) values (1, '99100001', 'Mutuelle du Grand Chêne');
insert into directory.professional (id, national_id, family_name, given_name, profession)
    values (501, '899990000501', 'Morvan', 'Claire', 1);
insert into directory.establishment (id, finess, name, town) values (601, '990000601', 'Cabinet', 'Valbrume');
insert into directory.software (id, vendor, name) values (1, 1, 'Portail');
insert into access.login (id, professional, created) values (701, 501, now());
insert into access.device (id, thumbprint, created)
    select n, decode(lpad(to_hex(n), 64, '0'), 'hex'), now() - age
    from (values (1, interval '500 days'), (101, interval '100 days')) d(n, age);
insert into access.line (id, login, device, professional, profession, created_day, state, floor_day)
    select n, 701, n, 501, n % 100, gate.today() - age, '\\x00', gate.today() - age
    from (values (1, 500), (101, 100)) d(n, age);
insert into access.session (id, handle, site, login, professional, acr, device, line, software, network, created,
        expires)
    select n, decode(lpad(to_hex(n), 64, '0'), 'hex'), 1, 701, 501, 2, n, n, 1, '\\x00', now() - age, now() - age
    from (values (1, interval '366 days'), (101, interval '364 days')) s(n, age);
insert into access.staff_session (id, bound, handle, staff, subject, name, roles, created, expires)
    select n, sha256('key'), decode(lpad(to_hex(n), 64, '0'), 'hex'), 1, 's', 'n', '{}', now() - age, now() - age
    from (values (1, interval '366 days'), (101, interval '364 days')) s(n, age);
insert into access.person_session (id, bound, handle, person, created, expires)
    select n, sha256('key'), decode(lpad(to_hex(n), 64, '0'), 'hex'), 1, now() - age, now() - age
    from (values (1, interval '185 days'), (101, interval '183 days')) s(n, age);
insert into access.insurer_session (id, bound, handle, insurer, staff, name, created, expires)
    select n, sha256('key'), decode(lpad(to_hex(n), 64, '0'), 'hex'), 1, 1, 'n', now() - age, now() - age
    from (values (1, interval '366 days'), (101, interval '364 days')) s(n, age);
insert into access.pair (key, state, day, line, seen_day, seen_line)
    select n, state, gate.today() - age, 1, gate.today() - age, 1
    from (values (1, 1, 61), (101, 1, 59), (2, 2, 731), (102, 2, 729)) p(n, state, age);
insert into access.presented (id, pair, grade, day, freed)
    select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, n, 3, gate.today() - age, true
    from (values (1, 731), (101, 729)) e(n, age);
insert into access.clientele (software, login, profession, vendor, cell, first_day, last_day)
    select n, 701, 1, 1, 1, gate.today() - 600, gate.today() - age from (values (1, 366), (101, 364)) c(n, age);
insert into care.engagement (seq, establishment, professional, person, insurer, domain, pair, until_day, label, at,
        care_day)
    select n, 601, 501, n, 1, 1, 1, gate.today() - ended, 'Mme T.', now() - age, 1
    from (values (1, 823, interval '900 days'), (2, -10, interval '366 days'), (101, 821, interval '364 days'))
        e(n, ended, age);
insert into care.deposit (number, key, received, state, reason, resolved)
    select n, '00000000-0000-0000-0000-000000000001', now() - age, 2, 0, now() - age
    from (values (1, interval '915 days'), (101, interval '913 days')) d(n, age);
insert into coverage.coverage (person, insurer, contract, domains, from_day, until_day, digest, sealed)
    select n, 1, 1, 1, 0, gate.today() - ended, '\\x00', '\\x0101' from (values (1, 915), (101, 914)) c(n, ended);
insert into person.record (person, insurer, sealed) values (1, 1, '\\x0101'), (101, 1, '\\x0101');
insert into person.key (idx, person)
    values ('00000000-0000-0000-0000-000000000001', 1), ('00000000-0000-0000-0000-000000000101', 101);
insert into person.former_key (idx, person, insurer, effective_day, feed)
    values ('00000000-0000-0000-0000-000000000009', 1, 1, 1, 1),
        ('00000000-0000-0000-0000-000000000109', 101, 1, 1, 1);
insert into person.trait (idx, person)
    values ('00000000-0000-0000-0000-000000000001', 1), ('00000000-0000-0000-0000-000000000101', 101);
insert into person.member (insurer, idx, person)
    values (1, '00000000-0000-0000-0000-000000000001', 1), (1, '00000000-0000-0000-0000-000000000101', 101);
insert into person.family (person, insurer, holder) values (1, 1, 1), (101, 1, 101);
insert into access.ladder (id, level, subject, rung, since, until, by, reason)
    select n, 2, 999, 2, now() - age, now() - age, 'watch', 'r'
    from (values (1, interval '1096 days'), (101, interval '1094 days')) l(n, age);
insert into directory.activity (id, professional, establishment, profession) overriding system value
    values (651, 501, 601, 1);
insert into access.assistant (id, professional, establishment, activity, family_name, given_name, handle, until_day,
        login, device, ended) overriding system value
    select n, 501, 601, 651, 'Belkacem', 'Nadia', decode(lpad(to_hex(n), 32, '0'), 'hex'), gate.today() - day, 701, 1,
        now() - age
    from (values (1, -10, interval '1096 days'), (2, 1096, null), (101, -10, interval '1094 days'), (102, 1094, null))
        a(n, day, age);
insert into notice.own_mail (token, professional, what, language, at, ended, how)
    select substr(sha256(n::text::bytea), 1, 10), 501, 5, 'fr', now() - age, now() - age, 'unaddressed'
    from (values (1, interval '366 days'), (101, interval '364 days')) m(n, age);
insert into registry.feed (id, kind, insurer, file_sha256, state, started, ended)
    select n, 'rights', 1, '\\x00', 'done', now() - age, now() - age
    from (values (1, interval '1096 days'), (101, interval '1094 days')) f(n, age);
insert into registry.feed (id, kind, file_sha256, state, started, updated)
    select n, 'directory', '\\x00', 'running', now() - interval '99 days', now() - age
    from (values (2, interval '31 days'), (102, interval '29 days')) f(n, age);
insert into registry.feed_later (feed, line, ends) select n, 1, true from (values (2), (102)) f(n);
insert into registry.feed_refused (feed, line, field, code) select n, 1, 'nir', 'x' from (values (2), (102)) f(n);
insert into registry.feed_reason select n, 'nir', 'x', 'r', 'r', 'r', 'r', 1 from (values (2), (102)) f(n);
insert into notice.person_report (id, person, seq, at)
    select n, 1, n, now() - age from (values (1, interval '1096 days'), (101, interval '1094 days')) r(n, age);
insert into notice.rights_request (id, person, kind, subject, insurers, made, due, answer, answered)
    select n, 1, 'access', 'all', '{1}', now() - age, now() - age, 'sent', now() - age
    from (values (1, interval '1096 days'), (101, interval '1094 days')) q(n, age);
insert into notice.wish (id, person, language, token, ended, ended_why)
    select n, n, 'fr', decode(lpad(to_hex(n), 20, '0'), 'hex'), now() - age, 'stopped'
    from (values (1, interval '366 days'), (101, interval '364 days')) w(n, age);
insert into notice.first_look (person, professional, wish, seq, token, ended, how)
    select n, 501, n, n, decode(lpad(to_hex(n), 20, '0'), 'hex'), now() - age, 'sent'
    from (values (1, interval '366 days'), (101, interval '364 days')) l(n, age);
insert into presence.peer (name, kind, public_key) values ('oct-merle', 1, decode(repeat('00', 32), 'hex'));
insert into care.billed (id, person, establishment, peer, care_day, asked, at)
    select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, n, 601, 1, 1, true, now() - age
    from (values (1, interval '823 days'), (101, interval '821 days')) b(n, age);
insert into care.invoice (id, establishment, professional, line, reference, engagement, person, insurer, domain,
        care_day, price, amo, asked, digest, at, entry, state, decided)
    select n, 601, 501, 1, n::text, n, n, 1, 1, 1, 9, 0, 9, sha256('i'), now() - age, 1, state, now() - age
    from (values (1, interval '823 days', 3), (101, interval '821 days', 6), (102, interval '999 days', 2),
        (103, interval '999 days', 5), (104, interval '999 days', 7)) i(n, age, state);
insert into care.invoice_line (invoice, n, item, quantity, price, amo, asked)
    select n, 1, 'XA', 1, 9, 0, 9 from (values (1), (101)) i(n);
insert into care.agreement (id, establishment, professional, line, reference, kind, engagement, person, insurer,
        domain, care_day, until_day, price, amo, asked, digest, at, entry, state, decided, ended)
    select n, 601, 501, 1, n::text, kind, n, 1 + n / 3, 1, 6, 1, 1, 9, 0, 9, sha256('i'), now() - age, 1, state,
        now() - age, case when state > 4 then now() - age end
    from (values (1, interval '823 days', 2, 4), (101, interval '821 days', 2, 6), (2, interval '184 days', 1, 2),
        (102, interval '182 days', 1, 2), (103, interval '999 days', 2, 3)) i(n, age, kind, state);
insert into care.agreement_line (agreement, n, item, quantity, price, amo, asked)
    select n, 1, 'XA', 1, 9, 0, 9 from (values (1), (101)) i(n);
insert into care.agreement_document (agreement, n, kind, dated, digest, establishment, professional, line, entry)
    select n, 1, 2, 1, sha256('d'), 601, 501, 1, 1 from (values (1), (101)) i(n);
insert into care.review_read (insurer, day, staff, agreement)
    select 1, gate.today() - age, 1, 103 from (values (32), (31)) r(age);
insert into bank.account (id, establishment, sealed, country, tail, holder, state, origin, due, since, ended)
    select n, 601, 'sealed', 'FR', '0172', 'SELARL', state, 1, now(), now() - age, now() - age
    from (values (1, interval '823 days', 4), (101, interval '821 days', 4), (2, interval '366 days', 5),
        (102, interval '364 days', 6)) k(n, age, state);
insert into bank.batch (id, insurer, state, prepared, transfers, total, ended)
    select n, 1, 6, now() - age, 1, 9, now() - age
    from (values (1, interval '3654 days'), (101, interval '3652 days')) b(n, age);
insert into bank.transfer (id, batch, establishment, account, amount, invoices, state, ended)
    select n, n, 601, 1, 9, 1, 4, now() from (values (1), (101)) t(n);
insert into bank.paid_invoice (transfer, invoice, due) values (1, 1, 9), (101, 101, 9);
insert into bank.word (batch, subject, what, staff, name, said)
    select n, n, 2, 1, 'H.', 'r' from (values (1), (101)) w(n);
insert into access.appeal (id, professional, hold, said, at, due, answered)
    select n, 1, n, 'Je soigne ici.', now() - age, now() - age, now() - age
    from (values (1, interval '1096 days'), (101, interval '1094 days')) a(n, age);
insert into access.alert (id, professional, operator, at, by)
    select n, 1, 'Opérateur', now() - age, 'H.'
    from (values (1, interval '366 days'), (101, interval '364 days')) a(n, age);
insert into incident.incident (id, title, signal_at) values (2, 'Ancien', now() - interval '1200 days');
insert into incident.scope values (2, 1, '{}', '\\x00', 1, 1, 1, '[]', 0, 0, now());
alter table incident.register disable trigger follow;   -- rows without their lines: retention reads their kinds alone
insert into incident.register (incident, number, kind, at, "by", staff, facts, digest, entry)
    values (2, 1, 14, now(), 'H.', 1, '{}', sha256('2'), 1);
insert into notice.audience (id, incident, revision, digest, salt, pairs, items, frozen_at, entry)
    select n, 2, 1, sha256('d'), sha256('s'), 2, 1, now() - age, 1
    from (values (1, interval '1096 days'), (101, interval '1094 days')) a(n, age);
insert into notice.item (audience, number, cohort, channel, language, represented, postal, person, insurer, binding,
        token, state)
    select n, 1, 'insured', 1, 'fr', false, false, n, 1, decode(repeat('00', 16), 'hex'),
        substr(sha256(n::text::bytea), 1, 10), 3 from (values (1), (101)) a(n);
insert into notice.item_pair (audience, person, insurer, cohort, item, why)
    select n, p, 1, 'insured', nullif(p, 2), nullif(1, p) from (values (1), (101)) a(n), (values (1), (2)) b(p);
insert into notice.step (audience, item, at, step, code) select n, 1, now(), 2, '' from (values (1), (101)) a(n);
insert into notice.message (id, incident, digest, facts, at, "by", entry)
    select n, 2, sha256('m'), '{}', now() - age, 'H.', 1
    from (values (1, interval '1096 days'), (101, interval '1094 days')) a(n, age);
insert into notice.letter_batch (audience, number, letters, sha256, made_at, posted_at)
    select n, 1, 1, sha256('z'), now() - age, now() - age
    from (values (1, interval '31 days'), (101, interval '29 days')) a(n, age);
insert into directory.professional (id, national_id, family_name, given_name, profession)
    values (502, '899990000502', 'Roy', 'Ida', 1);
insert into directory.enrolment (professional, establishment, status, at)
    values (501, 601, 4, now() - interval '366 days'), (502, 601, 2, now() - interval '500 days');
insert into directory.contact (professional, email, at, "by")
    select n, 'c@m.example', now() - interval '500 days', 'H.' from (values (501), (502)) c(n);
"""
AN_INCIDENT = (
    "insert into incident.incident (id, title, signal_at) values (1, 'Compte volé', now() - interval '1000 days');"
    "insert into incident.scope values (1, 1, '{}', '\\x00', 1, 1, 1, '[]', 0, 0, now());"
    "insert into incident.exposed values (1, 1, 1, 1, 1, now(), now(), 1, 1, 'r')"
)
TABLES = (
    "notice.first_look",
    "notice.wish",
    "care.billed",
    "care.invoice",
    "care.invoice_line",
    "care.agreement",
    "care.agreement_line",
    "care.agreement_document",
    "care.review_read",
    "bank.account",
    "bank.batch",
    "bank.transfer",
    "bank.paid_invoice",
    "bank.word",
    "notice.rights_request",
    "access.session",
    "access.staff_session",
    "access.person_session",
    "access.insurer_session",
    "person.former_key",
    "access.line",
    "access.device",
    "access.pair",
    "care.engagement",
    "care.deposit",
    "coverage.coverage",
    "person.record",
    "person.key",
    "person.trait",
    "person.member",
    "person.family",
    "access.assistant",
    "notice.own_mail",
    "access.ladder",
    "registry.feed",
    "registry.feed_later",
    "registry.feed_refused",
    "registry.feed_reason",
    "notice.person_report",
    "access.appeal",
    "access.alert",
    "notice.item",
    "notice.item_pair",
    "notice.step",
    "notice.message",
    "directory.contact",
)  # fmt: skip - a list of tables reads better in lines of several


@dataclass(frozen=True)
class Old:
    admin: psycopg.Connection
    upkeep: psycopg.Connection
    job: Retention
    letters: Path

    def rows(self, table: str) -> int:
        row = self.admin.execute(f"select count(*) from {table}".encode()).fetchone()
        self.admin.rollback()
        assert row is not None
        return int(row[0])


@pytest.fixture
def old(connect: Connect, keyring: Keyring, tmp_path: Path) -> Old:
    admin, upkeep = connect(SUPERUSER), connect("tierce_upkeep")
    admin.execute(ROWS.encode())
    admin.commit()
    appender = Appender.enrol(upkeep, "upkeep", keyring.instance("upkeep"))
    for audience in (1, 101):
        batch_file(tmp_path, audience, 1).write_bytes(b"names and addresses")
    return Old(admin, upkeep, Retention(upkeep, appender, SystemClock(), bytes(16), tmp_path), tmp_path)


def test_a_deposit_that_waits_is_never_deleted_however_old(old: Old) -> None:
    old.admin.execute("update care.deposit set state = 1, resolved = null")
    old.admin.commit()
    assert old.job.run()[Kept.DEPOSIT_ROWS] == 0
    assert old.rows("care.deposit") == 2


def test_what_is_past_its_duration_goes_and_the_rest_stays(old: Old) -> None:
    before = {table: old.rows(table) for table in TABLES}
    counted = old.job.due()
    assert {table: old.rows(table) for table in TABLES} == before, "counting removes nothing"
    removed = old.job.run()
    assert removed == {kept: 2 if kept is Kept.LABELS else 1 for kept in JOB_CLASSES} | {
        Kept.DEVICES: 3,
        Kept.ASSISTANTS: 2,
        Kept.PROVED_PAIRS: 2,
        Kept.WISHES: 2,
        Kept.LABELS: 2,
        Kept.MESSAGES: 3,
    }
    # A device waits for its sessions and lines, a person for her coverage: counted before, they are not due yet.
    assert counted == removed | {Kept.DEVICES: 1, Kept.PERSONS: 0}
    left = {table: old.rows(table) for table in TABLES}
    assert left == {
        table: number
        - (2 if table in {"access.assistant", "access.pair", "notice.item_pair", "care.agreement"} else 1)
        for table, number in before.items()
    }
    labels = old.admin.execute("select seq, label from care.engagement order by seq").fetchall()
    assert labels == [(2, None), (101, "Mme T.")]
    blanked = old.admin.execute("select id, sealed is null, holder is null from bank.account order by id").fetchall()
    assert blanked == [(1, True, True), (101, False, False), (102, False, False)]
    assert [path.name for path in old.letters.glob("lettres-*")] == [batch_file(old.letters, 101, 1).name]
    assert old.admin.execute("select professional from directory.contact").fetchall() == [(502,)]
    assert sum(old.job.run().values()) == 0


def test_a_pair_seen_again_while_it_is_removed_stays(old: Old) -> None:
    old.admin.execute("update access.pair set seen_day = gate.today() where key = 1")
    with ThreadPoolExecutor(1) as pool:
        removing = pool.submit(forget_next, old.upkeep, Kept.OPEN_PAIRS, None, really=True)
        waits = "select cardinality(pg_blocking_pids(%s)) > 0"
        while old.admin.execute(waits, (old.upkeep.info.backend_pid,)).fetchone() != (True,):
            assert not removing.done(), "it does not wait for whoever sees the patient"
        old.admin.commit()
        assert removing.result() == (0, None)


def test_a_file_that_cannot_be_removed_keeps_no_other_class_past_its_duration(old: Old) -> None:
    due = batch_file(old.letters, 1, 1)
    due.unlink()
    due.mkdir()  # no file, which unlink says as it says of a folder that may not be written
    with pytest.raises(OSError, match=due.name):
        old.job.run()
    due.rmdir()
    due.write_bytes(b"names and addresses")
    assert old.job.run() == dict.fromkeys(JOB_CLASSES, 0) | {Kept.LETTERS: 1}
    assert not due.exists()


def test_each_chunk_has_its_line_in_the_journal(old: Old) -> None:
    removed = old.job.run()
    bodies = [bytes(body) for (body,) in old.admin.execute("select body from journal.entry order by seq")]
    entries = [decode(body) for body in bodies]
    assert {(one.kind, one.act) for one in entries} == {(EntryKind.UPKEEP, Act.OPERATION_RETENTION)}
    said = {Kept(one.reference >> CLASS_SHIFT): one.reference & ((1 << CLASS_SHIFT) - 1) for one in entries}
    assert said == removed
    assert all(one.person == 0 for one in entries)


def test_an_incident_holds_what_it_may_need(old: Old) -> None:
    old.admin.execute(AN_INCIDENT.encode())
    old.admin.execute("delete from incident.register")  # the older incident's hold lasts too
    old.admin.commit()
    removed = old.job.run()
    for kept in JOB_CLASSES:
        # Its signal is 1,000 days old and it looks back a year: only what ended before that may go.
        assert removed[kept] == 0 or not RETENTION[kept].held, kept
    assert removed[Kept.OPEN_PAIRS] == 1
    assert old.rows("coverage.coverage") == 2


def test_the_cover_of_whoever_was_asked_about_waits_for_the_first_list(old: Old, keyring: Keyring) -> None:
    """An ask for an old day of care shows cover that is due; its incident is known, and there is no list yet."""
    old.admin.execute("insert into incident.incident (id, title, signal_at) values (1, 'Compte volé', now())")
    now = SystemClock().now()
    write_asks(old.admin, keyring, [ask(1, at=now - timedelta(days=2))], at=now)
    old.admin.commit()
    removed = old.job.run()
    assert (removed[Kept.COVERAGE], removed[Kept.PERSONS]) == (0, 0)
    old.admin.execute("update journal.entry set kind = 5 where person = 1")
    old.admin.commit()
    removed = old.job.run()
    assert (removed[Kept.COVERAGE], removed[Kept.PERSONS]) == (0, 0), "whom staff read may be on a list too"
    old.admin.execute("update incident.incident set signal_at = now() + interval '364 days' where id = 1")
    old.admin.commit()
    removed = old.job.run()
    assert (removed[Kept.COVERAGE], removed[Kept.PERSONS]) == (1, 1), (
        "asked about before what the incident looks back to"
    )


def test_l3_the_hold_ends_by_a_release_alone_and_comes_back_with_a_reopening(old: Old) -> None:
    old.admin.execute(AN_INCIDENT.replace("1000 days", "5000 days").encode())
    # The hold has no end of its own: fourteen years after its signal, the people of its list are still held.
    held = "select upkeep.is_held(1), upkeep.held_since() is not null"
    assert old.admin.execute(held.encode()).fetchone() == (True, True)
    row = (
        'insert into incident.register (incident, number, kind, at, "by", staff, facts, digest, entry)'
        " values (1, {0}, {1}, now(), 'H.', 1, '{{}}', sha256('{0}'), {0})"
    )
    for number, kind, expected in ((1, 11, True), (2, 14, False), (3, 12, True), (4, 11, True)):
        old.admin.execute(row.format(number, kind).encode())
        assert old.admin.execute(held.encode()).fetchone() == (expected, expected), kind


def test_nobody_is_removed_while_a_file_is_taken_in(old: Old) -> None:
    old.admin.execute("update registry.feed set state = 'running', ended = null, updated = now() where id = 101")
    old.admin.commit()
    removed = old.job.run()
    assert (removed[Kept.COVERAGE], removed[Kept.PERSONS]) == (1, 0)
    old.admin.execute("update registry.feed set kind = 'directory' where id = 101")
    old.admin.commit()
    assert old.job.run()[Kept.PERSONS] == 1, "no other file holds anybody's coverage"


def test_a_file_that_nobody_took_to_its_end_is_let_go_and_keeps_nobody_any_more(old: Old) -> None:
    """A process that died a month ago kept every person without cover, for as long as the file was under way."""
    old.admin.execute(
        "update registry.feed set kind = 'rights', insurer = 1, started = now() - interval '31 days', updated = null"
        " where id = 2"
    )
    old.admin.commit()
    removed = old.job.run()
    assert (removed[Kept.IMPORTS_LEFT], removed[Kept.PERSONS]) == (1, 1)
    row = old.admin.execute("select state, ended > started from registry.feed where id = 2")
    assert row.fetchone() == ("left", True)
    held = "update registry.feed set state = 'held', ended = null, updated = now() - interval '31 days' where id = 2"
    old.admin.execute(held)
    old.admin.commit()
    assert old.job.run()[Kept.IMPORTS_LEFT] == 1, "one that waits for a number to be repeated too: its file is gone"


def test_a_stolen_credential_removes_nothing_early(old: Old) -> None:
    """The role deletes through the function alone, and the function knows the durations by itself."""
    old.upkeep.execute("select upkeep.forget_next(11, null, true)")
    old.upkeep.commit()
    assert old.rows("coverage.coverage") == 1
    for statement in (
        "delete from coverage.coverage",
        "update upkeep.keep set days = 0",
        "select * from coverage.coverage",
        "select * from person.record",
        "delete from journal.entry",
        "delete from registry.insurer_key",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            old.upkeep.execute(statement.encode())
        old.upkeep.rollback()
    for call in ("forget(16, null, true)", "forget_next(16, null, true)", "forget_next(3, null, true)"):
        with pytest.raises(psycopg.errors.CheckViolation):
            old.upkeep.execute(f"select upkeep.{call}".encode())
        old.upkeep.rollback()


def test_the_database_holds_the_durations_of_the_table(old: Old) -> None:
    rows = old.upkeep.execute("select class, days from upkeep.keep where class > 0").fetchall()
    assert dict(rows) == keep_days()


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "America/Cayenne", "Indian/Reunion"])
def test_a_duration_of_days_ends_with_a_day_in_paris_at_every_hour_in_every_zone(old: Old, zone: str) -> None:
    """Late on an evening of winter, so many days of 24 hours ago was already the next day, in summer."""
    old.admin.execute("select set_config('timezone', %s, true)", (zone,))
    wrong = old.admin.execute(
        "select h, n from generate_series(timestamptz '2026-01-01 00:30+00', '2028-06-01 00:30+00', '1 hour') h,"
        " unnest(array[1, 60, 366, 822, 914]) n"
        " where (upkeep.days_before(h, n) at time zone 'Europe/Paris')::date"
        "    <> (h at time zone 'Europe/Paris')::date - n limit 5"
    ).fetchall()
    assert wrong == []
