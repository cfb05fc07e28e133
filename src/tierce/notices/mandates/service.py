"""Writing a mandate down."""

from datetime import date

from psycopg import Connection

from tierce.incidents.rules import check_free_text
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.errors import FieldError
from tierce.kernel.ids import InsurerId
from tierce.kernel.language import Phrase
from tierce.notices.lines import notice_line
from tierce.notices.mandates import store
from tierce.notices.mandates.model import Mandate, Written
from tierce.policy.acts import Act

DOCUMENT_CHARACTERS_MAX = 200


def write_mandate(
    connection: Connection,
    appender: Appender,
    clock: Clock,
    *,
    insurer: InsurerId,
    mandate: Mandate,
    document: str,
    from_day: date,
    until_day: date | None = None,
) -> Written:
    """Write a mandate down with its journal line, in one transaction of an autocommit connection.

    Raises:
        FieldError: the document has no reference, or the last day comes before the first.
    """
    if until_day is not None and until_day < from_day:
        raise FieldError(
            "until",
            Phrase("Le dernier jour précède le premier.", "The last day is before the first."),
            Phrase("Corrigez l’une des deux dates.", "Correct one of the two dates."),
        )
    paper = check_free_text("document", document, DOCUMENT_CHARACTERS_MAX)
    one = Written(insurer, mandate, paper, from_day, until_day, clock.now())
    with connection.transaction():
        (seq,) = appender.write(
            connection, [notice_line(appender, Act.NOTICE_MANDATE, one.written_at, insurer=insurer)]
        )
        store.add(connection, one, seq)
    return one
