"""What a page, a minute or a night asks of a table that grows for years is found by key: the rest of it is not read.

The database counts the pages that it read of a table and of its indexes. Each statement is made seven times where a
connection lives long, since a plan that is kept is made after five.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import psycopg
import pytest

from tests.integration.asks import ask, write_asks
from tests.integration.conftest import Connect
from tests.integration.fresh import fresh_database
from tests.integration.pages_read import FEW_PAGES, MANY, Country
from tests.integration.test_roles_others import Start, line
from tierce.controls import store as controls
from tierce.directory import store as directory
from tierce.gate.store import BY_KEY
from tierce.identity.rules import PROFESSIONAL_LIFETIME
from tierce.incidents.lines import store as lines
from tierce.incidents.rules import account_criteria
from tierce.journal.model import EntryKind
from tierce.journal.segments import store as segments
from tierce.journal.verifier import store as verifier
from tierce.journal.witness.store import seen
from tierce.kernel.clock import SystemClock, micros
from tierce.kernel.ids import EstablishmentId, ProfessionalId
from tierce.policy.acts import Act
from tierce.policy.kept import Kept
from tierce.policy.segments import HOT_DAYS
from tierce.presence import store as presence
from tierce.scope import store as scope
from tierce.storage.cluster import SUPERUSER, Cluster
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.upkeep.retention import store as retention

pytestmark = pytest.mark.integration

COUNTRY = f"""
set session_replication_role = replica;
insert into directory.professional (id, national_id, family_name, given_name, profession)
    select n, '8' || n, 'NOM', 'Prénom', 1 from generate_series(1, {MANY}) n;
insert into directory.establishment (id, finess, name, town)
    select n, lpad(n::text, 9, '0'), 'Cabinet', 'Valbrume' from generate_series(1, {MANY}) n;
insert into directory.activity (professional, establishment, profession, active)
    select n, n, 1, true from generate_series(1, {MANY}) n;
insert into directory.software (id, vendor, name) values (1, 1, 'Portail');
insert into access.login (id, professional, created) select n, n, now() from generate_series(1, {MANY}) n;
insert into access.device (id, thumbprint, created)
    select n, sha256(n::text::bytea), now() from generate_series(1, {MANY}) n;
insert into access.line (id, login, device, professional, profession, created_day, state)
    select n, n, n, n, 1, gate.today(), '\\x00' from generate_series(1, {MANY}) n;
insert into access.session (id, handle, site, login, professional, acr, activity, device, line, software, network,
        created, expires)
    select n, sha256(n::text::bytea), 1, n, n, 2, n, n, n, 1, '\\x00', now() - (n - 1) * interval '1 hour',
        now() - (n - 1) * interval '1 hour' + interval '3 hours'
    from generate_series(1, {MANY}) n;
