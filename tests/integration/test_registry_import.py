"""Feeds against a real database: what is written, what is refused, and that a file may come twice."""

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, PLAN, Importer, make_importer, rows_of, write_rows
from tierce.directory.loads.errors import AbnormalDifferenceError
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.kernel.card import MemberNumber, normalise_card
from tierce.kernel.care import Domain
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import InsurerId, PersonId
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.lab.country.identifiers import make_nir
from tierce.lab.country.population import read_identities
from tierce.policy.acts import Act
from tierce.registry.errors import FeedBusyError, FeedRefusedError, InsurerUnknownError
from tierce.registry.records import decode_civil, decode_coverage
from tierce.storage.cluster import SUPERUSER
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import Compartment, Keyring, Purpose

pytestmark = pytest.mark.integration


@pytest.fixture
def open_importer(connect: Connect, key_directory: Path) -> Callable[[], Importer]:
    return lambda: make_importer(connect("tierce_feed"), key_directory, chunk_lines=50)


@pytest.fixture
def importer(open_importer: Callable[[], Importer], country: Path) -> Importer:
    """An intake whose register already knows the insurers."""
    made = open_importer()
    assert made.insurers(country / "insurers.csv").counts.rejected == 0
    return made


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    return connect(SUPERUSER, autocommit=True)


TABLES = (
    "person.key", "person.member", "person.trait", "person.record", "person.family", "coverage.coverage",
    "registry.insurer", "registry.product", "registry.guarantee", "directory.professional",
    "directory.establishment", "directory.activity",
)  # fmt: skip


def state_of(admin: psycopg.Connection) -> dict[str, str]:
    """Digest every table that an import may change."""
    digest = sql.SQL("select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {} t")
    return {
        table: str(admin.execute(digest.format(sql.Identifier(*table.split(".")))).fetchone()) for table in TABLES
    }


def count(admin: psycopg.Connection, query: str) -> int:
    row = admin.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def key_of(keyring: Keyring, nir: str, birth_date: str, rank: str | int) -> object:
    canonical = normalise(Nir.parse(nir), BirthDate.parse(birth_date), Rank.parse(rank))
    return keyring.index(Purpose.INDEX, canonical)


def card_key_of(keyring: Keyring, row: dict[str, str]) -> object:
    member = MemberNumber.parse(row["member_number"])
    return keyring.index(Purpose.INDEX, normalise_card(row["amc"], member, BirthDate.parse(row["birth_date"])))


def test_a_country_comes_in_whole_and_twice_changes_nothing(
    importer: Importer, country: Path, admin: psycopg.Connection, keyring: Keyring
) -> None:
    for path in sorted((country / "rights").glob("*.csv")):
        report = importer.rights(path, path.stem)
        assert report.counts.rejected == 0
        assert report.counts.taken == len(rows_of(path))
    lines = [row for path in (country / "rights").glob("*.csv") for row in rows_of(path)]
    assert count(admin, "select count(distinct person) from person.record") == PLAN.persons
    assert count(admin, "select count(*) from coverage.coverage") == len(lines)
    for triple in set(read_identities(country / "rights")):
        found = admin.execute("select person from person.key where idx = %s", (key_of(keyring, *triple),)).fetchone()
        assert found is not None
    before = state_of(admin)
    for path in sorted((country / "rights").glob("*.csv")):
        report = importer.rights(path, path.stem)
        assert (report.counts.taken, report.counts.rejected) == (0, 0)
        assert report.counts.unchanged == len(rows_of(path))
    assert importer.insurers(country / "insurers.csv").counts.rejected == 0
    assert state_of(admin) == before


