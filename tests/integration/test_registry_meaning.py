"""What files say over time: periods, older files, ends of contract, whole files, provisional numbers, resuming."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, PLAN, Importer, make_importer, rows_of, write_rows
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.kernel.clock import SystemClock, date_of, day_of, paris_day
from tierce.kernel.ids import InsurerId, PersonId
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.lab.country.identifiers import make_nir
from tierce.policy.acts import Act
from tierce.policy.feeds import (
    EFFECTIVE_AHEAD_DAYS,
    SHRINK_PEOPLE_MIN,
    SHRINK_PER_CENT_MAX,
    covered_enough,
    shrinks_abnormally,
)
from tierce.registry.errors import FeedHeldError, FeedRefusedError
from tierce.registry.progress.model import Progress
from tierce.registry.records import CoverageRecord, decode_coverage
from tierce.storage.cluster import SUPERUSER
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import Compartment, Keyring, Purpose

pytestmark = pytest.mark.integration

Row = dict[str, str]


@pytest.fixture(scope="module")
def holders(country: Path) -> list[Row]:
    """Holders whose right is active, with dates of our own."""
    every = rows_of(country / "rights" / f"{FIRST}.csv")
    found = [row for row in every if row["relationship"] == "holder" and row["status"] == "active"]
    return [row | {"covered_from": "2026-01-01", "covered_until": "2026-12-31"} for row in found]


@pytest.fixture
def importer(connect: Connect, key_directory: Path, country: Path) -> Importer:
    made = make_importer(connect("tierce_feed"), key_directory, chunk_lines=50)
    made.insurers(country / "insurers.csv")
    return made


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    return connect(SUPERUSER, autocommit=True)


@pytest.fixture
def send(importer: Importer, tmp_path: Path) -> Callable[..., dict[str, int]]:
    """Import rows and return what became of them."""

    def sent(
        rows: list[Row],
        amc: str = FIRST,
        *,
        dry_run: bool = False,
        whole: bool = False,
        confirm_shrink: int | None = None,
    ) -> dict[str, int]:
        path = write_rows(tmp_path / f"{amc}.csv", rows)
        counts = importer.rights(path, amc, dry_run=dry_run, whole=whole, confirm_shrink=confirm_shrink).counts
        return {
            "taken": counts.taken,
            "unchanged": counts.unchanged,
            "rejected": counts.rejected,
            "outdated": counts.outdated,
            "ended": counts.ended,
        }

    return sent


Send = Callable[..., dict[str, int]]
Records = Callable[[], list[CoverageRecord]]


@pytest.fixture
def records(connect: Connect, keyring: Keyring) -> Records:
    """Open every period of the register, in the order of persons, insurers and days."""

    def opened() -> list[CoverageRecord]:
        connection = connect("tierce_feed")
        sealer = load_sealer(connection, keyring, [Compartment.COVERAGE])
        found = connection.execute(
            "select person, insurer, sealed from coverage.coverage order by person, insurer, from_day"
        )
        return [
            decode_coverage(sealer.open_(Compartment.COVERAGE, InsurerId(insurer), PersonId(person), bytes(sealed)))
            for person, insurer, sealed in found
        ]

    return opened


def became(**counts: int) -> dict[str, int]:
    return dict.fromkeys(("taken", "unchanged", "rejected", "outdated", "ended"), 0) | counts


def day_text(day: int) -> str:
    return date_of(day).isoformat()


def periods(admin: psycopg.Connection) -> list[tuple[str, str]]:
    rows = admin.execute(
        "select (date '1970-01-01' + from_day)::text, (date '1970-01-01' + until_day)::text"
        " from coverage.coverage order by person, insurer, from_day"
    ).fetchall()
    return [(row[0], row[1]) for row in rows]


def test_a_future_period_leaves_the_present_one_alone(
    send: Send, holders: list[Row], admin: psycopg.Connection
) -> None:
    now = holders[0]
    ahead = now | {"covered_from": "2027-01-01", "covered_until": "2027-12-31", "status": "future"}
    assert send([now, ahead]) == became(taken=2)
    assert periods(admin) == [("2026-01-01", "2026-12-31"), ("2027-01-01", "2027-12-31")]
    assert send([ahead, now]) == became(unchanged=2)


def test_an_older_file_says_nothing_over_a_newer_one(
    send: Send, holders: list[Row], admin: psycopg.Connection
) -> None:
    first = holders[0] | {"effective_on": "2026-10-01"}
    newer = first | {"effective_on": "2026-11-20", "covered_until": "2026-11-30"}
    assert send([newer]) == became(taken=1)
    assert send([first]) == became(unchanged=1, outdated=1)
    assert periods(admin) == [("2026-01-01", "2026-11-30")]
    # What was told again of a later day is not undone by a file between the two.
    assert send([newer | {"effective_on": "2026-11-25"}]) == became(unchanged=1)
    assert send([first | {"effective_on": "2026-11-22"}]) == became(unchanged=1, outdated=1)


def test_a_change_of_product_ends_the_former_on_the_day_before(
    send: Send, holders: list[Row], admin: psycopg.Connection, records: Records
) -> None:
    row = holders[0] | {"effective_on": "2026-06-01"}
    send([row])
    changed = row | {"effective_on": "2026-11-23", "covered_from": "2026-11-01", "contract_number": "C-9"}
    assert send([changed]) == became(taken=1)
    assert periods(admin) == [("2026-01-01", "2026-10-31"), ("2026-11-01", "2026-12-31")]
    until = admin.execute("select until_day from coverage.coverage order by person, insurer, from_day").fetchall()
    assert [(one.until_day,) for one in records()] == until, "what is sealed says the same as what is not"
    assert send([changed]) == became(unchanged=1)
    assert send([row]) == became(unchanged=1, outdated=1)


def test_what_a_card_prints_is_sealed_with_its_period_and_must_lead_to_the_sender(
    send: Send, importer: Importer, holders: list[Row], country: Path, tmp_path: Path, records: Records
) -> None:
    insurers = [row | {"card_amc": "99100900", "csr": "7 8"} if row["amc"] == FIRST else row
                for row in rows_of(country / "insurers.csv")]  # fmt: skip
    row = holders[0]
    told = row | {"card_amc": "0099100900", "convention": "C1", "csr": "007"}
    assert send([told]) == became(rejected=1), "until its insurer declares it"
    assert importer.insurers(write_rows(tmp_path / "insurers.csv", insurers)).counts.rejected == 0
    assert send([row, told | {"csr": "9"}]) == became(taken=1, rejected=1)
    assert [(one.line, one.field) for one in importer.rejections] == [(3, "csr")]
    assert send([told]) == became(taken=1), "what a card prints changed"
    assert send([told]) == became(unchanged=1)
    [record] = records()
    assert (record.card_amc, record.convention, record.csr) == ("0099100900", "C1", "007")
    # Two insurers never print the same: the file is refused whole, and what stood stands.
    both = [one | {"card_amc": "99100900", "csr": "007"} if one["amc"] != FIRST else one for one in insurers]
    assert importer.insurers(write_rows(tmp_path / "insurers.csv", both)).counts.rejected == 1
    assert importer.rejections[-1].field == "csr"
    assert send([told]) == became(unchanged=1)


def test_two_lines_of_one_file_may_not_speak_of_the_same_days(
    send: Send, importer: Importer, holders: list[Row], admin: psycopg.Connection
) -> None:
    row = holders[0]
    assert send([row, row | {"covered_from": "2026-06-01"}]) == became(taken=1, rejected=1)
    assert [(one.line, one.field) for one in importer.rejections] == [(3, "covered_from")]
    # Nor are twins without their ranks made one person because their periods differ.
    other = row | {"given_names": "AUTRE", "covered_from": "2027-01-01", "covered_until": "2027-06-30"}
    assert send([row, other | {"status": "future"}]) == became(unchanged=1, rejected=1)
    assert [one.field for one in importer.rejections] == ["birth_rank"]
    assert periods(admin) == [("2026-01-01", "2026-12-31")]


def test_a_twin_without_her_rank_takes_nobody_s_place_in_a_later_file(
    send: Send, importer: Importer, holders: list[Row], admin: psycopg.Connection
) -> None:
    row = holders[0]
    twin = row | {"given_names": "AUTRE", "member_number": "T-2", "holder_member_number": "T-2"}
    send([row])
    assert send([twin]) == became(rejected=1)
    assert [(one.line, one.field) for one in importer.rejections] == [(2, "birth_rank")]
    assert send([twin | {"birth_rank": "2", "own_nir": ""}]) == became(taken=1)
    assert admin.execute("select count(distinct person) from coverage.coverage").fetchone() == (2,)
    # The same person under another number is no twin; nor is she once her new name was told under the former one.
    assert send([row | {"member_number": "N-2", "holder_member_number": "N-2"}]) == became(taken=1)
    renamed = row | {"family_name": "NOUVEAU", "member_number": "N-2", "holder_member_number": "N-2"}
    assert send([renamed]) == became(taken=1)
    assert send([renamed | {"member_number": "N-3", "holder_member_number": "N-3"}]) == became(taken=1)
    assert admin.execute("select count(distinct person) from coverage.coverage").fetchone() == (2,)


def test_an_end_of_contract_is_taken_at_the_end_of_the_file(
    send: Send, holders: list[Row], admin: psycopg.Connection
) -> None:
    rows = holders[:60]
    send(rows)
    gone = rows[0] | {
        "covered_until": "2026-10-31",
        "status": "ended",
        "former_member": "yes",
        "left_on": "2026-10-31",
    }
    assert send([gone, *rows[1:]]) == became(taken=1, unchanged=59)
    assert ("2026-01-01", "2026-10-31") in periods(admin)
    assert send([gone]) == became(unchanged=1)


def test_a_person_who_moves_stays_one_person_with_both_histories(
    send: Send, holders: list[Row], admin: psycopg.Connection
) -> None:
    row = holders[0]
    send([row])
    send([row | {"covered_until": "2026-10-31", "status": "ended", "former_member": "yes", "left_on": "2026-10-31"}])
    there = row | {"amc": "99100002", "covered_from": "2026-11-01", "member_number": "B-1", "contract_number": "C-7",
                   "holder_member_number": "B-1"}  # fmt: skip
    assert send([there], "99100002") == became(taken=1)
    people = admin.execute(
        "select count(distinct person), array_agg(insurer::int order by from_day) from coverage.coverage"
    ).fetchone()
    assert people == (1, [1, 2])
    second = there | {"priority": "2", "covered_until": "2027-12-31"}
    assert send([second], "99100002") == became(taken=1)
    assert admin.execute("select priority from coverage.coverage order by insurer").fetchall() == [(1,), (2,)]


def key_of(keyring: Keyring, row: Row, nir: str) -> object:
    canonical = normalise(Nir.parse(nir), BirthDate.parse(row["birth_date"]), Rank.parse(row["birth_rank"]))
    return keyring.index(Purpose.INDEX, canonical)


def test_the_final_number_and_the_provisional_one_lead_to_the_same_person(
    send: Send, importer: Importer, holders: list[Row], admin: psycopg.Connection, keyring: Keyring
) -> None:
    row = holders[0]
    final = row["right_holder_nir"]
    body = "7" + final[1:13]
    waiting = f"{body}{97 - int(body) % 97:02d}"
    first = row | {"right_holder_nir": waiting, "own_nir": waiting}
    assert send([first]) == became(taken=1)
    assert send([row]) == became(rejected=1)
    assert [one.field for one in importer.rejections] == ["member_number"]
    assert "provisional_nir" in importer.rejections[0].remedy.en
    assert send([row | {"provisional_nir": final}]) == became(rejected=1)
    assert send([row | {"provisional_nir": waiting}]) == became(taken=1)
    found = admin.execute(
        "select count(distinct person) from person.key where idx = any(%s)",
        ([key_of(keyring, row, waiting), key_of(keyring, row, final)],),
    ).fetchone()
    assert found == (1,)
    assert admin.execute("select count(*) from person.record").fetchone() == (1,)


def test_a_correction_remembers_what_it_took_away(
    send: Send, holders: list[Row], admin: psycopg.Connection, keyring: Keyring
) -> None:
    row = holders[0]
    send([row])
    right = make_nir("M", 1979, 4, "41950", 15)
    mended = row | {"right_holder_nir": right, "own_nir": right, "record_kind": "correction",
                    "corrects_nir": row["right_holder_nir"], "corrects_birth_date": row["birth_date"],
                    "corrects_birth_rank": row["birth_rank"]}  # fmt: skip
    assert send([mended]) == became(taken=1)
    wrong = key_of(keyring, row, row["right_holder_nir"])
    assert admin.execute("select 1 from person.key where idx = %s", (wrong,)).fetchone() is None
    kept = admin.execute("select effective_day from person.former_key where idx = %s", (wrong,)).fetchone()
    assert kept is not None


def test_corsican_and_lunar_people_come_in(send: Send, holders: list[Row], admin: psycopg.Connection) -> None:
    lunar = holders[0] | {"birth_date": "19840099", "birth_rank": "9"}
    assert send([lunar]) == became(taken=1)


# -- whole files, and what they take away --------------------------------------------------------------------


def test_a_whole_file_ends_whom_it_leaves_out(send: Send, holders: list[Row], admin: psycopg.Connection) -> None:
    rows = holders[:30]
    ahead = rows[29] | {"covered_from": "2027-01-01", "covered_until": "2027-12-31", "status": "future"}
    send([*rows, ahead])
    later = [row | {"effective_on": "2026-11-24"} for row in rows]
    assert send(later[:28]) == became(unchanged=28)
    assert send(later[:28], whole=True) == became(unchanged=28, ended=2)
    assert sorted(periods(admin)).count(("2026-01-01", "2026-11-23")) == 2
    assert ("2027-01-01", "2027-12-31") not in periods(admin), "a period ahead of somebody left out is taken away"
    assert send(later[:28], whole=True) == became(unchanged=28)
    assert send(later, whole=True) == became(taken=2, unchanged=28), "whoever comes back is covered again"


def test_a_line_of_another_day_has_no_place_in_a_whole_file(
    send: Send, importer: Importer, holders: list[Row]
) -> None:
    rows = [holders[0], holders[1] | {"effective_on": "2026-11-20"}]
    assert send(rows, whole=True) == became(taken=1, rejected=1)
    assert [one.field for one in importer.rejections] == ["effective_on"]


def test_a_refused_line_does_not_end_its_member(send: Send, holders: list[Row], admin: psycopg.Connection) -> None:
    rows = holders[:10]
    send(rows)
    spoiled = [rows[0] | {"birth_date": "1984"}, *rows[1:9]]
    assert send(spoiled, whole=True) == became(unchanged=8, rejected=1, ended=1)
    assert periods(admin).count(("2026-01-01", "2026-12-31")) == 9


def losing(raised: pytest.ExceptionInfo[FeedHeldError]) -> int:
    return raised.value.losing


@pytest.mark.parametrize("whole", [True, False])
def test_an_abnormal_shrink_waits_for_its_number(
    send: Send, importer: Importer, holders: list[Row], admin: psycopg.Connection, whole: bool
) -> None:
    count = SHRINK_PEOPLE_MIN + 40
    rows = [row | {"effective_on": "2026-11-24"} for row in holders[:count]]
    send(holders[:count])
    gone = {"covered_until": "2026-10-31", "status": "ended"}
    told = rows[:30] if whole else [*(row | gone for row in rows[30:]), *rows[:30]]
    expected = count - 30
    before = periods(admin)
    with pytest.raises(FeedHeldError, match=f"--confirm-shrink {expected}") as raised:
        send(told, whole=whole)
    assert losing(raised) == expected
    assert periods(admin) == before, "nothing was taken from anybody"
    assert admin.execute("select state, shrink from registry.feed order by started desc").fetchone() == (
        "held", expected,
    )  # fmt: skip
    with pytest.raises(FeedHeldError):
        send(told, whole=whole, confirm_shrink=expected - 1)
    assert periods(admin) == before
    done = send(told, whole=whole, confirm_shrink=expected)
    assert done == (became(unchanged=30, ended=expected) if whole else became(unchanged=30, taken=expected))
    assert periods(admin).count(("2026-01-01", "2026-12-31")) == 30
    acts = [
        entry.act
        for row in admin.execute("select body from journal.entry order by seq").fetchall()
        if (entry := decode(bytes(row[0]))).kind is EntryKind.FEED
    ]
    assert acts[-6:] == [
        Act.FEED_RIGHTS, Act.FEED_HOLD, Act.FEED_RESUME, Act.FEED_HOLD, Act.FEED_CONFIRM, Act.FEED_RIGHTS
    ] or acts[-6:] == [
        Act.FEED_RIGHTS, Act.FEED_HOLD, Act.FEED_CONFIRM, Act.FEED_HOLD, Act.FEED_CONFIRM, Act.FEED_RIGHTS
    ]  # fmt: skip


@pytest.mark.parametrize("told", [{}, {"status": "future", "covered_from": "2026-11-25"}])
def test_cover_that_would_end_within_days_is_a_shrink_whatever_the_status(
    send: Send, holders: list[Row], admin: psycopg.Connection, told: Row
) -> None:
    count = SHRINK_PEOPLE_MIN + 40
    send(holders[:count])
    before = periods(admin)
    soon = {"effective_on": "2026-11-24", "covered_until": "2026-12-25"} | told
    with pytest.raises(FeedHeldError) as raised:
        send([row | soon for row in holders[:count]])
    assert losing(raised) == count
    assert periods(admin) == before
    later = soon | {"covered_until": "2026-12-26"}
    assert send([row | later for row in holders[:count]]) == became(taken=count)


@pytest.mark.parametrize("whole", [True, False])
def test_what_was_confirmed_once_is_not_asked_again_of_a_file_that_is_resumed(
    send: Send, importer: Importer, holders: list[Row], admin: psycopg.Connection, whole: bool
) -> None:
    """Killed while it takes away what somebody confirmed, the same command goes on, as the runbook says."""
    rows = holders[: 3 * (SHRINK_PEOPLE_MIN + 30)]
    send(rows)
    gone = {"covered_until": "2026-10-31", "status": "ended", "effective_on": "2026-11-24"}
    told = [row | gone for row in rows]
    went: list[int] = []

    def breaks(progress: Progress) -> None:
        if progress.counts.taken and not went:
            went.append(progress.counts.taken)
            raise ConnectionResetError

    importer.on_progress = breaks
    with pytest.raises(ConnectionResetError):
        send(told, whole=whole, confirm_shrink=len(rows))
    assert 0 < periods(admin).count(("2026-01-01", "2026-10-31")) < len(rows) - SHRINK_PEOPLE_MIN
    assert send(told, whole=whole)["taken"] == len(rows)
    assert set(periods(admin)) == {("2026-01-01", "2026-10-31")}


def test_a_file_of_a_day_ahead_takes_nothing_away_that_nobody_weighed(
    send: Send, importer: Importer, holders: list[Row], admin: psycopg.Connection
) -> None:
    """Who is covered today counts, whatever day the lines name; a day of next year is a slip, and is refused."""
    today = paris_day(SystemClock().now())
    here = {
        "covered_from": day_text(today - 90),
        "covered_until": day_text(today + 90),
        "effective_on": day_text(today),
    }
    rows = [row | here for row in holders[: SHRINK_PEOPLE_MIN + 40]]
    send(rows)
    before = periods(admin)
    gone = {"covered_until": day_text(today - 1), "status": "ended"}
    with pytest.raises(FeedHeldError) as raised:
        # Nobody's cover reaches the day that these lines name.
        send([row | gone | {"effective_on": day_text(today + EFFECTIVE_AHEAD_DAYS)} for row in rows])
    assert losing(raised) == len(rows)
    assert periods(admin) == before
    far = [row | gone | {"effective_on": day_text(today + EFFECTIVE_AHEAD_DAYS + 1)} for row in rows]
    assert send(far) == became(rejected=len(rows))
    assert {one.field for one in importer.rejections} == {"effective_on"}
    assert periods(admin) == before


def test_cover_ahead_that_a_whole_file_leaves_out_is_weighed_too(send: Send, holders: list[Row]) -> None:
    send(rows := [row | {"covered_from": "2026-12-01", "status": "future"} for row in holders[:60]])
    with pytest.raises(FeedHeldError, match=f"--confirm-shrink {len(rows) - 30}"):
        send([row | {"effective_on": "2026-11-24"} for row in rows[:30]], whole=True)


def test_a_domain_left_out_is_a_shrink_too(send: Send, holders: list[Row], admin: psycopg.Connection) -> None:
    rows = [row for row in holders if len(row["domains"].split()) > 1][: SHRINK_PEOPLE_MIN + 40]
    send(rows)
    fewer = [row | {"domains": row["domains"].split()[0], "effective_on": "2026-11-24"} for row in rows]
    domains = "select domains from coverage.coverage order by person"
    before = admin.execute(domains).fetchall()
    with pytest.raises(FeedHeldError) as raised:
        send(fewer)
    assert losing(raised) == len(rows)
    assert admin.execute(domains).fetchall() == before
    assert send(fewer, confirm_shrink=len(rows)) == became(taken=len(rows))
    assert admin.execute(domains).fetchall() != before


def test_the_number_of_a_dry_run_is_repeated_the_first_time(
    send: Send, holders: list[Row], admin: psycopg.Connection
) -> None:
    """What was looked at in a dry run need not be held once more; another number is held."""
    count = SHRINK_PEOPLE_MIN + 40
    send(holders[:count])
    rows = [row | {"effective_on": "2026-11-24"} for row in holders[:30]]
    before = periods(admin)
    with pytest.raises(FeedHeldError) as raised:
        send(rows, whole=True, dry_run=True)
    number = losing(raised)
    assert send(rows, whole=True, dry_run=True, confirm_shrink=number) == became(unchanged=30, ended=number)
    with pytest.raises(FeedHeldError):
        send(rows[:29], whole=True, confirm_shrink=number)
    assert periods(admin) == before
    assert send(rows, whole=True, confirm_shrink=number) == became(unchanged=30, ended=number)
    acts = [
        entry.act
        for row in admin.execute("select body from journal.entry order by seq").fetchall()
        if (entry := decode(bytes(row[0]))).kind is EntryKind.FEED
    ]
    assert acts[-3:] == [Act.FEED_RIGHTS, Act.FEED_CONFIRM, Act.FEED_RIGHTS]


def test_a_file_is_resumed_in_the_way_it_was_begun(send: Send, holders: list[Row]) -> None:
    count = SHRINK_PEOPLE_MIN + 40
    send(holders[:count])
    rows = [row | {"effective_on": "2026-11-24"} for row in holders[:30]]
    with pytest.raises(FeedHeldError):
        send(rows, whole=True)
    with pytest.raises(FeedRefusedError, match="--whole"):
        send(rows)


def test_what_is_abnormal_is_a_share_and_more_than_a_few() -> None:
    assert not shrinks_abnormally(SHRINK_PEOPLE_MIN, SHRINK_PEOPLE_MIN)
    assert shrinks_abnormally(SHRINK_PEOPLE_MIN + 1, SHRINK_PEOPLE_MIN + 1)
    assert not shrinks_abnormally(1_000 * SHRINK_PER_CENT_MAX, 100_000)
    assert shrinks_abnormally(1_000 * SHRINK_PER_CENT_MAX + 1, 100_000)
    for losing, covered in product((0, 1, 20, 21, 49, 50, 51), range(1_100)):
        counted = min(covered, covered_enough(losing))  # counting ends there
        assert shrinks_abnormally(losing, counted) == shrinks_abnormally(losing, covered), (losing, covered)


def test_the_day_of_a_period_is_the_day_of_the_file(
    send: Send, holders: list[Row], admin: psycopg.Connection
) -> None:
    send([holders[0]])
    row = admin.execute("select effective_day from coverage.coverage").fetchone()
    assert row is not None
    assert row[0] == day_of(PLAN.on)
