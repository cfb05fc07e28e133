"""What an insurer's staff may be refused on an incident's pages."""

from tierce.kernel.errors import TierceError


class BreachPageError(TierceError):
    """An incident's page refused an operation."""


class ReportAddsUpError(BreachPageError):
    """The report's counts do not add up to the list, or more people were told than matched: nothing was taken."""


class NoListError(BreachPageError):
    """No list of this incident was handed over to this insurer yet."""


class KeyRefusedError(BreachPageError):
    """The key, its proof or its confirmation was not accepted."""