def test_what_is_sealed_is_what_was_sent(
    importer: Importer, country: Path, admin: psycopg.Connection, keyring: Keyring, connect: Connect
) -> None:
    importer.rights(country / "rights" / f"{FIRST}.csv")
    paul = json.loads((country / "truth.json").read_text())["story"]["paul_lenoir"]
    person = {}
    for member in paul["members"]:
        idx = key_of(keyring, member["nir"], member["birth_date"], member["rank"])
        row = admin.execute("select person from person.key where idx = %s", (idx,)).fetchone()
        assert row is not None
        person[member["given_names"]] = PersonId(row[0])
    sealer = load_sealer(connect("tierce_feed"), keyring, [Compartment.PERSON, Compartment.COVERAGE])
    row = admin.execute(
        "select r.insurer, r.sealed, c.sealed, c.domains, c.from_day, c.until_day, c.priority"
        " from person.record r join coverage.coverage c using (person, insurer) where person = %s",
        (person["PAUL ETIENNE"],),
    ).fetchone()
    assert row is not None
    insurer, civil, sealed, domains, since, until, priority = row
    record = decode_civil(sealer.open_(Compartment.PERSON, InsurerId(insurer), person["PAUL ETIENNE"], civil))
    assert (record.family_name, record.given_names, record.birth_date) == ("LENOIR", "PAUL ETIENNE", "19790423")
    assert record.right_holder_nir == paul["members"][0]["nir"]
    cover = decode_coverage(sealer.open_(Compartment.COVERAGE, InsurerId(insurer), person["PAUL ETIENNE"], sealed))
    assert (cover.domains, cover.from_day, cover.until_day, cover.priority) == (domains, since, until, priority)
    product = admin.execute(
        "select p.id from registry.product p where p.insurer = %s and p.code = 'CONFORT'", (insurer,)
    ).fetchone()
    assert (cover.product_code, (cover.product,)) == ("CONFORT", product)
    assert domains & Domain.MEDG.bit
    family = admin.execute(
        "select holder, representative from person.family where person = %s", (person["ROSE"],)
    ).fetchone()
    assert family == (person["PAUL ETIENNE"], person["PAUL ETIENNE"])
    assert len(set(person.values())) == 5


def test_the_two_insurers_of_one_person_lead_to_one_person(
    importer: Importer, country: Path, admin: psycopg.Connection
) -> None:
    for path in sorted((country / "rights").glob("*.csv")):
        importer.rights(path, path.stem)
    insurers: dict[str, set[str]] = {}
    for path in (country / "rights").glob("*.csv"):
        for row in rows_of(path):
            insurers.setdefault(row["own_nir"], set()).add(path.stem)
    twice = sum(len(one) > 1 for one in insurers.values())
    assert twice > 10
    doubled = "select count(*) from (select from person.record group by person having count(*) > 1) twice"
    assert count(admin, doubled) == twice


def test_card_and_vitale_identities_lead_to_the_same_person(
    importer: Importer, country: Path, admin: psycopg.Connection, keyring: Keyring
) -> None:
    path = country / "rights" / f"{FIRST}.csv"
    importer.rights(path)
    others = [(row, kind) for row in rows_of(path) for kind in ("card", "vitale") if row[f"{kind}_nir"]]
    assert others
    for row, kind in others:
        keys = [
            key_of(keyring, row["right_holder_nir"], row["birth_date"], row["birth_rank"]),
            key_of(keyring, row[f"{kind}_nir"], row[f"{kind}_birth_date"], row[f"{kind}_birth_rank"]),
            key_of(keyring, row["own_nir"], row["birth_date"], 1),
        ]
        found = admin.execute("select count(distinct person) from person.key where idx = any(%s)", (keys,)).fetchone()
        assert found == (1,)


def test_homonyms_share_a_trait_and_stay_two(importer: Importer, country: Path, admin: psycopg.Connection) -> None:
    for path in sorted((country / "rights").glob("*.csv")):
        importer.rights(path, path.stem)
    assert count(admin, "select count(*) from (select from person.trait group by idx having count(*) = 2) h") >= 1


