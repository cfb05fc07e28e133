"""Errors of the measurements."""

from tierce.kernel.errors import TierceError


class BenchError(TierceError):
    """A measurement cannot be made here; the message says what is missing and how to get it."""


NOTHING = "rien n’a été mesuré / nothing was measured:"
"""The head of what a command says then."""
