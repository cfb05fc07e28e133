"""Tariffs and benefits come in by file, are never overwritten, and price a line by a command."""

import json
import re
import shlex
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from tests.house.wording import ROOT
from tests.integration.conftest import Connect
from tests.integration.feeding import Importer, make_importer, rows_of, write_rows
from tests.settings_file import settings_text
from tierce.billing.pricing.errors import PricesHeldError
from tierce.billing.pricing.store import last_edition, load_tables
from tierce.feeds.intake import Report
from tierce.journal.encoding import decode
from tierce.lab.country.insurers import make_insurers
from tierce.lab.country.population import write_insurers
from tierce.lab.country.pricing import write_benefits, write_tariffs
from tierce.policy.acts import Act, Outcome
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.upkeep import price

PAGE = ROOT / "docs/reference/pricing.md"


@pytest.fixture
def importer(database: Database, connect: Connect, key_directory: Path, tmp_path: Path) -> Importer:
    made = make_importer(connect("tierce_feed"), key_directory)
    insurers = make_insurers(1)
    write_insurers(tmp_path / "insurers.csv", insurers)
    write_tariffs(tmp_path / "tariffs.csv", 2026)
    write_benefits(tmp_path / "benefits.csv", insurers, 2026)
    made.insurers(tmp_path / "insurers.csv")
    return made


@pytest.fixture
def billing(importer: Importer, connect: Connect) -> psycopg.Connection:
    return connect("tierce_billing")


def tariffs(importer: Importer, path: Path, *, dry_run: bool = False) -> Report:
    return importer.intake.tariffs(path, importer.listener(), dry_run=dry_run)


def benefits(importer: Importer, path: Path, *, dry_run: bool = False) -> Report:
    return importer.intake.benefits(path, importer.listener(), dry_run=dry_run)


def counts(report: Report) -> tuple[int, int, int]:
    return report.counts.taken, report.counts.unchanged, report.counts.rejected