Spoil = Callable[[dict[str, str]], object]
OTHER = make_nir("F", 1975, 3, "36950", 901)

SPOILED: list[tuple[str, Spoil]] = [
    ("amc", lambda row: row.update(amc="99100002")),
    ("record_kind", lambda row: row.update(record_kind="delete")),
    ("effective_on", lambda row: row.update(effective_on="23/11/2026")),
    ("member_number", lambda row: row.update(member_number="é")),
    ("holder_member_number", lambda row: row.update(holder_member_number="A-9999999", relationship="child")),
    ("product_code", lambda row: row.update(product_code="NONE")),
    ("relationship", lambda row: row.update(relationship="cousin")),
    ("right_holder_nir", lambda row: row.update(right_holder_nir=OTHER[:14] + "x")),
    ("own_nir", lambda row: row.update(own_nir=OTHER[:13] + f"{int(OTHER[13:]) % 97 + 1:02d}")),
    ("ins_oid", lambda row: row.update(ins_oid="1.2.250.1.213.1.4.8")),
    ("birth_date", lambda row: row.update(birth_date="1984")),
    ("birth_rank", lambda row: row.update(birth_rank="0")),
    ("sex", lambda row: row.update(sex="X")),
    ("family_name", lambda row: row.update(family_name="")),
    ("given_names", lambda row: row.update(given_names="J3AN")),
    ("birth_place", lambda row: row.update(birth_place="Paris")),
    ("card_nir", lambda row: row.update(card_nir="1")),
    ("vitale_birth_date", lambda row: row.update(vitale_birth_date="1")),
    ("representative_member_number", lambda row: row.update(representative_member_number="A-8888888")),
    ("domains", lambda row: row.update(domains="MEDG XXXX")),
    ("domains", lambda row: row.update(domains="")),
    ("covered_from", lambda row: row.update(covered_from="2026-02-30")),
    ("covered_until", lambda row: row.update(covered_until="1999-01-01")),
    ("priority", lambda row: row.update(priority="3")),
    ("status", lambda row: row.update(status="future", covered_from="2020-01-01")),
    ("former_member", lambda row: row.update(former_member="maybe")),
    ("left_on", lambda row: row.update(former_member="yes", left_on="")),
    ("corrects_nir", lambda row: row.update(record_kind="correction", corrects_nir="")),
]


def test_each_spoiled_line_is_refused_by_field_and_the_others_come_in(
    importer: Importer, country: Path, admin: psycopg.Connection, tmp_path: Path
) -> None:
    rows = [row for row in rows_of(country / "rights" / f"{FIRST}.csv") if row["relationship"] == "holder"]
    rows = [row for row in rows if row["status"] == "active"][: len(SPOILED) * 2]
    spoiled = {}
    for place, (name, spoil) in enumerate(SPOILED):
        spoil(rows[2 * place + 1])
        spoiled[2 * place + 3] = name
    personal = ("right_holder_nir", "own_nir", "birth_date", "family_name", "given_names", "member_number")
    values = {row[name] for row in rows for name in personal if len(row[name]) > 1}
    report = importer.rights(write_rows(tmp_path / "spoiled.csv", rows))
    assert {one.line: one.field for one in importer.rejections} == spoiled
    assert report.counts.taken == len(SPOILED)
    assert count(admin, "select count(*) from coverage.coverage") == len(SPOILED)
    assert count(admin, "select count(*) from person.record") == len(SPOILED)
    for one in importer.rejections:
        said = f"{one.reason.fr} {one.reason.en} {one.remedy.fr} {one.remedy.en}"
        assert one.reason.fr
        assert one.remedy.en
        assert not any(value in said for value in values)


