"""What can be wrong with a file of indicators."""

from tierce.kernel.language import Phrase
from tierce.scope.errors import ScopeError


class IndicatorError(ScopeError):
    """A line of indicators cannot be read; nothing was answered."""

    def __init__(self, line: int, field: str, reason: Phrase) -> None:
        """Name the line (from 1) and the field, what is wrong and what to do; the value is not repeated."""
        super().__init__(f"ligne {line}, {field} : {reason.fr} / line {line}, {field}: {reason.en}")
        self.line = line
        self.field = field
        self.reason = reason
