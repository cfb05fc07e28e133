"""The look shared by every site: words in two languages, page frame, formats, headers, static files.

A site takes `pages_of` its folder at start (``templates/``, ``static/``, ``words.toml``), renders with
`Pages.page`, and puts `SecurityHeaders` and `Pages.static_handlers` in
its application.
"""

from tierce.web.look.choice import choose_language, language_cookie
from tierce.web.look.errors import LookError, UnknownWordError, WordsError
from tierce.web.look.headers import SecurityHeaders
from tierce.web.look.pages import Frame, Hotline, Link, Pages, pages_of
from tierce.web.look.words import Words

__all__ = [
    "Frame",
    "Hotline",
    "Link",
    "LookError",
    "Pages",
    "SecurityHeaders",
    "UnknownWordError",
    "Words",
    "WordsError",
    "choose_language",
    "language_cookie",
    "pages_of",
]