def test_lines_that_are_not_lines_spoil_nothing_else(
    importer: Importer, country: Path, admin: psycopg.Connection, tmp_path: Path
) -> None:
    lines = (country / "rights" / f"{FIRST}.csv").read_bytes().splitlines(keepends=True)
    spoiled = [b'current,"unclosed\n', b"\xff\xfe,\n", b"x" * 100_000 + b"\n", b"a,b\n", b"\n"]
    mended = [*lines[:2], *spoiled, *lines[2:40]]
    path = tmp_path / "broken.csv"
    path.write_bytes(b"".join(mended))
    report = importer.rights(path)
    assert [(one.line, one.field) for one in importer.rejections] == [(line, "(line)") for line in (3, 4, 5, 6)]
    assert report.counts.taken == 39
    assert count(admin, "select count(*) from coverage.coverage") == 39


def test_a_file_of_another_insurer_or_kind_is_refused_whole(
    importer: Importer, country: Path, admin: psycopg.Connection, tmp_path: Path
) -> None:
    before = state_of(admin)
    feeds = count(admin, "select count(*) from registry.feed")
    with pytest.raises(FeedRefusedError, match="another insurer"):
        importer.rights(country / "rights" / "99100002.csv", FIRST)
    with pytest.raises(FeedRefusedError, match="missing columns"):
        importer.rights(country / "insurers.csv", FIRST)
    with pytest.raises(InsurerUnknownError):
        importer.rights(write_rows(tmp_path / "u.csv", [{**rows_of(country / "rights" / f"{FIRST}.csv")[0],
                                                          "amc": "99999999"}]), "99999999")  # fmt: skip
    assert state_of(admin) == before
    assert count(admin, "select count(*) from registry.feed") == feeds


def test_a_dry_run_checks_everything_and_writes_nothing(
    importer: Importer, country: Path, admin: psycopg.Connection
) -> None:
    before = state_of(admin)
    path = country / "rights" / f"{FIRST}.csv"
    report = importer.rights(path, dry_run=True)
    assert (report.counts.taken, report.counts.rejected) == (len(rows_of(path)), 0)
    assert state_of(admin) == before
    assert count(admin, "select count(*) from registry.feed where kind = 'rights'") == 0


def test_a_changed_line_is_taken_and_the_others_are_not(
    importer: Importer, country: Path, admin: psycopg.Connection, tmp_path: Path
) -> None:
    rows = rows_of(country / "rights" / f"{FIRST}.csv")
    importer.rights(country / "rights" / f"{FIRST}.csv")
    row = next(one for one in rows if one["status"] == "active")
    row.update(covered_until="2027-06-30")
    report = importer.rights(write_rows(tmp_path / "changed.csv", rows))
    assert (report.counts.taken, report.counts.unchanged) == (1, len(rows) - 1)


def test_a_correction_moves_the_identifiers_and_leaves_nothing_behind(
    importer: Importer, country: Path, admin: psycopg.Connection, tmp_path: Path, keyring: Keyring
) -> None:
    row = rows_of(country / "rights" / f"{FIRST}.csv")[0]
    importer.rights(write_rows(tmp_path / "first.csv", [row]))
    person = count(admin, "select person from person.record")
    right = make_nir("M", 1979, 4, "41950", 15)
    was = {"nir": row["right_holder_nir"], "birth_date": row["birth_date"], "birth_rank": row["birth_rank"]}
    mended = {**row, "right_holder_nir": right, "own_nir": right}
    assert importer.rights(write_rows(tmp_path / "plain.csv", [mended])).counts.rejected == 1
    assert importer.rejections[0].field == "member_number"
    mended |= {"record_kind": "correction", **{f"corrects_{name}": value for name, value in was.items()}}
    path = write_rows(tmp_path / "correction.csv", [mended])
    assert importer.rights(path).counts.taken == 1
    keys = admin.execute("select idx, person from person.key").fetchall()
    assert set(keys) == {
        (key_of(keyring, right, row["birth_date"], row["birth_rank"]), person),
        (card_key_of(keyring, row), person),
    }
    before = state_of(admin)
    assert importer.rights(path).counts.unchanged == 1
    assert state_of(admin) == before


