"""Why an insurer that keeps its people itself gives no answer."""

from enum import StrEnum

from tierce.gate.errors import GateError
from tierce.kernel.ids import InsurerId


class InsurerAwayError(GateError):
    """An insurer does not answer for now, whomever one asks about; nothing was looked up, and a deposit is taken."""

    def __init__(self, insurer: InsurerId) -> None:
        """Say which; that an insurer is away is told to whoever names it."""
        super().__init__()
        self.insurer = insurer


class Failure(StrEnum):
    """Why a call gave nothing that can be used; counted, and told to staff alone."""

    SLOW = "slow"
    DOWN = "down"
    STATUS = "status"
    SIZE = "size"
    SIGNATURE = "signature"
    FORM = "form"
    PRODUCT = "product"
    UNASKED = "unasked"
    """There was no time left to ask: the fault is ours."""


class NoAnswerError(Exception):
    """A call gave nothing that can be used; its text never holds what came."""

    def __init__(self, why: Failure, *, heard: bool = False, unsent: bool = False) -> None:
        """Say why, in one of our own words.

        `heard` when the insurer signed it, of this very ask; `unsent` when the ask did not leave.
        """
        super().__init__(why.value)
        self.why = why
        self.heard = heard
        self.unsent = unsent
