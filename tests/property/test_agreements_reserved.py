"""What is paid and what is reserved never hold more than a cap together, whenever each grant is invoiced.

What a person reviews is reserved whole until she answers, and then as she granted it. What is granted subject to
documents is reserved until they are declared, and then as a grant, or until their day has passed.
"""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tierce.billing.deciding.model import Product
from tierce.billing.deciding.rules import priced_lines
from tierce.billing.model import InvoiceLine
from tierce.billing.pricing.model import Basket, Benefit, Cap, Formula, Measure, Past, Tariff
from tierce.billing.pricing.rules import before
from tierce.billing.pricing.store import tables_of
from tierce.kernel.care import Domain
from tierce.kernel.language import Phrase

DAY, HOLDS, MONTHS, CENTS = 20_785, 183, 12, 6_000
TABLES = tables_of(
    [
        Tariff(
            item="LENS", domain=Domain.OPTI, basket=Basket.NONE, base=100, rate=600, ceiling=None, whole_tm=False,
            least=None, most=None, label=Phrase("verre", "lens"), from_day=0, until_day=99_999,
        )
    ],
    [
        Benefit(
            product=1, domain=Domain.OPTI, item=None, formula=Formula(Measure.REAL), cap=Cap(MONTHS, cents=CENTS),
            from_day=0, until_day=99_999,
        )
    ],
    1,
)  # fmt: skip
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["grant", "subject", "declare", "lapse", "review", "answer", "silence", "invoice", "quote-it", "give-up"]
        ),
        st.integers(0, 900),
        st.integers(200, 9_000),
        st.integers(0, 50),
    ),
    max_size=18,
)


def given_for(cents: int, day: int, until: int | None, history: list[Past]) -> int:
    dues = priced_lines(
        (InvoiceLine("LENS", 1, cents, 60, cents - 60),), history, tables=TABLES,
        product=Product(1, responsible=False), domain=Domain.OPTI, care_day=day, until_day=until,
    )  # fmt: skip
    assert isinstance(dues, tuple)
    return dues[0]


def fullest(history: list[Past]) -> int:
    """The most that any twelve months may hold, each grant on the worst of its days."""
    return max(
        (
            sum(one.due for one in history if one.care_day <= end and one.last_day > before(end, MONTHS))
            for end in {day for one in history for day in (one.care_day, one.last_day)}
        ),
        default=0,
    )


@settings(max_examples=120)
@given(STEPS)
def test_paid_and_reserved_stay_within_the_cap(steps: list[tuple[str, int, int, int]]) -> None:
    paid: list[Past] = []
    granted: list[Past] = []
    reviewed: list[Past] = []
    subject: list[Past] = []
    for what, after, cents, which in steps:
        day = DAY + after
        match what:
            case "subject" if due := given_for(cents, day, day + HOLDS, paid + granted + reviewed + subject):
                subject.append(Past("LENS", day, 1, due, day + HOLDS))
            case "declare" if subject:
                granted.append(subject.pop(which % len(subject)))
            case "lapse" if subject:
                subject.pop(which % len(subject))
            case "review" if due := given_for(cents, day, day + HOLDS, paid + granted + reviewed + subject):
                reviewed.append(Past("LENS", day, 1, due, day + HOLDS))
            case "answer" if reviewed:
                one = reviewed.pop(which % len(reviewed))
                granted.append(replace(one, due=one.due - one.due * which // 50))
            case "silence" if reviewed:
                reviewed.pop(which % len(reviewed))
            case "grant" if due := given_for(cents, day, day + HOLDS, paid + granted + reviewed + subject):
                granted.append(Past("LENS", day, 1, due, day + HOLDS))
            case "invoice" if due := given_for(cents, day, None, paid + granted + reviewed + subject):
                paid.append(Past("LENS", day, 1, due))
            case "quote-it" if granted:
                one = granted.pop(which % len(granted))
                paid.append(replace(one, care_day=one.care_day + which * 3, until_day=None))
            case "give-up" if granted:
                granted.pop(which % len(granted))
        assert fullest(paid + granted + reviewed + subject) <= CENTS