def test_two_people_of_one_file_are_never_made_one(
    importer: Importer, country: Path, admin: psycopg.Connection, tmp_path: Path
) -> None:
    rows = rows_of(country / "rights" / f"{FIRST}.csv")
    twins = [dict(row) for row in rows if row["given_names"] in {"PAUL ETIENNE", "EMMA", "ROSE"}][:3]
    twins[2]["birth_rank"] = "1"
    report = importer.rights(write_rows(tmp_path / "twins.csv", twins))
    assert (report.counts.taken, importer.rejections[0].line, importer.rejections[0].field) == (2, 4, "birth_rank")
    holders = [row for row in rows if row["relationship"] == "holder"][1:3]
    importer.rights(write_rows(tmp_path / "holders.csv", holders))
    mixed = {**holders[0], "card_nir": holders[1]["right_holder_nir"], "card_birth_date": holders[1]["birth_date"]}
    importer.rights(write_rows(tmp_path / "mixed.csv", [mixed]))
    assert [one.field for one in importer.rejections] == ["right_holder_nir"]
    assert count(admin, "select count(*) from person.record") == 4


def test_imports_run_one_at_a_time(importer: Importer, open_importer: Callable[[], Importer], country: Path) -> None:
    busy: list[type[Exception]] = []
    other = open_importer()

    def try_another(_lines: int) -> None:
        with pytest.raises(FeedBusyError) as caught:
            other.rights(country / "rights" / "99100002.csv", "99100002")
        busy.append(caught.type)

    importer.on_lines = try_another
    importer.rights(country / "rights" / f"{FIRST}.csv")
    assert busy
    assert other.rights(country / "rights" / "99100002.csv", "99100002").counts.rejected == 0


def test_a_large_file_waits_for_nobody_who_reads_a_register_that_is_full(
    connect: Connect, key_directory: Path, importer: Importer, country: Path
) -> None:
    """Behind a lock that waits for a backup, every ask of the gate would wait too."""
    importer.rights(country / "rights" / f"{FIRST}.csv")
    reader = connect(SUPERUSER)
    reader.execute("select from coverage.coverage limit 1")  # and its transaction goes on
    feed = connect("tierce_feed")
    feed.execute("set lock_timeout = '1s'")
    feed.commit()
    large = make_importer(feed, key_directory, load_from=1)
    assert large.rights(country / "rights" / "99100002.csv", "99100002").counts.rejected == 0


def test_a_crash_between_chunks_loses_nothing_and_the_file_is_sent_again(
    importer: Importer, open_importer: Callable[[], Importer], country: Path, admin: psycopg.Connection
) -> None:
    path = country / "rights" / f"{FIRST}.csv"

    def lose_the_connection(lines: int) -> None:
        if lines >= 100:
            admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tierce_feed'")

    importer.on_lines = lose_the_connection
    with pytest.raises(psycopg.OperationalError):
        importer.rights(path)
    assert count(admin, "select count(*) from coverage.coverage") == 100
    assert count(admin, "select count(*) from registry.feed where kind = 'rights' and state = 'running'") == 1
    heard: list[int] = []
    again = open_importer()
    again.on_lines = heard.append
    report = again.rights(path)
    assert heard[0] == 150, "it goes on behind the last chunk"
    assert (report.counts.unchanged, report.counts.taken) == (0, len(rows_of(path)))
    assert count(admin, "select resumed from registry.feed where kind = 'rights'") == 1


def test_every_import_has_its_lines_in_the_journal(
    importer: Importer, country: Path, admin: psycopg.Connection
) -> None:
    report = importer.rights(country / "rights" / f"{FIRST}.csv")
    entries = [
        decode(bytes(row[0])) for row in admin.execute("select body from journal.entry order by seq").fetchall()
    ]
    feeds = [entry for entry in entries if entry.kind is EntryKind.FEED and entry.reference == report.feed]
    assert [(entry.act, entry.insurer) for entry in feeds] == [(Act.FEED_RIGHTS, 1)] * 2
    row = admin.execute("select state, taken from registry.feed where id = %s", (report.feed,)).fetchone()
    assert row == ("done", report.counts.taken)


