"""One template and its data become one PDF, by typst, in this process.

Templates never build markup from data: values reach them as one string of JSON, `data`, and are set as strings, so
a name that looks like typst code is printed as it is. Nothing of the machine is read while printing: the fonts are
those inside the typesetter, no package is loaded, the time of making is not written. The same data give the same
bytes.

The string stands in the source's first line, and not among the typesetter's inputs: the typesetter remembers what it
has set, and other inputs make it forget everything, even paragraphs that the next letter has word for word.
"""

import json
import re
import threading
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import typst

from tierce.kernel.saying import fixed_french
from tierce.printing.errors import PrintingError, UnprintableError

STANDARD: Final = "ua-1"
"""PDF/UA-1 (ISO 14289-1): what a screen reader can count on. The typesetter refuses what would break it."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_LOCALE: Final = {"fr": "FR", "en": "GB"}
# Control characters have no shape; the marks that turn the direction of writing could make a name read as another.
_UNSEEN: Final = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_UNDRAWN: Final = "could not be displayed"


class Press:
    """One typesetter with one template, kept between letters: fonts are loaded once. One thread at a time."""

    def __init__(self, template: str) -> None:
        """Open a template by name.

        Raises:
            PrintingError: there is none of that name.
        """
        if not _NAME.fullmatch(template):
            msg = (
                "un modèle se nomme en minuscules, chiffres et _ / "
                "a template is named by lower-case letters, digits and _"
            )
            raise PrintingError(msg)
        source = files("tierce.printing").joinpath("templates", f"{template}.typ")
        if not source.is_file():
            msg = f"aucun modèle ne s’appelle « {template} » / no template is called '{template}'"
            raise PrintingError(msg)
        self._template = template
        self._source = source.read_bytes()
        fonts = typst.Fonts(include_system_fonts=False)
        self._compiler = typst.Compiler(font_paths=fonts, ignore_system_fonts=True)
        self._turn = threading.Lock()

    def pdf(self, data: Mapping[str, object]) -> bytes:
        """Set one document; see `pdf` below."""
        try:
            values = {**data, "region": _LOCALE[str(data["language"])], "title": str(data["title"])}
        except KeyError as error:
            msg = (
                f"{self._template} : un document a besoin de sa langue (fr, en) et de son titre / "
                f"{self._template}: a document needs its language (fr, en) and its title"
            )
            raise PrintingError(msg) from error
        source = (
            b"#let data = "
            + _literal(json.dumps(_seen(values, french=values["language"] == "fr")))
            + b"\n"
            + self._source
        )
        try:
            with self._turn:
                made = self._compiler.compile(input=source, format="pdf", pdf_standards=[STANDARD], timestamp=0)
        except typst.TypstError as error:
            # The typesetter quotes what it could not draw, and that may be a name: its words stay here.
            if _UNDRAWN in error.message:
                raise UnprintableError from None
            msg = f"{self._template} : le compositeur refuse / the typesetter refuses: {error.message[:200]}"
            raise PrintingError(msg) from None
        assert isinstance(made, bytes)
        return made


def _literal(text: str) -> bytes:
    """JSON in ASCII as a string of the template's language; JSON writes no line end or control character as it is."""
    return b'"' + text.encode("ascii").replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _seen(value: object, *, french: bool) -> object:
    """Take out of every text what has no shape on paper, and let no French line begin with a colon."""
    if isinstance(value, str):
        text = _UNSEEN.sub("", value)
        return fixed_french(text) if french else text
    if isinstance(value, Mapping):
        return {str(key): _seen(one, french=french) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_seen(one, french=french) for one in value]
    return value


@cache
def press(template: str) -> Press:
    """The press of this process for a template."""
    return Press(template)


def pdf(template: str, data: Mapping[str, object]) -> bytes:
    """Print one document as PDF/UA-1.

    Args:
        template: a file of `printing/templates`, without its ending.
        data: what the template sets: strings, numbers, booleans, and lists and mappings of them. `language` (``fr``
            or ``en``) and `title` are always needed; they go into the document's properties too.

    Raises:
        PrintingError: no such template, or a value it needs is missing.
        UnprintableError: a character that our fonts do not have.
    """
    return press(template).pdf(data)
