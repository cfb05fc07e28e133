"""Runs several pieces of work over one connection; one that fails stops no other."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Connected(Protocol):
    """A connection that may be lost."""

    @property
    def closed(self) -> bool:
        """Whether it is."""


class EachAlone:
    """Lets each piece of work fail alone; the first failure is raised once all of them were tried."""

    def __init__(self, connection: Connected, ends: tuple[type[Exception], ...] = ()) -> None:
        """Work over an autocommit connection, which every piece needs: once it is lost, nothing more is tried.

        So it is after an error of `ends`, of something else that every piece needs.
        """
        self._connection, self._ends = connection, ends
        self._first: Exception | None = None

    @contextmanager
    def one(self) -> Iterator[None]:
        """Do one piece of work."""
        try:
            yield
        except Exception as error:
            if self._connection.closed or isinstance(error, self._ends):
                raise
            self._first = self._first or error

    def done(self) -> None:
        """Raise the first failure, if there was one."""
        if self._first is not None:
            raise self._first
