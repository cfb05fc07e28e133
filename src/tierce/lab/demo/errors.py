"""What can stop a demonstration."""

from tierce.kernel.errors import TierceError


class DemoError(TierceError):
    """The demonstration cannot go on."""


class BeatError(DemoError):
    """A beat did not show what it must show."""

    def __init__(self, beat: int, what: str) -> None:
        """Name the beat, 1 to 5, and what was expected."""
        super().__init__(f"beat {beat}: {what}")
        self.beat = beat
