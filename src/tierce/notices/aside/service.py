"""Taking up what was set aside: tried again, or settled because whoever it was for was told by another way."""

import hashlib

from psycopg import Connection

from tierce.incidents.register.rules import journal_number
from tierce.incidents.rules import check_free_text
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.ids import IncidentId
from tierce.notices.aside import store
from tierce.notices.aside.errors import refused
from tierce.notices.aside.model import TakenUp
from tierce.notices.lines import notice_line
from tierce.policy.acts import Act

WHO_CHARACTERS_MAX = 80


def number_in_journal(number: str) -> int:
    """What the line of a message that was taken up has as its `reference`: the beginning of its number's digest."""
    return journal_number(hashlib.sha256(number.encode()).digest())


def take_up(
    connection: Connection, appender: Appender, clock: Clock, number: str, *, settle: bool, by: str, why: str
) -> None:
    """Have one message tried again, or settle it; the line and the row are one transaction.

    Args:
        connection: of role tierce_notices, in autocommit mode.
        appender: of the notices' instance.
        clock: the time.
        number: as `store.aside` gives it.
        settle: whether whoever it was for was told by another way, so that nothing leaves any more.
        by: the name of whoever takes it up.
        why: her reason, in a sentence.

    Raises:
        FreeTextError: a name or a reason is empty, or holds a social security number.
        FieldError: nothing is set aside under this number, or it cannot leave.
    """
    who = f"{check_free_text('by', by, WHO_CHARACTERS_MAX)} : {check_free_text('reason', why)}"
    act = Act.MESSAGE_SETTLED if settle else Act.MESSAGE_AGAIN
    with connection.transaction():
        line = notice_line(appender, act, clock.now(), incident=IncidentId(number_in_journal(number)))
        appender.write(connection, [line])
        found = store.take_up(connection, number, settle=settle, who_why=who)
        if found is not TakenUp.DONE:
            raise refused(found)
