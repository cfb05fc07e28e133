"""Which lines a clause names, by each subject alone, and the text that stands before a list, to the letter."""

from dataclasses import replace
from typing import Any, Final

import pytest

from tests.unit.test_incidents_rules import DOCTOR, OF_STAFF, STAFF, TREE, criteria, line
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import EstablishmentId, SessionId, SoftwareId, StaffId, VendorId
from tierce.policy.acts import Evidence
from tierce.scope.errors import CriteriaError
from tierce.scope.model import Criteria, Gap, GapKind, Head, Rule
from tierce.scope.rules import check_criteria, head_lines, named_by, rule_text

NETWORK: Final = bytes(range(16))
LINE: Final = replace(
    line(256, 1).entry, session=SessionId(21), establishment=EstablishmentId(101), software=SoftwareId(31),
    vendor=VendorId(41), network=NETWORK, evidence=Evidence.WATCHED,
)  # fmt: skip
NOBODY: Final = replace(criteria(), devices=frozenset())


@pytest.mark.parametrize(
    ("subject", "rule"),
    [
        ({"professionals": frozenset({DOCTOR})}, Rule.PROFESSIONAL),
        ({"devices": criteria().devices}, Rule.DEVICE),
        ({"sessions": frozenset({SessionId(21)})}, Rule.SESSION),
        ({"establishments": frozenset({EstablishmentId(101)})}, Rule.ESTABLISHMENT),
        ({"software": frozenset({SoftwareId(31)})}, Rule.SOFTWARE),
        ({"vendors": frozenset({VendorId(41)})}, Rule.VENDOR),
        ({"networks": frozenset({NETWORK})}, Rule.NETWORK),
        ({"evidence": Evidence.WATCHED}, Rule.EVIDENCE),
        ({"staff": STAFF}, Rule.STAFF),
    ],
)
def test_each_subject_alone_is_enough_to_name_a_line(subject: dict[str, Any], rule: Rule) -> None:
    clause = replace(NOBODY, **subject)
    check_criteria(clause)
    assert named_by(clause, LINE) == {rule}
    assert named_by(NOBODY, LINE) == frozenset()


def test_evidence_names_what_was_suspected_so_much_or_more() -> None:
    found = {
        (asked, of): bool(named_by(replace(NOBODY, evidence=asked), replace(LINE, evidence=of)))
        for asked in Evidence
        for of in Evidence
    }
    assert {pair for pair, named in found.items() if named} == {
        (Evidence.WATCHED, Evidence.WATCHED),
        (Evidence.WATCHED, Evidence.STRONG),
        (Evidence.STRONG, Evidence.STRONG),
    }


@pytest.mark.parametrize(
    "second", [NOBODY, replace(OF_STAFF, evidence=Evidence.WATCHED), replace(OF_STAFF, from_us=1_000)]
)
def test_one_clause_that_names_nothing_refuses_all(second: Criteria) -> None:
    check_criteria(criteria(), OF_STAFF)
    with pytest.raises(CriteriaError):
        check_criteria(criteria(), second)


def test_what_stands_before_a_list_says_every_subject_in_one_order() -> None:
    """A list's digest is over these letters: who holds one must find them again in years."""
    asked = Criteria(
        frozenset({DOCTOR}), criteria().devices, frozenset({SessionId(22), SessionId(21)}), 5, 1_000,
        frozenset({EstablishmentId(101)}), frozenset({SoftwareId(31)}), frozenset({VendorId(41)}),
        frozenset({bytes(16), NETWORK}), Evidence.STRONG, DataCategory.BANK,
    )  # fmt: skip
    stay = replace(criteria(), ladder=True)
    staff = replace(OF_STAFF, staff=frozenset({StaffId(5), StaffId(12)}))
    gaps = (Gap(GapKind.LINES_MISSING, 7, 7, 2), Gap(GapKind.CLOCK, 9, 12, 0))
    assert "".join(head_lines(Head((asked, stay, staff), TREE, gaps, 3))) == (
        "tierce-scope-v2\n"
        f"tree 4 {'00' * 32}\n"
        "window 5 1000\n"
        "professional 5\ndevice 66\nsession 21\nsession 22\nestablishment 101\nsoftware 31\nvendor 41\n"
        f"network {'00' * 16}\nnetwork 000102030405060708090a0b0c0d0e0f\n"
        f"evidence 2\ncategories {int(DataCategory.BANK)}\n"
        "window 0 1000 ladder\ndevice 66\n"
        "window 0 1000\nstaff 5\nstaff 12\n"
        "gap 7 7 2 lines missing\ngap 9 12 0 clock\n"
        "unattributed 3\n"
    )
    assert rule_text({Rule.STAFF, Rule.DEVICE, Rule.NETWORK}) == "device+network+staff"
