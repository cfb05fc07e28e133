"""Whatever stands in the cells of a file that somebody sends, a line is read or refused by a field of it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierce.billing.pricing.loads.columns import BENEFITS, TARIFFS
from tierce.billing.pricing.loads.rules import read_benefit, read_tariff
from tierce.directory.loads.columns import DIRECTORY, FINESS, NATIONAL, SKILLS
from tierce.directory.loads.rules import read_activity, read_establishment, read_national, read_skill
from tierce.kernel.card import Routing
from tierce.kernel.care import Domain
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import Column
from tierce.kernel.ids import InsurerId
from tierce.lab.country.identifiers import make_nir
from tierce.notices.contacts.columns import COLUMNS as CONTACTS
from tierce.notices.contacts.rules import read_line
from tierce.registry.columns import INSURERS, RIGHTS
from tierce.registry.contracts.columns import CONTRACTS
from tierce.registry.contracts.rules import read_contract
from tierce.registry.insurers import read_insurer
from tierce.registry.model import People, Product, Sender
from tierce.registry.rules import read_rights

Cells = Mapping[str, str]
ROUTING: Final = Routing({"99100001": [("99100900", "003")]})
SENDER: Final = Sender(
    InsurerId(1),
    "99100001",
    {"CONFORT": Product(1, "CONFORT", Domain.MEDG.bit | Domain.PHAR.bit | Domain.OPTI.bit)},
    People.INVENTED,
    ROUTING,
)
TODAY: Final = date(2026, 11, 29)
HOSTILE: Final = (
    "", " ", "\0", "\ufeff", "\u202eRALOC", "\u200b", "²", "٣", "١٢٣٤٥٦٧٨", "-1", "+1", "1e400", "NaN", "Infinity",
    "0" * 400, "9" * 5_000, "0000-01-01", "0001-01-01", "9999-12-31", "2026-02-29", "2026-W01-1", "20260101",
    "2026-13-01", "=1+1", "@SUM(A1)", "'; drop table", "é" * 300, "ﬀ", "ſ", "Å", "İ", "00000000", "99000000A", "2A",
    "1.5", "1,5", "1_000",
)  # fmt: skip
"""What numbers, dates, names and codes trip on."""
READERS: Final[Mapping[str, tuple[Sequence[Column], Callable[[Cells], object]]]] = {
    "rights": (RIGHTS, lambda cells: read_rights(cells, 2, SENDER)),
    "insurers": (INSURERS, read_insurer),
    "contracts": (CONTRACTS, lambda cells: read_contract(cells, 2)),
    "tariffs": (TARIFFS, read_tariff),
    "benefits": (BENEFITS, read_benefit),
    "directory": (DIRECTORY, read_activity),
    "national": (NATIONAL, read_national),
    "skills": (SKILLS, read_skill),
    "finess": (FINESS, read_establishment),
    "contacts": (CONTACTS, lambda cells: read_line(cells, TODAY)),
}


def example_of(feed: str) -> dict[str, str]:
    """A line of the examples that the published page has; it has no number that could be somebody's."""
    nir, rights = make_nir("F", 1984, 5, "90955", 12), {"provisional_nir": ""}  # or one with a full number, not both
    cells = {one.name: nir if one.example == "(invented)" else one.example for one in READERS[feed][0]}
    return cells | rights if feed == "rights" else cells


@pytest.mark.parametrize("feed", READERS)
def test_the_published_example_is_taken(feed: str) -> None:
    assert READERS[feed][1](example_of(feed)) is not None


@pytest.mark.parametrize("feed", READERS)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_line_is_read_or_refused_by_its_field(feed: str, data: st.DataObject) -> None:
    columns, read = READERS[feed]
    odd = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec="utf-8"), max_size=30))
    changed = data.draw(st.lists(st.sampled_from(columns), min_size=1, max_size=3, unique=True))
    values = {one.name: data.draw(odd) for one in changed}
    try:
        read(example_of(feed) | values)
    except FieldError as error:
        field, said = error.field, str(error)
    else:
        return
    assert field
    assert [value for value in values.values() if len(value.strip()) > 8 and value in said] == []
