"""What the insurers' file says by what it leaves out."""

from pathlib import Path

import pytest

from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, make_importer, rows_of, write_rows
from tierce.storage.cluster import SUPERUSER

pytestmark = pytest.mark.integration


def test_a_column_that_the_insurers_file_leaves_out_says_nothing_and_an_empty_cell_clears(
    connect: Connect, key_directory: Path, country: Path, tmp_path: Path
) -> None:
    importer, admin = make_importer(connect("tierce_feed"), key_directory), connect(SUPERUSER, autocommit=True)
    told = {"contact_email": "dpo@chene.example", "card_amc": "99100900", "csr": "7 8", "engagement_days": "60"}
    rows = [row | (told if row["amc"] == FIRST else {}) for row in rows_of(country / "insurers.csv")]

    def take(**changed: str | None) -> tuple[object, ...]:
        sent = [{field: value for field, value in (row | changed).items() if value is not None}
                for row in rows if row["amc"] == FIRST]  # fmt: skip
        assert importer.insurers(write_rows(tmp_path / "insurers.csv", sent)).counts.rejected == 0
        [one] = admin.execute(
            "select i.contact_email, i.engagement_days, array(select p.amc || ' ' || p.csr from registry.printed p"
            " where p.insurer = i.id order by p.csr) from registry.insurer i where i.amc = %s", (FIRST,)
        ).fetchall()  # fmt: skip
        return one

    assert take() == ("dpo@chene.example", 60, ["99100900 7", "99100900 8"])
    assert take(**dict.fromkeys(told)) == ("dpo@chene.example", 60, ["99100900 7", "99100900 8"]), "nothing is said"
    assert take(csr="9", card_amc=None)[2] == ["99100900 9"], "one of the two says nothing"
    assert take(csr=None, card_amc="")[2] == [f"{FIRST} 9"]
    assert take(**dict.fromkeys(told, "")) == (None, None, [])


def test_a_dry_run_of_the_insurers_file_says_what_it_would_take_and_writes_nothing(
    connect: Connect, key_directory: Path, country: Path, tmp_path: Path
) -> None:
    importer, admin = make_importer(connect("tierce_feed"), key_directory), connect(SUPERUSER, autocommit=True)
    rows = rows_of(country / "insurers.csv")
    report = importer.intake.insurers(country / "insurers.csv", importer.listener(), dry_run=True)
    assert (report.counts.taken, report.counts.rejected, report.summary()["dry_run"]) == (len(rows), 0, True)
    wrong = write_rows(tmp_path / "insurers.csv", [*rows, rows[0] | {"amc": "x"}])
    report = importer.intake.insurers(wrong, importer.listener(), dry_run=True)
    assert (report.counts.taken, report.counts.rejected) == (0, 1)
    assert [one.line for one in importer.rejections] == [len(rows) + 2]
    written = "registry.insurer", "registry.product", "registry.insurer_key", "registry.feed", "journal.entry"
    for table in written:
        assert admin.execute(f"select count(*) from {table}".encode()).fetchone() == (0,), table
    assert importer.insurers(country / "insurers.csv").counts.taken == len(rows)
