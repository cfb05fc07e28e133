"""What a wish may be refused for."""

from enum import StrEnum

from tierce.persons.errors import PersonsError


class WishReason(StrEnum):
    """Why; words of the page are named by them."""

    NOT_OFFERED = "not_offered"
    TOO_OFTEN = "too_often"
    WRONG_CODE = "wrong_code"
    TOO_LATE = "too_late"


class WishRefusedError(PersonsError):
    """A wish to be told is not kept: nobody sends, it was asked for too often, or the code is not the one."""

    def __init__(self, reason: WishReason) -> None:
        """Say why."""
        super().__init__(reason.value)
        self.reason = reason
