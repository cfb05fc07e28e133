"""Reads XML that somebody outside wrote: as a stream, without a document type, an entity or the network, in bounds.

Expat is told to refuse a document type before it reads one: no entity is ever declared, so none can grow or fetch.
"""

from typing import Final, Protocol
from xml.parsers import expat

from tierce.billing.settlement.replies.errors import BankFileError
from tierce.kernel.language import Phrase

FILE_BYTES_MAX: Final = 256 * 2**20
CHUNK_BYTES: Final = 64 * 2**10
PENDING_BYTES_MAX: Final = 2**20
"""Bytes of one tag, comment or run of text: Expat reads what is not ended anew with each chunk."""
TEXT_CHARS_MAX: Final = 4_096
DEPTH_MAX: Final = 40
_SEPARATOR: Final = "\n"


class Chunks(Protocol):
    """What a document is read from."""

    def read(self, most: int, /) -> bytes:
        """So many bytes at most; none at the end."""


class Reader(Protocol):
    """What is told of a document's own namespace; paths are of local names, from below the root."""

    def start(self, path: str) -> None:
        """An element begins."""

    def leaf(self, path: str, text: str, currency: str) -> None:
        """An element that holds none has ended."""

    def end(self, path: str) -> None:
        """An element that holds others has ended."""


def wrong(where: str, fr: str, en: str, remedy_fr: str, remedy_en: str) -> BankFileError:
    """Make an error of a file."""
    return BankFileError(where, Phrase(fr, en), Phrase(remedy_fr, remedy_en))


class Stream:
    """One document, given to the reader that its namespace has."""

    def __init__(self, readers: dict[str, Reader]) -> None:
        """Namespaces that are read here, and by whom."""
        self._readers = readers
        self._namespace = ""
        self._paths: list[str] = []
        self._whole: list[bool] = []
        """Of each open element, whether it has held no other so far."""
        self._text: list[str] = []
        self._chars = 0
        self._currency = ""
        self._parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._no_doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data

    @property
    def line(self) -> int:
        """The line that is read."""
        return self._parser.CurrentLineNumber

    @property
    def namespace(self) -> str:
        """The document's own."""
        return self._namespace

    def read(self, file: Chunks) -> None:
        """Read it all.

        Raises:
            BankFileError: it is no XML, not a message that is read here, or past a bound.
        """
        taken = 0
        try:
            while chunk := file.read(CHUNK_BYTES):
                taken += len(chunk)
                if taken > FILE_BYTES_MAX:
                    raise self._error(
                        "le fichier est trop long.", "the file is too long.",
                        "Demandez à la banque un relevé par jour.", "Ask the bank for a statement a day.",
                    )  # fmt: skip
                self._parser.Parse(chunk, False)
                if taken - self._parser.CurrentByteIndex > PENDING_BYTES_MAX:
                    raise self._error("un élément ne finit pas.", "an element does not end.", *_AGAIN)
            self._parser.Parse(b"", True)
        except expat.ExpatError:
            raise self._error("ce n’est pas du XML entier.", "this is not whole XML.", *_AGAIN) from None
        except (LookupError, ValueError):  # an encoding that Python has not
            raise self._error("son codage n’est pas lu.", "its encoding is not read.", *_AGAIN) from None

    def _error(self, fr: str, en: str, remedy_fr: str, remedy_en: str) -> BankFileError:
        return wrong(f"ligne / line {self.line}", fr, en, remedy_fr, remedy_en)

    def _no_doctype(self, *_said: object) -> None:
        raise self._error(
            "un type de document y est déclaré ; aucun n’est lu.", "it declares a document type; none is read.",
            *_AGAIN,
        )  # fmt: skip

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(_SEPARATOR)
        if not self._paths:
            if local != "Document" or space not in self._readers:
                raise self._error(
                    "ce n’est ni un pain.002.001.10 ni un camt.053.001.08.",
                    "this is neither a pain.002.001.10 nor a camt.053.001.08.",
                    "Demandez ces versions à la banque.", "Ask the bank for these versions.",
                )  # fmt: skip
            self._namespace = space
        if len(self._paths) >= DEPTH_MAX:
            raise self._error("il est trop profond.", "it is too deep.", *_AGAIN)
        if self._whole:
            self._whole[-1] = False
        # What another namespace adds has a name that no path has.
        name = local if space == self._namespace else "?"
        self._paths.append(f"{self._paths[-1]}/{name}" if len(self._paths) > 1 else name if self._paths else "")
        self._whole.append(True)
        self._text, self._chars = [], 0
        self._currency = attributes.get("Ccy", "")
        self._readers[self._namespace].start(self._paths[-1])

    def _data(self, text: str) -> None:
        if not self._paths:
            return
        self._chars += len(text)
        if self._chars > TEXT_CHARS_MAX:
            raise self._error("un texte est trop long.", "a text is too long.", *_AGAIN)
        self._text.append(text)

    def _end(self, _name: str) -> None:
        path, leaf = self._paths.pop(), self._whole.pop()
        reader = self._readers[self._namespace]
        if leaf:
            reader.leaf(path, "".join(self._text).strip(), self._currency)
        else:
            reader.end(path)
        self._text, self._chars, self._currency = [], 0, ""


_AGAIN: Final = ("Reprenez-le auprès de la banque.", "Take it from the bank again.")
