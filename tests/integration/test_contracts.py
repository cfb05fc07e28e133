"""Contracts come in by file, are journalled, and decide who is shown an insurer's people."""

import asyncio
import csv
from pathlib import Path

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.feeding import Importer, make_importer
from tests.integration.world import World, enrol, make_world, prove_pairs, question
from tierce.feeds.intake import Report
from tierce.gate.model import Release
from tierce.identity.model import Caller
from tierce.journal.encoding import decode
from tierce.kernel.care import Profession
from tierce.policy.acts import Act, Outcome
from tierce.registry.contracts.columns import CONTRACTS
from tierce.registry.errors import ListingHeldError
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring, Purpose

LINE = {
    "amc": "99000001", "party": "profession", "number": "GP", "domain": "MEDG", "contracted_from": "2020-01-01",
    "contracted_until": "",
}  # fmt: skip


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


@pytest.fixture
def importer(world: World, connect: Connect, key_directory: Path) -> Importer:
    prove_pairs(world, Keyring(key_directory, [Purpose.PAIR]))
    return make_importer(connect("tierce_feed"), key_directory)


@pytest.fixture
def admin(world: World, connect: Connect) -> psycopg.Connection:
    return connect(SUPERUSER, autocommit=True)


def take(
    importer: Importer, path: Path, *lines: dict[str, str], dry_run: bool = False, confirmed: int | None = 1
) -> Report:
    """Write a file and take it in; most of them begin one listing."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [column.name for column in CONTRACTS])
        writer.writeheader()
        writer.writerows([{**LINE, **line} for line in lines])
    return importer.intake.contracts(path, importer.listener(), dry_run=dry_run, confirmed=confirmed)


def shown(world: World, caller: Caller) -> bool:
    """Whether a covered person is shown to a professional, by one ask at the gate."""

    async def run() -> bool:
        gate = world.gate()
        await gate.start()
        try:
            return isinstance((await gate.ask(question(caller, world.covered[0]))).decision, Release)
        finally:
            await gate.stop()

    return asyncio.run(run())


def national_id(admin: psycopg.Connection, caller: Caller) -> str:
    row = admin.execute(
        "select national_id from directory.professional where id = %s", (caller.professional,)
    ).fetchone()
    assert row is not None
    return str(row[0])


def counts(report: Report) -> tuple[int, int, int]:
    return report.counts.taken, report.counts.unchanged, report.counts.rejected


def test_a_file_decides_who_is_shown_from_its_first_line_on(
    world: World, importer: Importer, admin: psycopg.Connection, tmp_path: Path
) -> None:
    caller, other = enrol(world), enrol(world)
    optician = enrol(world, Profession.OPTICIAN)
    finess = str(caller.establishment)[:20]
    admin.execute("update directory.establishment set finess = %s where id = %s", (finess, caller.establishment))
    file = tmp_path / "contracts.csv"
    line = {"party": "establishment", "number": finess}
    assert shown(world, other)
    assert counts(take(importer, file, line, dry_run=True)) == (1, 0, 0)
    assert shown(world, other), "a dry run writes nothing"
    assert counts(take(importer, file, line)) == (1, 0, 0)
    assert (shown(world, caller), shown(world, other)) == (True, False)
    assert shown(world, optician), "a domain that is not listed is open"
    assert counts(take(importer, file, line)) == (0, 1, 0)
    # A later line gives the contract its end; the day of care is today.
    assert counts(take(importer, file, {**line, "contracted_until": "2020-12-31"})) == (1, 0, 0)
    assert not shown(world, caller)
    # The whole profession again.
    assert counts(take(importer, file, LINE)) == (1, 0, 0)
    assert (shown(world, caller), shown(world, other)) == (True, True)
    assert national_id(admin, other)
    report = take(
        importer, file, {**LINE, "contracted_until": "2020-06-30"}, {"party": "professional", "number": "x"}
    )
    assert counts(report) == (1, 0, 1)
    assert not shown(world, other)


def test_a_file_that_closes_domains_waits_until_somebody_repeats_how_many(
    world: World, importer: Importer, admin: psycopg.Connection, tmp_path: Path
) -> None:
    other = enrol(world)
    file = tmp_path / "contracts.csv"
    optics = {"party": "profession", "number": "OPTICIAN", "domain": "OPTI"}
    one = {"party": "professional", "number": str(national_id(admin, enrol(world)))}
    for confirmed in (None, 1):
        with pytest.raises(ListingHeldError, match="--confirm 2") as held:
            take(importer, file, one, optics, confirmed=confirmed)
        assert held.value.begun == 2
        assert shown(world, other), "nothing was written"
        assert admin.execute("select count(*) from registry.convention").fetchone() == (0,)
    assert counts(take(importer, file, one, optics, dry_run=True, confirmed=None)) == (2, 0, 0)
    assert counts(take(importer, file, one, optics, confirmed=2)) == (2, 0, 0)
    assert not shown(world, other)
    assert counts(take(importer, file, {**one, "contracted_until": "2020-12-31"}, confirmed=None)) == (1, 0, 0)


def test_each_file_leaves_its_lines_in_the_journal(
    importer: Importer, admin: psycopg.Connection, tmp_path: Path
) -> None:
    report = take(importer, tmp_path / "contracts.csv", LINE)
    rows = admin.execute("select body from journal.entry where kind = 8 order by seq").fetchall()
    lines = [decode(bytes(row[0])) for row in rows]
    assert [(line.act, line.outcome) for line in lines] == [
        (Act.FEED_CONTRACTS, Outcome.NONE), (Act.FEED_CONTRACTS, Outcome.DONE),
    ]  # fmt: skip
    assert {line.reference for line in lines} == {report.feed}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amc": "12"}, "amc"),
        ({"amc": "99999998"}, "amc"),
        ({"party": "everybody"}, "party"),
        ({"number": ""}, "number"),
        ({"number": "9" * 21}, "number"),
        ({"number": "WIZARD"}, "number"),
        ({"party": "establishment", "number": "000000000"}, "number"),
        ({"domain": "SPORT"}, "domain"),
        ({"domain": "OPTI"}, "domain"),
        ({"contracted_from": "01/01/2020"}, "contracted_from"),
        ({"contracted_until": "2019-12-31"}, "contracted_until"),
        ({"contracted_until": "2020-02-30"}, "contracted_until"),
    ],
)
def test_a_bad_line_is_refused_by_field_and_the_others_are_taken(
    importer: Importer, admin: psycopg.Connection, tmp_path: Path, change: dict[str, str], field: str
) -> None:
    report = take(importer, tmp_path / "contracts.csv", change, LINE)
    assert counts(report) == (1, 0, 1)
    assert [(one.line, one.field) for one in importer.rejections] == [(2, field)]
    assert importer.rejections[0].remedy.fr != importer.rejections[0].remedy.en
    assert admin.execute("select count(*) from registry.convention").fetchone() == (1,)


def test_of_two_lines_for_one_contract_the_later_stands(
    importer: Importer, admin: psycopg.Connection, tmp_path: Path
) -> None:
    ended = {"contracted_until": "2026-12-31"}
    assert counts(take(importer, tmp_path / "contracts.csv", LINE, ended)) == (1, 1, 0)
    assert admin.execute("select until_day from registry.convention").fetchone() == (20_818,)
