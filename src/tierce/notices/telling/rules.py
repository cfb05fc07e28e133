"""When a warning goes to the next contact, when it is tried again, and what the e-mail says; pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from tierce.kernel.clock import PARIS
from tierce.kernel.language import Language
from tierce.kernel.saying import say_date
from tierce.notices.deliveries.mail import plain
from tierce.notices.deliveries.model import Verdict
from tierce.notices.deliveries.rules import ATTEMPTS_MAX, FIRST_WAIT, wait_after
from tierce.notices.model import Document, Operator
from tierce.notices.telling.model import ContactPoint, InsurerWarning

ESCALATE_AFTER: Final = timedelta(hours=2)
"""Without an acknowledgement, the next contact is warned so long after the notice left, or should have left."""
TEST_EVERY: Final = timedelta(days=92)
"""A chain of contacts is tested each quarter."""


_RULE: Final = "* * *"


def after_refusal(verdict: Verdict, tries: int, at: datetime) -> tuple[int, datetime]:
    """What a refusal makes of a warning that was tried `tries` times before: how many that counts now, and the next.

    As for messages to people (`deliveries.rules`): later, or never again for an address that does not exist. What
    refuses us, or cannot be reached, says nothing of the contact and does not count: its chain is kept for when the
    relay is back.
    """
    if verdict is Verdict.GIVE_UP:
        return ATTEMPTS_MAX, at
    if verdict is Verdict.HALT:
        return tries, at + FIRST_WAIT
    return tries + 1, at + (wait_after(tries + 1) or timedelta())


def next_contact(
    warnings: Iterable[InsurerWarning], chain: Iterable[ContactPoint], now: datetime
) -> ContactPoint | None:
    """Whom to warn next of an unacknowledged notice; None while the last one has time, or when all were warned."""
    sent, chain = sorted(warnings, key=lambda one: one.step), list(chain)
    last = sent[-1]
    replaced = all(one.id != last.contact for one in chain)
    given_up = last.contact is None or (last.sent_at is None and (replaced or last.tries >= ATTEMPTS_MAX))
    late = now - (last.sent_at or last.due_at) >= ESCALATE_AFTER
    if not (given_up or late):
        return None
    warned = {one.contact for one in sent}
    return next((one for one in sorted(chain, key=lambda one: one.position) if one.id not in warned), None)


def is_test_due(contact: ContactPoint, now: datetime) -> bool:
    """Whether a contact was not reached by a test in the last quarter."""
    return contact.tested_at is None or now - contact.tested_at > TEST_EVERY


def mail_text(document: Document, site: str) -> str:
    """A notice as plain text, French then English: what is asked first, in words and with no link, then the text."""
    french, english = (plain(document, language) for language in (Language.FR, Language.EN))
    return (
        f"Accusez réception sur le site des organismes, {site}, que vous connaissez déjà.\n"
        f"In English below. Acknowledge it on the insurers’ site, {site}, which you already know.\n\n"
        f"{french}\n{_RULE}\n\n{english}"
    )


def test_text(operator: Operator, number: int, at: datetime, site: str) -> str:
    """A test of the chain: it says that it is one, its date, and asks for the same acknowledgement."""
    day = say_date(at.astimezone(PARIS).date())
    return (
        f"Ceci est un essai, nº {number}, du {day.fr}. Aucune donnée n’est concernée.\n"
        f"{operator.name} vérifie qu’une notification vous parviendrait. Accusez réception sur le site des "
        f"organismes, {site}, que vous connaissez déjà.\n\n"
        f"This is a test, no. {number}, of {day.en}. No data is concerned.\n"
        f"{operator.name} checks that a notice would reach you. Acknowledge it on the insurers’ site, {site}, which "
        "you already know.\n"
    )