set session_replication_role = origin;
analyze directory.professional, directory.establishment, directory.activity, access.line, access.session"""


@pytest.fixture(scope="module")
def filled(cluster: Cluster, template: Database) -> Iterator[Database]:
    """A database that holds many of each, made once: each test has a copy."""
    with fresh_database(cluster, template) as made:
        with made.connect(SUPERUSER, autocommit=True) as admin:
            admin.execute(COUNTRY.encode())
        yield made


@pytest.fixture
def database(cluster: Cluster, filled: Database) -> Iterator[Database]:
    with fresh_database(cluster, filled) as copied:
        yield copied


@pytest.fixture
def country(connect: Connect) -> Country:
    return Country(connect(SUPERUSER, autocommit=True), connect)


def test_an_account_s_activities_are_found_by_its_number(country: Country) -> None:
    api, feed = country.connect("tierce_api"), country.connect("tierce_feed")
    activities = "directory.activity"
    read = country.pages(api, lambda: directory.activities_of(api, ProfessionalId(77)), activities)
    assert read < FEW_PAGES, "at a sign-in"

    def leaves() -> None:
        feed.execute("update directory.professional set active = not active where id = 78")

    assert country.pages(feed, leaves, activities) < FEW_PAGES, "when she leaves the directory"


def test_whoever_used_a_device_is_found_by_it(country: Country) -> None:
    country.admin.execute(
        "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
        " select n, 2, n * 97, 2, now(), now() + interval '1 hour', 'watch', 'r' from generate_series(1, 5) n"
    )
    office = country.connect("tierce_office")
    held: list[int] = []

    def page() -> None:
        held[:] = [one.professional or 0 for one in lines.live_holds(office, SystemClock().now())]

    assert country.pages(office, page, "access.line") < 5 * FEW_PAGES
    assert sorted(held) == [97, 194, 291, 388, 485]
    country.admin.execute("update access.session set device = null, line = null where device between 1 and 5")
    country.admin.execute("delete from access.line where device between 1 and 5")
    gone = iter(range(1, 3))
    read = country.pages(
        country.admin,
        lambda: country.admin.execute("delete from access.device where id = %s", (next(gone),)),
        "access.line",
        "access.device_name",
    )
    assert read < FEW_PAGES, "the foreign keys of a device that is deleted"


def test_the_live_sessions_of_a_place_are_found_by_whose_they_are(country: Country) -> None:
    staff = Start(country.connect)("tierce_office")
    office = staff.connection
    now = SystemClock().now()
    ended: list[int] = []

    def end(professional: int) -> Callable[[], None]:
        def work() -> None:
            who, where = ProfessionalId(professional), EstablishmentId(professional)
            staff.append([line(EntryKind.STAFF_ACT, act=Act.ENROLMENT_MOVE, professional=1, reference=1)])
            ended.append(directory.live_sessions_ended(office, who, where, now))

        return work

    assert country.pages(office, end(2), "access.session") < FEW_PAGES
    assert ended == [1, 0], "hers was open, and is no more"
    assert directory.live_sessions_ended(office, ProfessionalId(3), EstablishmentId(4), now) == 0, "of that place"
    whole = "select * from gate.hindered(4::smallint, 1, '{1}')"
    assert country.pages(office, lambda: office.execute(whole.encode()).fetchall(), "access.session") < FEW_PAGES
    row = office.execute(whole.encode()).fetchone()
    assert row is not None
    assert row[:2] == (2, 2), "three were opened in the last three hours, and one was ended"
    assert timedelta(hours=4) == PROFESSIONAL_LIFETIME.total, "gate.hindered looks back as far"


def test_what_is_forgotten_each_minute_is_found_by_its_age(country: Country) -> None:
    country.admin.execute(
        f"insert into presence.answer (seq, person, establishment, professional, yes, at, until)"
        f" select n, n, 1, 1, true, now() - interval '1 hour', now() from generate_series(1, {MANY}) n"
    )
    country.admin.execute("analyze presence.answer")
    worker = country.connect("tierce_worker")
    assert country.pages(worker, lambda: presence.tidy(worker, (2, 365, 30)), "presence.answer") < FEW_PAGES


def test_sessions_past_their_time_are_found_by_their_age(country: Country) -> None:
    upkeep = country.connect("tierce_upkeep")
    for kept, table, columns, values in (
        (Kept.STAFF_SESSIONS, "access.staff_session", "staff, subject, name, roles", "n, '', '', '{}'"),
        (Kept.PERSON_SESSIONS, "access.person_session", "person", "n"),
        (Kept.INSURER_SESSIONS, "access.insurer_session", "insurer, staff, name", "1, n, ''"),
    ):
        country.admin.execute(
            f"set session_replication_role = replica; insert into {table} (id, bound, handle, {columns}, created,"
            f" expires) select n, sha256('key'), sha256(n::text::bytea), {values}, at, at + interval '30 minutes'"
            " from (select n,"
            f" now() - n * interval '1 year' / {MANY - 100} as at from generate_series(1, {MANY}) n) s;"
            f" set session_replication_role = origin; analyze {table}".encode()
        )
        assert retention.forget(upkeep, kept, None, really=False) >= 99
        read = country.pages(upkeep, partial(retention.forget, upkeep, kept, 5, really=True), table)
        assert read < FEW_PAGES, table


def test_a_report_is_found_among_those_of_years(country: Country) -> None:
    country.admin.execute(
        f"insert into notice.person_report (id, person, seq, at)"
        f" select n, n, n, now() - n * interval '1 hour' from generate_series(1, {MANY}) n"
    )
    country.admin.execute("analyze notice.person_report")
    office = country.connect("tierce_office")
    read = country.pages(office, lambda: lines.standing(office, SystemClock().now()), "notice.person_report")
    assert read < FEW_PAGES, "the first page of the office"


def test_what_each_witness_said_last_is_found_among_a_row_a_second(country: Country) -> None:
    country.admin.execute(
        "insert into journal.cosignature (witness, size, line, at)"
        f" select w, n, 'l', now() - ({MANY} - n) * interval '1 second'"
        f" from unnest(array['a.example', 'b.example']) w, generate_series(1, {MANY}) n;"
        "insert into journal.dissent (witness, ours, theirs) values ('c.example', 1, 2);"
        "analyze journal.cosignature".encode()
    )
    worker = country.connect("tierce_worker")
    said: list[tuple[str, int]] = []

    def read() -> None:
        said[:] = [(one.witness, one.size) for one in seen(worker)]

    assert country.pages(worker, read, "journal.cosignature") < FEW_PAGES
    assert said == [("a.example", MANY), ("b.example", MANY), ("c.example", 0)]


JOURNAL = f"""
insert into journal.instance (name, role, public_key) values ('old', 'tierce_api', sha256('old'));
insert into journal.batch (block, instance, n, at, signature)
    select n, 1, 10, now() - ({MANY} - n) * interval '1 hour', sha256('a') || sha256('b')
    from generate_series(1, {MANY} / 10) n;
