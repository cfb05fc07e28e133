"""Many lines read at once say what each says read alone: the same columns, byte for byte."""

import dataclasses
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tierce.kernel.card import Routing
from tierce.kernel.care import Domain
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import names
from tierce.kernel.ids import InsurerId
from tierce.lab.country.identifiers import make_nir
from tierce.registry.batch import Batch, Spread, batch_of
from tierce.registry.columns import RIGHTS
from tierce.registry.model import People, Product, RightsLine, Sender
from tierce.registry.plain import read_plain
from tierce.registry.rules import read_rights

PRODUCTS = {
    "CONFORT": Product(1, "CONFORT", Domain.MEDG.bit | Domain.OPTI.bit),
    "MAX": Product(70_000, "MAX", Domain.PHAR.bit),
}
PRINTED = {"99100001": [("99100900", "003"), ("99100900", "É")], "99100002": [("99100900", "004")], "99100003": []}
SENDER = Sender(InsurerId(3), "99100001", PRODUCTS, People.INVENTED, Routing(PRINTED))
NIRS = [make_nir(sex, 1984, 5, "90955", order) for sex in "MF" for order in (12, 13)]
DOUBTFUL = [
    make_nir("F", 1984, 5, "05949", 12), NIRS[0][:-1] + "0", "1 84 05 90 955 012 33", "x", "1" * 15, "",
    make_nir("M", 1975, 2, "2A004", 7), "５" * 15, "é" * 15,
]  # fmt: skip
NAMES = ["MARCHAND", "D’AUBIGNÉ-LŒUIL", "L" * 80, "É", "А", "J3AN", "", "O'NEIL  ", "ÅSE ß"]
DAYS = ["2026-01-01", "2026-11-23", "2026-12-31", "2027-01-01", "1969-12-31", "2026-02-30", "20261123", ""]

CELLS: Mapping[str, list[str]] = {
    "record_kind": ["current", "current", "correction", "delete"],
    "effective_on": ["2026-11-23", "2026-11-23", *DAYS],
    "amc": ["99100001", "99100001", "99100002"],
    "member_number": ["A-1", "A-2", "é", ""],
    "holder_member_number": ["A-1", "A-1", "A-2", "a"],
    "contract_number": ["C-1", "C-" + "9" * 18, "C-" + "9" * 19, ""],
    "product_code": ["CONFORT", "MAX", "NONE"],
    "relationship": ["holder", "child", "spouse", "cousin"],
    "right_holder_nir": [*NIRS, *DOUBTFUL],
    "own_nir": ["", *NIRS, *DOUBTFUL],
    "ins_oid": ["1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.11", "1.2.250.1.213.1.4.8", ""],
    "birth_date": [
        "19840512",
        "20101123",
        "20081123",
        "20081124",
        "19849900",
        "20080000",
        "20081300",
        "1984",
        "18790101",
        "20271231",
        "20261231",
        "1984 05 12",
    ],
    "birth_rank": ["1", "2", "0", " 1", ""],
    "sex": ["M", "F", "X"],
    "family_name": NAMES,
    "used_name": NAMES,
    "given_names": NAMES,
    "birth_place": ["90955", "2A004", "Paris"],
    "card_nir": ["", "", *NIRS, *DOUBTFUL],
    "card_birth_date": ["", "", "19840512", "19840521", "1"],
    "card_birth_rank": ["", "", "1", "2"],
    "vitale_nir": ["", "", *NIRS],
    "vitale_birth_date": ["", "", "19840512", "19840500"],
    "vitale_birth_rank": ["", "", "1", "2"],
    "representative_member_number": ["", "A-1", "A-9", "é"],
    "domains": ["MEDG", "MEDG OPTI", "OPTI  MEDG", "PHAR", "XXXX", ""],
    "covered_from": ["2026-01-01", "2026-01-01", *DAYS],
    "covered_until": ["2026-12-31", "2026-12-31", *DAYS],
    "priority": ["1", "2", "3"],
    "status": ["active", "active", "ended", "future", "lost"],
    "former_member": ["no", "no", "yes", "maybe"],
    "left_on": ["", "", "2025-06-30", "30/06/2025"],
    "corrects_nir": ["", "", "", NIRS[1]],
    "corrects_birth_date": ["", "", "", "19840512"],
    "corrects_birth_rank": ["", "", "", "1"],
    "provisional_nir": ["", "", "", make_nir("F", 1984, 5, "90955", 77)],
    "card_amc": ["", "", "99100900", "0099100900", "99100001", "99100003", "991", "9910\x1f0900"],
    "convention": ["", "", "EX", "é", "X" * 11],
    "csr": ["", "", "003", "3", "004", "é", "00 3"],
}
GOOD = {name: CELLS[name][0] for name in names(RIGHTS)} | {"own_nir": NIRS[0]}
OID = {People.INVENTED: "1.2.250.1.213.1.4.10", People.REAL: "1.2.250.1.213.1.4.8"}
changes = st.dictionaries(
    st.sampled_from(names(RIGHTS)), st.integers(0, 99), max_size=6
).map(lambda drawn: {name: CELLS[name][place % len(CELLS[name])] for name, place in drawn.items()})  # fmt: skip


