"""An insurer's staff review requests: each reading after its line, each answer with its line in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass

from psycopg import Connection

from tierce.identity.model import InsurerCaller
from tierce.insurers.lines import InsurerLines
from tierce.insurers.reviews import store
from tierce.insurers.reviews.errors import (
    NotGrantedNowError,
    ReviewGoneError,
    ReviewsClosedError,
    ReviewsUsedUpError,
    ReviewUnreadError,
)
from tierce.insurers.reviews.model import Answer, Kept, Review, Shown, Waits
from tierce.kernel.errors import TierceError
from tierce.policy.acts import Act
from tierce.policy.agreements import PAGE_ROWS

_UNSHOWN: dict[Shown, type[TierceError]] = {
    Shown.GONE: ReviewGoneError,
    Shown.CLOSED: ReviewsClosedError,
    Shown.USED_UP: ReviewsUsedUpError,
}
_UNKEPT: dict[Kept, type[TierceError]] = {
    Kept.GONE: ReviewGoneError,
    Kept.NOT_NOW: NotGrantedNowError,
    Kept.CLOSED: ReviewsClosedError,
    Kept.UNREAD: ReviewUnreadError,
}


def _no_step() -> None:
    """Do nothing: production."""


@dataclass(frozen=True, slots=True)
class Reviews:
    """Over connections of role tierce_insurers in autocommit mode."""

    lines: InsurerLines
    page_rows: int = PAGE_ROWS
    step: Callable[[], None] = _no_step
    """Called between an answer's line and the answer; tests of two at once meet there."""

    def waiting(
        self, connection: Connection, caller: InsurerCaller, handle: bytes, after: int | None = None
    ) -> Waits:
        """One page of what waits for its people, the oldest first."""
        line = self.lines.commit(connection, caller, Act.INSURER_REVIEW_READ)
        rows, number = store.waiting(connection, handle, line, after, self.page_rows + 1)
        page = tuple(rows[: self.page_rows])
        return Waits(page, number, page[-1].id if len(rows) > self.page_rows else None)

    def read(self, connection: Connection, caller: InsurerCaller, handle: bytes, number: int) -> Review:
        """One request, counted among those of her day.

        Raises:
            ReviewGoneError, ReviewsClosedError, ReviewsUsedUpError.
        """
        line = self.lines.commit(connection, caller, Act.INSURER_REVIEW_READ, number)
        shown, found = store.read(connection, handle, line, number)
        if found is None:
            raise _UNSHOWN[shown]
        return found

    def decide(
        self, connection: Connection, caller: InsurerCaller, handle: bytes, number: int, answer: Answer
    ) -> None:
        """Grant or refuse one, once; whoever comes second leaves no line.

        Raises:
            ReviewGoneError, NotGrantedNowError, ReviewsClosedError, ReviewUnreadError.
        """
        with connection.transaction():
            line = self.lines.write(connection, caller, Act.INSURER_REVIEW_DECIDE, number)
            self.step()
            kept = store.decide(connection, handle, number, answer, line)
            if kept is not Kept.YES:
                raise _UNKEPT[kept]
