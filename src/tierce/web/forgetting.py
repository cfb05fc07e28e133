"""Keep nothing of a request in memory once it is answered, in every process that serves pages or answers.

The framework keeps the last 1,024 forms, cookies and addresses that it read, each with what it held: a person's
number as a professional typed it, the handle of a session. Each is read once; it is not kept.
"""

import sys

from litestar import _parsers


def keep_no_request() -> None:
    """Have the framework read forms, cookies and addresses anew each time; safe to call again."""
    for name in _parsers.__all__:
        kept = getattr(_parsers, name)
        plain = getattr(kept, "__wrapped__", kept)
        for module in [one for place, one in sys.modules.items() if place.startswith("litestar")]:
            if getattr(module, name, None) is kept:
                setattr(module, name, plain)