insert into journal.entry (seq, kind, professional, person, body)
    select b * 256 + p, 1, 900000 + p, b, decode('0101000001000001', 'hex')
        || int8send((extract(epoch from now() - ({MANY} - b) * interval '1 hour') * 1000000)::bigint)
        || decode(repeat('00', 112), 'hex')
    from generate_series(1, {MANY} / 10) b, generate_series(0, 9) p;
insert into journal.placed (block, first_idx, n) select n, (n - 1) * 10, 10 from generate_series(1, {MANY} / 10) n;
select setval('journal.block_no', {MANY} / 10);
analyze journal.entry, journal.batch, journal.placed"""


def test_the_day_s_snapshot_reads_no_journal_back_to_a_rare_line(country: Country) -> None:
    """A worker lives for weeks on one connection: what it asks each day is prepared, then planned for any kind."""
    country.admin.execute(JOURNAL.encode())
    worker = country.connect("tierce_worker")

    def days() -> None:
        for _ in range(4):
            assert controls.readings(worker, SystemClock().now()).backup is None

    assert country.pages(worker, days, "journal.entry") < 4 * FEW_PAGES


def test_a_list_reads_what_is_not_sealed_and_leaves_the_year_that_is(country: Country, keyring: Keyring) -> None:
    country.admin.execute(JOURNAL.encode())
    country.admin.execute(
        f"insert into journal.segment (first_idx, revision, end_idx, blocks, first_block, last_block, from_us,"
        f" until_us, redacted, leaves, root, entries_sha256, blocks_sha256, index_sha256)"
        f" values (0, 0, {MANY}, {MANY} / 10, 1, {MANY} / 10, 0, 1, 0,"
        f" sha256('a'), sha256('a'), sha256('a'), sha256('a'), sha256('a'))"
    )
    country.admin.execute(
        "insert into journal.checkpoint (size, root, note, seen)"
        f" values ({MANY}, sha256('a'), 'n', pg_current_snapshot())"
    )
    now = SystemClock().now()
    numbers = write_asks(country.admin, keyring, [ask(1, at=now), ask(2, at=now), ask(3, at=now)], at=now)
    country.admin.execute(
        f"insert into journal.placed (block, first_idx, n) values ({numbers[0] >> 8}, {MANY}, 3);"
        "analyze journal.entry, journal.batch, journal.placed".encode()
    )
    write_asks(country.admin, keyring, [ask(4, at=now)], at=now)
    office = country.connect("tierce_office")
    window = (micros(now - timedelta(hours=1)), micros(now + timedelta(hours=1)))
    criteria = [account_criteria(ProfessionalId(501), frozenset(), *window)]
    found: list[int] = []

    def read() -> None:
        kept = scope.hot(office, criteria, MANY + 3, now + timedelta(minutes=1))
        found[:] = [sum(len(one) for one in kept.rows), len(kept.blocks.block), len(kept.gaps)]
        found.append(scope.pending(office, criteria, MANY + 3))

    assert country.pages(office, read, "journal.entry") < 2 * FEW_PAGES
    assert found == [3, 2, 0, 1], "three lines under the tree, one more block, nothing torn, one line that waits"


SEGMENTS = f"""
insert into journal.segment (first_idx, revision, end_idx, blocks, first_block, last_block, from_us, until_us,
        redacted, leaves, root, entries_sha256, blocks_sha256, index_sha256, at)
    select n * {MANY} / 2, 0, (n + 1) * {MANY} / 2, {MANY} / 20, n * {MANY} / 20 + 1, (n + 1) * {MANY} / 20, 0, 1, 0,
        sha256('a'), sha256('a'), sha256('a'), sha256('a'), sha256('a'), now() - interval '2 days'
    from generate_series(0, 1) n;
