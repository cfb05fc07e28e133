"""Between insurers: a line joins somebody told by another only when it can be hers, however it is spelled."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, Importer, rows_of
from tierce.storage.cluster import SUPERUSER

pytestmark = pytest.mark.integration

Row = dict[str, str]
OTHER = "99100002"


@pytest.fixture(scope="module")
def holders(country: Path) -> list[Row]:
    """Holders whose right is active."""
    every = rows_of(country / "rights" / f"{FIRST}.csv")
    return [row for row in every if row["relationship"] == "holder" and row["status"] == "active"]


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    return connect(SUPERUSER, autocommit=True)


Send = Callable[[Row], int]


def at_another(row: Row, number: str = "B-1", **changes: str) -> Row:
    return row | {"amc": OTHER, "member_number": number, "holder_member_number": number} | changes


def test_another_insurer_s_line_joins_nobody_whom_the_first_describes_otherwise(
    send: Send, importer: Importer, holders: list[Row], admin: psycopg.Connection
) -> None:
    one, wrong = holders[0], next(row for row in holders if row["birth_date"] != holders[0]["birth_date"])
    # The first insurer told, on one person's line, the number and the birth date of another's card.
    cards = {f"card_{name}": wrong[column] for name, column in (
        ("nir", "right_holder_nir"), ("birth_date", "birth_date"), ("birth_rank", "birth_rank"))}  # fmt: skip
    send(one | cards)
    assert send(at_another(wrong)) == 0
    assert [(found.line, found.field) for found in importer.rejections] == [(2, "right_holder_nir")]
    assert "décrivent autrement" in importer.rejections[0].reason.fr
    assert admin.execute("select count(*) from coverage.coverage").fetchone() == (1,)
    # Nor does the wrong line come second: whom it would join is known to the other insurer by now.
    assert send(at_another(one, "B-2")) == 1
    assert admin.execute("select count(distinct person) from coverage.coverage").fetchone() == (1,)
    # Once the first insurer takes its mistake back, she comes in as herself.
    mended = {f"corrects_{name}": wrong[column] for name, column in (
        ("nir", "right_holder_nir"), ("birth_date", "birth_date"), ("birth_rank", "birth_rank"))}  # fmt: skip
    assert send(one | mended | {"record_kind": "correction"}) == 1
    assert send(at_another(wrong)) == 1
    assert admin.execute("select count(distinct person) from coverage.coverage").fetchone() == (2,)


def test_twins_of_two_insurers_without_their_ranks_stay_two(
    send: Send, importer: Importer, holders: list[Row], admin: psycopg.Connection
) -> None:
    send(holders[0] | {"given_names": "ADELE MARIE"})
    assert send(at_another(holders[0], given_names="JULIE MARIE")) == 0
    assert [found.field for found in importer.rejections] == ["right_holder_nir"]
    ranked = at_another(holders[0], given_names="JULIE MARIE", birth_rank="2", own_nir="")
    assert send(ranked) == 1
    assert admin.execute("select count(distinct person) from coverage.coverage").fetchone() == (2,)


@pytest.mark.parametrize(
    "spelled",
    [
        {"family_name": "NOM DE MARIAGE"},
        {"given_names": "ÉLODIE-ANNE"},
        {"given_names": "ANNE"},
        {"birth_place": "99352"},
        {"family_name": "NOM DE MARIAGE", "given_names": "ELODIE", "birth_place": "99352"},
    ],
)
def test_whoever_moves_under_another_spelling_is_not_refused(
    send: Send, holders: list[Row], admin: psycopg.Connection, spelled: Row
) -> None:
    row = holders[0] | {"given_names": "ELODIE ANNE"}
    send(row)
    assert send(at_another(row, **spelled)) == 1
    assert admin.execute("select count(distinct person), count(*) from coverage.coverage").fetchone() == (1, 2)
