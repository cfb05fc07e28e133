"""How large a day's difference of the directory may be before a human looks.

A truncated or wrong file must never silence thousands of professionals, nor let thousands in: above one of these, the
whole file is refused and the number of differences is printed; whoever has looked repeats that number.
"""

from typing import Final

ENDED_PERCENT_MAX: Final = 5
"""Activities, professionals or establishments that a file would end, of those now listed."""
RENAMED_PERCENT_MAX: Final = 2
"""Professionals whose name changes, or establishments: a shifted column renames everybody."""
NEW_PERCENT_MAX: Final = 10
"""Activities, professionals or establishments that a file would add, once the directory is not empty."""
REFUSED_PERCENT_MAX: Final = 1
"""Lines that could not be read."""
DIFFERENCES_MIN: Final = 50
"""Below so many nothing is suspected."""