def test_files_are_taken_once_and_corrected_by_rows_that_are_added(
    importer: Importer, billing: psycopg.Connection, connect: Connect, tmp_path: Path
) -> None:
    path, given = tmp_path / "tariffs.csv", tmp_path / "benefits.csv"
    number = len(rows_of(path))
    assert counts(tariffs(importer, path, dry_run=True)) == (number, 0, 0)
    assert last_edition(billing) == 0, "a dry run writes nothing"
    report = tariffs(importer, path)
    assert counts(report) == (number, 0, 0)
    assert counts(tariffs(importer, path)) == (0, number, 0)
    assert counts(benefits(importer, given)) == (len(rows_of(given)), 0, 0)
    assert counts(benefits(importer, given)) == (0, len(rows_of(given)), 0)
    billing.rollback()
    first = load_tables(billing)
    assert first.edition == last_edition(billing)
    assert [one.base for one in first.tariffs["XMEDG1"]] == [2500, 2600]
    assert sum(map(len, first.benefits.values())) == len(rows_of(given))

    rows = rows_of(path)
    corrected = [
        row | {"base_cents": "2650"} for row in rows if row["item"] == "XMEDG1" and "2026" in row["valid_from"]
    ]
    assert counts(tariffs(importer, write_rows(tmp_path / "more.csv", corrected))) == (1, 0, 0)
    billing.rollback()
    now = load_tables(billing)
    assert now.edition > first.edition
    assert [one.base for one in now.tariffs["XMEDG1"]] == [2500, 2600, 2650], "the row corrected is still there"
    assert load_tables(billing, first.edition) == first, "what an earlier decision was made by"
    # Said again as it was at first, it is new once more: the last word stands.
    assert counts(tariffs(importer, path)) == (1, number - 1, 0)

    lines = [
        decode(bytes(row[0])) for row in connect(SUPERUSER).execute("select body from journal.entry order by seq")
    ]
    done = [
        (line.act, line.reference) for line in lines if line.act == Act.FEED_TARIFFS and line.outcome is Outcome.DONE
    ]
    assert done[0] == (Act.FEED_TARIFFS, report.feed)
    assert [line.act for line in lines].count(Act.FEED_BENEFITS) == 4
    for statement in (
        "update registry.tariff set base = 1",
        "delete from registry.benefit",
        "truncate registry.tariff",
        "insert into registry.benefit (id, feed) values (1, 1)",
        "select setval('registry.pricing_row', 1)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connect("tierce_feed").execute(statement)
    for role in ("tierce_api", "tierce_office", "tierce_persons", "tierce_insurers", "tierce_worker"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connect(role).execute("select from registry.benefit")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        billing.execute("insert into registry.benefit default values")


def test_a_file_with_one_refused_line_is_refused_whole(
    importer: Importer, billing: psycopg.Connection, tmp_path: Path
) -> None:
    rows = rows_of(tmp_path / "tariffs.csv")
    wrong = [*rows, rows[1] | {"base_cents": "1"}, rows[2] | {"rate_per_mille": "70 %"}]
    report = tariffs(importer, write_rows(tmp_path / "wrong.csv", wrong))
    assert counts(report) == (0, 0, 2)
    assert sorted((one.line, one.field) for one in importer.rejections) == [
        (len(rows) + 2, "valid_from"), (len(rows) + 3, "rate_per_mille"),
    ]  # fmt: skip
    assert last_edition(billing) == 0
    tariffs(importer, tmp_path / "tariffs.csv")
    billing.rollback()
    before = last_edition(billing)
    row = rows_of(tmp_path / "benefits.csv")[0]
    for change, field in (
        ({"product_code": "NONE"}, "product_code"),
        ({"amc": "99999998"}, "product_code"),
        ({"item": "XNONE1"}, "item"),
        ({"item": "XOPTIA"}, "item"),
    ):
        report = benefits(importer, write_rows(tmp_path / "wrong.csv", [row, row | change]))
        assert counts(report) == (0, 0, 1), change
        assert [(one.line, one.field) for one in importer.rejections] == [(3, field)]
    billing.rollback()
    assert last_edition(billing) == before


def test_what_moves_far_waits_until_somebody_repeats_how_many(
    importer: Importer, billing: psycopg.Connection, connect: Connect, tmp_path: Path
) -> None:
    tariffs(importer, tmp_path / "tariffs.csv")
    benefits(importer, tmp_path / "benefits.csv")
    before = last_edition(billing)
    wrong = [
        row | {"base_cents": row["base_cents"] + "0", "ceiling_cents": ""}
        for row in rows_of(tmp_path / "tariffs.csv")
    ]
    path = write_rows(tmp_path / "wrong.csv", [row | {"basket": "none"} for row in wrong if row["domain"] == "DENT"])
    other = [row | {"value": "90"} for row in rows_of(tmp_path / "benefits.csv") if row["domain"] == "DENT"]
    given = write_rows(tmp_path / "given.csv", [row for row in other if row["formula"] == "share_with"])
    for confirmed in (None, 2, 4):
        with pytest.raises(PricesHeldError, match="--confirm 3"):
            importer.intake.tariffs(path, importer.listener(), confirmed=confirmed)
        with pytest.raises(PricesHeldError, match="--confirm 3"):
            importer.intake.benefits(given, importer.listener(), confirmed=confirmed)
    billing.rollback()
    assert last_edition(billing) == before
    refused = connect(SUPERUSER).execute("select count(*) from registry.feed where state = 'refused'").fetchone()
    assert refused == (6,)
    assert counts(tariffs(importer, path, dry_run=True)) == (3, 0, 0)
    assert counts(importer.intake.tariffs(path, importer.listener(), confirmed=3)) == (3, 0, 0)
    assert counts(importer.intake.benefits(given, importer.listener(), confirmed=3)) == (4, 0, 0)


def test_the_command_says_what_the_page_shows(
    importer: Importer, database: Database, key_directory: Path, tmp_path: Path
) -> None:
    """Every example of the page, as its reader would type it, and what it answers to what is wrong."""
    tariffs(importer, tmp_path / "tariffs.csv")
    benefits(importer, tmp_path / "benefits.csv")
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(database, key_directory, operator="Rive Claire"))

    def run(words: str) -> tuple[int, str]:
        done = CliRunner().invoke(price.app, [*shlex.split(words), "--settings", str(file)])
        return done.exit_code, done.output

    more = re.search(r"^```csv\n(.+?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    assert more
    (tmp_path / "more.csv").write_text(more[1], "utf-8")
    assert counts(benefits(importer, tmp_path / "more.csv")) == (2, 0, 0)
    shown = re.findall(r"^    \$ tierce price (.+)\n((?:    .+\n)+)", PAGE.read_text("utf-8"), re.M)
    assert len(shown) == 12
    for words, expected in shown:
        code, said = run(words)
        assert code == 0, said
        assert "".join(f"    {line}\n" for line in said.splitlines()) == expected, words

    one = "--product 99100001/CONFORT --item XMEDG1 --price 30 --date 2026-11-28"
    told = json.loads(run(f"{one} --json -")[1])
    assert (told["due"], told["amo"], told["steps"][-1]["kind"]) == (1180, 1820, "result")
    assert set(told["steps"][0]) == {"kind", "cents", "fr", "en"}
    early = json.loads(run(f"{one} --edition 0 --json -")[1])
    assert early["reason"] == "item_unknown"
    assert run(one.replace("XMEDG1", "XNONE"))[0] == 1
    assert run(one.replace("XMEDG1", "XTRAN1").replace("CONFORT", "ESSENTIEL"))[0] == 1
    amounts = ("--amo 31", "--asked 20", "--used x", "--price 1e3")
    for wrong in ("--product 1/X", "--product 99100001/NONE", "--edition 999999", *amounts):
        assert run(f"{one} {wrong}")[0] == 2, wrong
