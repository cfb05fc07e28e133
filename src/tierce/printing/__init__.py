"""Accessible PDF from data and a template: tagged, with its language and title, and no font of the machine's.

`pdf("letter", data)` is all that most callers need. A template is a file of `templates/`, ours; what it sets is
data, and data is text whatever it holds.
"""

from tierce.printing.batch import print_all
from tierce.printing.errors import PrintingError, UnprintableError
from tierce.printing.press import pdf

__all__ = ["PrintingError", "UnprintableError", "pdf", "print_all"]