update journal.batch set at = now() - interval '500 days';
delete from journal.entry where seq < ({MANY} / 20 + 1) * 256;
vacuum (analyze) journal.batch, journal.entry"""


def test_hot_rows_are_dropped_once_and_their_blocks_gone_through_no_more(country: Country) -> None:
    country.admin.execute(JOURNAL.encode())
    for statement in SEGMENTS.split(";\n"):
        country.admin.execute(statement.encode())
    worker = country.connect("tierce_worker")
    due: list[list[int]] = []
    log = ("journal.entry", "journal.batch", "journal.placed")
    read = country.pages(worker, lambda: due.append(segments.hot_due(worker, HOT_DAYS)), *log)
    assert read < FEW_PAGES
    assert due[0] == [MANY // 2], "the first was dropped"
    dropped: list[int] = []
    for _ in range(4):
        segments.drop_hot(worker, MANY // 2, MANY // 10)
        worker.commit()
    country.admin.execute("vacuum journal.entry")
    last = country.pages(
        worker, lambda: dropped.append(segments.drop_hot(worker, MANY // 2, 10)), "journal.batch", "journal.placed"
    )
    assert last < FEW_PAGES, "what was dropped before is passed over"
    assert dropped == [10, 10]
    ends_one_by_one(country, worker)


def ends_one_by_one(country: Country, worker: psycopg.Connection) -> None:
    """Segments whose time is over, and those that went too early, are told by their own blocks."""
    country.admin.execute(
        f"update journal.batch set at = now() - interval '1200 days' where block <= {MANY} / 20".encode()
    )
    country.admin.execute("analyze journal.batch")
    office = country.connect("tierce_office")
    before = read_in_order(country, worker)
    assert segments.due_segments(worker) == [0]
    segments.end_segment(worker, 0, 1)
    assert read_in_order(country, worker) == before, "batches of years were read for a segment"
    for days, early in ((1_095, set[int]()), (1_300, {0})):
        assert verifier.ended_early(office, days) == early
    assert read_in_order(country, office) == before


def read_in_order(country: Country, working: psycopg.Connection) -> int:
    """Rows of the journal's blocks that were read from one end of their table to the other."""
    working.commit()
    working.execute("select pg_stat_force_next_flush()")
    working.commit()
    row = country.admin.execute(
        "select sum(seq_tup_read) from pg_stat_user_tables"
        " where relid in ('journal.batch'::regclass, 'journal.placed'::regclass)"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_professional_s_week_of_long_ago_is_found_without_those_since(connect: Connect) -> None:
    admin, api = connect(SUPERUSER, autocommit=True), connect("tierce_api")
    admin.execute(JOURNAL.encode())
    noon = SystemClock().now() - timedelta(hours=MANY - MANY // 40)
    found: list[int] = []

    def page() -> None:
        rows = api.execute(
            "select seq >> 8 from gate.own_asks(900003, 0, 9223372036854775807, null, null, %s, %s, 200)",
            (micros(noon - timedelta(hours=12)), micros(noon + timedelta(hours=12))),
        ).fetchall()
        found[:] = [block for (block,) in rows]

    read = Country(admin, connect).pages(api, page, "journal.entry")
    assert len(found) == 24
    assert max(found) - min(found) == 23
    assert read < FEW_PAGES, "those since are not gone through"


def test_what_a_professional_asked_at_a_rare_place_is_found_without_her_other_lines(connect: Connect) -> None:
    admin, api = connect(SUPERUSER, autocommit=True), connect("tierce_api")
    admin.execute(JOURNAL.encode())
    rare = "set_byte(body, 31, 77)"  # the last of the eight bytes of the place
    admin.execute(
        f"update journal.entry set body = {rare} where professional = 900003 and seq >> 8 in (70, 900, 1990)".encode()
    )
    admin.execute("vacuum analyze journal.entry")
    found: list[int] = []

    def page(before: int = 2**63 - 1) -> None:
        rows = api.execute(
            "select seq >> 8 from gate.own_asks(900003, 77, %s, null, null, 0, 9223372036854775807, 2)", (before,)
        ).fetchall()
        found[:] = [block for (block,) in rows]

    read = Country(admin, connect).pages(api, page, "journal.entry")
    assert (found, read < FEW_PAGES) == ([1990, 900], True), "of her other lines the index alone is read"
    page(900 * 256)
    assert found == [70], "the next page goes on where the first ended"


PEOPLE = f"""
insert into registry.insurer (id, amc, name) select n, (99100000 + n)::text, 'Mutuelle' from generate_series(1, 3) n;
insert into person.record (person, insurer, sealed) select n, n % 3 + 1, '\\x01' from generate_series(1, {MANY}) n;
insert into person.key (idx, person) select gen_random_uuid(), n from generate_series(1, {MANY}) n;
insert into person.trait (idx, person) select gen_random_uuid(), n from generate_series(1, {MANY}) n;
insert into person.member (insurer, idx, person)
    select n % 3 + 1, gen_random_uuid(), n from generate_series(1, {MANY}) n;
insert into coverage.coverage (person, insurer, contract, domains, from_day, until_day, digest, sealed)
    select n, n % 3 + 1, 1, 1, 0, gate.today(), '\\x00', '\\x01' from generate_series(1, {MANY}) n;
insert into incident.incident (id, title, signal_at, day) values (1, 'Ancien', now(), current_date);
analyze person.record, person.key, person.trait, person.member, coverage.coverage;
delete from coverage.coverage where person % 20 = 0"""
LEAVE = MANY // 20
"""People whose cover is gone."""


def test_who_works_in_a_cell_is_found_by_it_with_the_gate_s_own_settings(country: Country) -> None:
    """A plan made for every kind of line read everybody, for each cell and day."""
    country.admin.execute(
        "insert into access.clientele select 1, n, 1, 9, n, gate.today() - 90, gate.today()"
        f" from generate_series(1, {MANY}) n".encode()
    )
    country.admin.execute("analyze access.clientele")
    api = country.connect("tierce_api")
    for setting in BY_KEY:
        api.execute(f"set {setting}".encode())
    cells = iter(range(1, MANY))

    def draw() -> None:
        for _ in range(7):
            api.execute(
                "select * from gate.lend(array[7]::smallint[], array[%s::bigint], array[8], array[0], array[0])",
                (next(cells),),
            )
        api.commit()

    assert country.pages(api, draw, "access.clientele") < 7 * FEW_PAGES
    counted = country.admin.execute("select distinct clients from gate.common where kind = 7").fetchall()
    assert counted == [(1,)]


def test_people_who_leave_are_removed_by_one_reading_of_each_table(connect: Connect) -> None:
    admin, upkeep = connect(SUPERUSER, autocommit=True), connect("tierce_upkeep")
    admin.execute(PEOPLE.encode())
    country = Country(admin, connect)

    def rows(*columns: str) -> int:
        upkeep.execute("select pg_stat_force_next_flush()")
        upkeep.commit()
        found = admin.execute(
            "select coalesce(sum(t.seq_tup_read), 0) + coalesce(sum(i.entries), 0), coalesce(sum(i.scans), 0)"
            " from pg_stat_user_tables t cross join lateral (select sum(x.idx_tup_read) as entries,"
            " sum(x.idx_scan) as scans from pg_stat_user_indexes x where x.relid = t.relid) i"
            " where t.relid = any(%s::regclass[])",
            (list(columns),),
        ).fetchone()
        assert found is not None
        return int(found[0])

    keyed = ("person.key", "person.trait", "person.member")
    admin.execute("select pg_stat_force_next_flush()")
    before, asked = rows(*keyed), journal_scans(country, upkeep)
    assert retention.forget_next(upkeep, Kept.PERSONS, None, really=True) == (LEAVE, None)
    upkeep.commit()
    assert journal_scans(country, upkeep) - asked <= LEAVE, "whether she is held is asked of whoever leaves alone"
    assert rows(*keyed) - before <= 3 * MANY, "each table once"
    for table in ("person.record", *keyed):
        assert admin.execute(f"select count(*) from {table}".encode()).fetchone() == (MANY - LEAVE,)


ANSWERS = f"""
insert into care.engagement (seq, establishment, professional, person, insurer, domain, pair, until_day, care_day,
        label, at)
    select n, 1, n, n, 1, 1, n, gate.today() - (1000 * ({MANY} - n) / {MANY})::integer + 92, 1,
        'Mme T.', now() - 1000 * interval '1 day' * ({MANY} - n) / {MANY}
    from generate_series(1, {MANY}) n;
alter table access.pair set (fillfactor = 10);
insert into access.pair (key, state, day, line, seen_day, seen_line)
    select n, 1, gate.today(), 1, gate.today() - (n % 2) * 61, 1 from generate_series(1, 90000) n;
analyze care.engagement, access.pair"""


def test_a_night_of_retention_reads_answers_by_age_and_pairs_by_stretches(connect: Connect) -> None:
    admin, upkeep = connect(SUPERUSER, autocommit=True), connect("tierce_upkeep")
    admin.execute(ANSWERS.encode())
    country = Country(admin, connect)
    reached: dict[Kept, int | None] = {}
    for kept, due in ((Kept.LABELS, MANY * 635 // 1_000), (Kept.ENGAGEMENTS, MANY * 86 // 1_000)):
        removed = 0
        while True:
            rows, reached[kept] = retention.forget_next(upkeep, kept, reached.get(kept), really=True)
            upkeep.commit()
            removed += rows
            if reached[kept] is None:
                break
        assert abs(removed - due) < MANY // 500, "all that is due"
        admin.execute("vacuum care.engagement")
        night = country.pages(
            upkeep, partial(retention.forget_next, upkeep, kept, None, really=True), "care.engagement"
        )
        assert night < FEW_PAGES, "neither what is due on another day, nor what went before"
    first, upto = retention.forget_next(upkeep, Kept.OPEN_PAIRS, None, really=True)
    upkeep.rollback()  # as if stopped: it begins again
    assert retention.forget_next(upkeep, Kept.OPEN_PAIRS, None, really=True) == (first, upto)
    upkeep.commit()
    assert 0 < first < 45_000, "the table is larger than a stretch"
    assert retention.forget_next(upkeep, Kept.OPEN_PAIRS, upto, really=True) == (45_000 - first, None)
    upkeep.commit()
    left = "select count(*), min(seen_day) = gate.today() from access.pair"
    assert admin.execute(left.encode()).fetchone() == (45_000, True)


def journal_scans(country: Country, working: psycopg.Connection) -> int:
    """How many times the journal's index of persons was looked into."""
    working.execute("select pg_stat_force_next_flush()")
    working.commit()
    row = country.admin.execute(
        "select idx_scan from pg_stat_user_indexes where indexrelname = 'entry_person'"
    ).fetchone()
    assert row is not None
    return int(row[0])