@pytest.mark.parametrize(
    ("field", "other"),
    [("operator_sends", {"yes": "no", "no": "yes"}), ("responsible", {"yes": "no", "no": "yes"}), ("formula_fr", {})],
)
def test_two_lines_of_the_insurers_file_that_disagree_are_not_taken(
    importer: Importer, country: Path, admin: psycopg.Connection, tmp_path: Path, field: str, other: dict[str, str]
) -> None:
    """Who writes to the insured is one of them: it is nobody's to guess which line was meant."""
    rows = rows_of(country / "insurers.csv")
    before = admin.execute("select * from registry.insurer order by id").fetchall()
    rows.append(rows[0] | {field: other.get(rows[0][field], "autre chose")})
    report = importer.insurers(write_rows(tmp_path / "insurers.csv", rows))
    assert (report.counts.taken, report.counts.rejected) == (0, 1)
    assert [(one.line, one.field) for one in importer.rejections] == [(len(rows) + 1, field)]
    assert admin.execute("select * from registry.insurer order by id").fetchall() == before


def test_the_insurers_file_is_taken_whole_or_not_at_all(
    open_importer: Callable[[], Importer], country: Path, admin: psycopg.Connection, tmp_path: Path
) -> None:
    rows = rows_of(country / "insurers.csv")
    rows[40]["domain"] = "MAGIC"
    importer = open_importer()
    report = importer.insurers(write_rows(tmp_path / "insurers.csv", rows))
    assert [(one.line, one.field) for one in importer.rejections] == [(42, "domain")]
    assert report.counts.taken == 0
    assert count(admin, "select count(*) from registry.insurer") == 0


def test_the_directory_comes_in_and_retires_who_has_gone(
    importer: Importer, country: Path, admin: psycopg.Connection, tmp_path: Path
) -> None:
    path = country / "directory.csv"
    report = importer.directory(path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    assert report.counts.taken == len(lines) - 1
    claire = admin.execute(
        "select e.name, a.profession from directory.activity a join directory.professional p on p.id = a.professional"
        " join directory.establishment e on e.id = a.establishment where p.family_name = 'MORVAN' order by a.id"
    ).fetchall()
    assert claire == [("Cabinet médical des Tilleuls", 1), ("Centre hospitalier de Valbrume", 11)]
    before = state_of(admin)
    assert importer.directory(path).counts.unchanged == len(lines) - 1
    assert state_of(admin) == before
    shorter = tmp_path / "shorter.csv"
    shorter.write_text("".join(lines[:-1]), encoding="utf-8")
    importer.directory(shorter)
    assert count(admin, "select count(*) from directory.activity where not listed") == 1
    spoiled = tmp_path / "spoiled.csv"
    spoiled.write_text("".join([*lines[:-1], lines[-1].replace("|99", "|98", 1)]), encoding="utf-8")
    importer.directory(spoiled)
    assert [one.field for one in importer.rejections] == ["Identifiant PP"]
    truncated = tmp_path / "truncated.csv"
    truncated.write_text("".join(lines[:5]), encoding="utf-8")
    with pytest.raises(AbnormalDifferenceError):
        importer.directory(truncated)
    assert count(admin, "select count(*) from directory.activity where not listed") == 1


def test_the_instant_of_a_feed_is_recorded(importer: Importer, country: Path, admin: psycopg.Connection) -> None:
    before = SystemClock().now()
    importer.rights(country / "rights" / f"{FIRST}.csv")
    row = admin.execute("select started, ended from registry.feed where kind = 'rights'").fetchone()
    assert row is not None
    assert before <= row[0] <= row[1]
