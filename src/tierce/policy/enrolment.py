"""Who becomes a client and who may stand in for one: the bounds, also written in storage/sql/directory.sql."""

from typing import Final

SUBSTITUTION_DAYS_MAX: Final = 92
"""The longest substitution, both ends counted: a quarter; a longer one is declared again."""
SUBSTITUTION_AHEAD_DAYS_MAX: Final = 180
"""How far ahead a substitution may be declared."""
SUBSTITUTES_AT_ONCE_MAX: Final = 2
"""Substitutes of one professional whose days overlap: a stolen account must not let a crowd in."""
APPLICATIONS_A_SIGN_IN_MAX: Final = 20
"""Places for which one sign-in applies at once."""
