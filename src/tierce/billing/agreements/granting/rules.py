"""From an agreement and what covers the person to what is promised: pure."""

from collections import Counter

from tierce.billing.agreements.granting.model import Answer, Asking
from tierce.billing.agreements.model import AgreementKind, AgreementState
from tierce.billing.deciding.rules import priced_lines
from tierce.billing.model import InvoiceReason
from tierce.billing.pricing.model import Tables
from tierce.billing.pricing.rules import benefit_on
from tierce.billing.rules import same_care
from tierce.policy.documents import DocumentKind


def grant(asking: Asking, tables: Tables) -> Answer:
    """Decide one agreement.

    A grant promises for months what an engagement promises for care that is given, so that rights must be open on the
    first day of the care. It is priced as an invoice of that day; what it is granted counts against caps on whichever
    day to its last the care may be, so that invoicing it takes no window over its cap.
    A quote is answered as a request would be, and promises nothing. A request that a benefit leaves to a person of
    the insurer waits for her, with all that the rules give reserved: she grants that at most. One that a benefit
    makes subject to documents is granted once they are declared, and reserves meanwhile as a grant does.
    """
    one = asking.agreement
    if one.kind is AgreementKind.REQUEST and _repeats(asking):
        return _refused(InvoiceReason.DUPLICATE, asking)
    if asking.contract_ended is not None and one.care_day > asking.contract_ended:
        return _refused(InvoiceReason.CONTRACT_ENDED, asking)
    if not asking.cover.is_open:
        return _refused(InvoiceReason.RIGHTS_ENDED, asking)
    dues = priced_lines(
        one.lines, asking.history, tables=tables, product=asking.cover.product, domain=one.domain,
        care_day=one.care_day, until_day=asking.until_day,
    )  # fmt: skip
    if isinstance(dues, InvoiceReason):
        return _refused(dues, asking)
    if not any(dues):
        return _refused(InvoiceReason.NO_BENEFIT, asking)
    whole = sum(dues) == sum(line.asked for line in one.lines)
    reason = InvoiceReason.NONE if whole else InvoiceReason.PARTLY
    reviewed, documents = needs_a_person(asking, dues, tables), documents_of(asking, dues, tables)
    if one.kind is AgreementKind.QUOTE:
        why = InvoiceReason.TO_REVIEW if reviewed else reason
        return Answer(AgreementState.QUOTED, why, dues, documents=documents)
    if reviewed:
        return Answer(AgreementState.UNDER_REVIEW, InvoiceReason.NONE, dues, asking.until_day, documents)
    state = AgreementState.SUBJECT_TO_DOCUMENTS if documents else AgreementState.GRANTED
    return Answer(state, reason, dues, asking.until_day, documents)


def needs_a_person(asking: Asking, dues: tuple[int, ...], tables: Tables) -> bool:
    """Whether what one benefit gives, all lines together, reaches what its insurer leaves to one of its people."""
    one, given, least = asking.agreement, Counter[str](), dict[str, int]()
    for line, due in zip(one.lines, dues, strict=True):
        benefit = benefit_on(tables, asking.cover.product.id, one.domain, line.item, one.care_day)
        if benefit is not None and benefit.review_from is not None:
            given[benefit.key] += due
            least[benefit.key] = max(1, benefit.review_from)
    return any(given[key] >= cents for key, cents in least.items())


def documents_of(asking: Asking, dues: tuple[int, ...], tables: Tables) -> tuple[DocumentKind, ...]:
    """The documents that the benefits which give anything for it make a request subject to, each once."""
    one, kinds = asking.agreement, set[DocumentKind]()
    for line, due in zip(one.lines, dues, strict=True):
        benefit = benefit_on(tables, asking.cover.product.id, one.domain, line.item, one.care_day)
        if due and benefit is not None:
            kinds |= set(benefit.documents)
    return tuple(sorted(kinds))


def _repeats(asking: Asking) -> bool:
    """Whether the same is granted to the place for her already, subject to documents or not, or under review."""
    items = [(line.item, line.quantity) for line in asking.agreement.lines]
    return any(same_care(items, one) for one in asking.granted)


def _refused(reason: InvoiceReason, asking: Asking) -> Answer:
    return Answer(AgreementState.REFUSED, reason, (0,) * len(asking.agreement.lines))
