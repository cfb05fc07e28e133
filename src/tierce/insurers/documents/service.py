"""An insurer's staff read what was declared for agreements of their own people, each page after its line."""

from dataclasses import dataclass

from psycopg import Connection

from tierce.identity.model import InsurerCaller
from tierce.insurers.documents import store
from tierce.insurers.documents.model import Subjects
from tierce.insurers.lines import InsurerLines
from tierce.policy.acts import Act
from tierce.policy.agreements import PAGE_ROWS


@dataclass(frozen=True, slots=True)
class InsurerDocuments:
    """Over connections of role tierce_insurers in autocommit mode."""

    lines: InsurerLines
    page_rows: int = PAGE_ROWS

    def listed(
        self, connection: Connection, caller: InsurerCaller, handle: bytes, after: int | None = None
    ) -> Subjects:
        """One page of them, the newest first, with how they all stand."""
        line = self.lines.commit(connection, caller, Act.INSURER_DOCUMENTS)
        rows = store.listed(connection, handle, line, after, self.page_rows + 1)
        page = rows[: self.page_rows]
        following = page[-1].id if len(rows) > self.page_rows else None
        return Subjects(page, store.counted(connection, handle, line), following)
