"""Why a question about rights cannot be asked."""

from tierce.kernel.errors import FieldError


class QuestionError(FieldError):
    """A field of the question is missing or malformed; the message never repeats its value."""