def read_alone(rows: list[dict[str, str]], sender: Sender) -> dict[int, RightsLine]:
    read = {}
    for line, row in enumerate(rows, 2):
        try:
            read[line] = read_rights(row, line, sender)
        except FieldError:
            continue
    return read


def shown(batch: Batch) -> dict[str, object]:
    """Every column as plain values."""
    values: dict[str, object] = {}
    for one in dataclasses.fields(Batch):
        column = getattr(batch, one.name)
        if isinstance(column, Spread):
            values[one.name] = [column.rows.tolist(), column.values.to_pylist()]
        elif isinstance(column, np.ndarray):
            values[one.name] = column.tolist()
        elif isinstance(column, dict):
            values[one.name] = column
        else:
            values[one.name] = column.to_pylist()
    return values


@settings(max_examples=300)
@given(st.lists(changes, min_size=1, max_size=12), st.sampled_from(People))
def test_many_lines_at_once_say_what_each_says_alone(drawn: list[dict[str, str]], people: People) -> None:
    """Where people are real, an invented person's OID is refused by both, and the other way round."""
    sender, own = dataclasses.replace(SENDER, people=people), OID[people]
    rows = [GOOD | {"ins_oid": own} | one for one in drawn]
    table = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in names(RIGHTS)})
    batch, plain = read_plain(table, np.arange(2, len(rows) + 2), sender)
    alone = read_alone(rows, sender)
    assert set(batch.lines.tolist()) <= set(alone), "a line that the rules refuse was taken for plain"
    assert (np.flatnonzero(plain) + 2).tolist() == batch.lines.tolist()
    assert shown(batch) == shown(batch_of([alone[line] for line in batch.lines.tolist()], sender))


def test_where_people_are_real_no_invented_one_is_plain_under_either_oid() -> None:
    rows = [GOOD | {"ins_oid": OID[one]} for one in People]
    table = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in names(RIGHTS)})
    plain = {one: read_plain(table, np.arange(2, 4), dataclasses.replace(SENDER, people=one))[1] for one in People}
    assert not plain[People.REAL].any()
    assert plain[People.INVENTED].tolist() == [one is People.INVENTED for one in People]


def test_the_plain_way_takes_the_common_lines() -> None:
    common = [GOOD, GOOD | {"vitale_nir": NIRS[1], "vitale_birth_date": "19840500", "vitale_birth_rank": "2"}]
    table = pa.table({name: pa.array([row[name] for row in common], pa.string()) for name in names(RIGHTS)})
    assert read_plain(table, np.arange(2, 4), SENDER)[1].all()


def test_who_represents_a_lunar_child_is_the_same_at_once_and_alone() -> None:
    births = ["20080000", "20081100", "20081300", "20080132", "20081123", "20081124", "20090000"]
    own = {"own_nir": "", "ins_oid": OID[People.INVENTED], "relationship": "child", "member_number": "A-2"}
    rows = [GOOD | own | {"birth_date": birth} for birth in births]
    table = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in names(RIGHTS)})
    batch, plain = read_plain(table, np.arange(2, len(rows) + 2), SENDER)
    assert plain.all()
    alone = [one.representative_member_number for one in read_alone(rows, SENDER).values()]
    assert batch.representatives.to_pylist() == alone == ["A-1", "A-1", "A-1", "A-1", "", "A-1", "A-1"]
