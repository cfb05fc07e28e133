"""A FHIR resource, element by element: what is not read is passed over or refused by name, never by value.

What FHIR lets anybody pass over is passed over; any other element that is not read is refused, so that nobody
believes that it was taken into account, and what is not needed is not sent.
"""

import re
from collections.abc import Collection
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from tierce.kernel.bodies import UNREADABLE, WHOLE, decoded, fault_of
from tierce.kernel.language import Phrase
from tierce.web.fhir.errors import ElementError, Issue

BYTES_MAX: Final = 16_384
REPEATED_MAX: Final = 20
"""How often an element may come; claims say for themselves how many lines."""
PASSED: Final = frozenset({"id", "meta", "language", "text", "extension"})
"""What any element may have, and what nothing is decided by. Not `modifierExtension`: it may change all the rest."""
_NAME: Final = re.compile(r"_?[A-Za-z]{1,40}", re.ASCII)
"""An element's name, letters alone: another one may hold a number, and is not repeated."""

_NOT_READ: Final = Phrase("cet élément n’est pas lu ici", "this element is not read here")
_MISSING: Final = Phrase("cet élément manque", "this element is missing")
_WRONG_TYPE: Final = Phrase(
    "cet élément n’est pas du type que FHIR lui donne", "this element is not of the type that FHIR gives it"
)
_TOO_MANY: Final = Phrase("cet élément est répété trop souvent", "this element is repeated too often")
_TWO_CODES: Final = Phrase("ce système donne deux codes", "this system gives two codes")
_TWO_VALUES: Final = Phrase("deux identifiants sont de cette sorte", "two identifiers are of this kind")
_R4_REMEDY: Final = Phrase("Voyez FHIR R4 (4.0.1), en JSON.", "See FHIR R4 (4.0.1), in JSON.")
_JSON_REMEDY: Final = Phrase(
    "Envoyez une ressource FHIR R4, en JSON et en UTF-8, seule ou dans Parameters.",
    "Send one FHIR R4 resource, in JSON and in UTF-8, bare or in Parameters.",
)


def _number(text: str) -> Decimal:
    """A number as it is written; ValueError, which the decoder words, where it has no end."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(_NO_NUMBER) from None


_NO_NUMBER: Final = "a number has too great an exponent"
_decoder: Final = msgspec.json.Decoder(float_hook=_number)


class _Any(msgspec.Struct):
    """Any object at all."""


class Element:
    """One object of what was sent, and its path."""

    __slots__ = ("_of", "at")

    def __init__(self, at: str, of: dict[str, Any]) -> None:
        """Read `of`, which stands at the path `at`."""
        self.at = at
        self._of = of

    def path(self, name: str) -> str:
        """The path of one of its elements; its own where the name is not one that FHIR could have."""
        return f"{self.at}.{name}" if _NAME.fullmatch(name) else self.at

    def only(self, *read: str, passed: Collection[str] = ()) -> "Element":
        """Refuse an element that is neither read nor passed over.

        Raises:
            ElementError: there is one.
        """
        for name in self._of:
            if name not in read and name not in PASSED and name not in passed:
                known = ", ".join(sorted(read))
                remedy = Phrase(f"Retirez-le ; on lit ici {known}.", f"Leave it out; read here: {known}.")
                if not read:
                    remedy = Phrase("Retirez-le ; on ne lit rien ici.", "Leave it out; nothing is read here.")
                raise ElementError(self.path(name), _NOT_READ, remedy, Issue.STRUCTURE)
        return self

    def has(self, name: str) -> bool:
        """Whether it has this element."""
        return name in self._of

    def text(self, name: str) -> str | None:
        """A string, code, date or address."""
        found: str | None = self._of_type(name, str)
        return found

    def number(self, name: str) -> int | None:
        """A whole number."""
        found: int | None = self._of_type(name, int)
        if isinstance(found, bool):
            raise self.wrong(name)
        return found

    def decimal(self, name: str) -> Decimal | None:
        """A decimal, as it was written."""
        if name not in self._of:
            return None
        found = self._of[name]
        if isinstance(found, bool) or not isinstance(found, int | Decimal):
            raise self.wrong(name)
        return Decimal(found)

    def inner(self, name: str) -> "Element | None":
        """The object that it has under this name."""
        found: dict[str, Any] | None = self._of_type(name, dict)
        return None if found is None else Element(self.path(name), found)

    def needed(self, name: str) -> "Element":
        """The same, which must be there."""
        found = self.inner(name)
        if found is None:
            raise self.missing(name)
        return found

    def each(self, name: str, most: int = REPEATED_MAX) -> list["Element"]:
        """The objects that it has under this name."""
        return [self._entry(name, n, one) for n, one in enumerate(self._list(name, most))]

    def texts(self, name: str, most: int = REPEATED_MAX) -> list[str]:
        """The strings that it has under this name."""
        found = self._list(name, most)
        for n, one in enumerate(found):
            if not isinstance(one, str):
                raise self.wrong(name, n)
        return found

    def one(self, name: str) -> "Element | None":
        """The one object of a list that may have one."""
        found = self.each(name, 1)
        return found[0] if found else None

    def missing(self, name: str) -> ElementError:
        """What says that an element is not there."""
        remedy = Phrase("Ajoutez-le ; voyez l’exemple de la page fhir.md.", "Add it; see the example of fhir.md.")
        return ElementError(self.path(name), _MISSING, remedy, Issue.REQUIRED)

    def wrong(self, name: str, place: int | None = None) -> ElementError:
        """What says that an element is of another type."""
        at = self.path(name) if place is None else f"{self.path(name)}[{place}]"
        return ElementError(at, _WRONG_TYPE, _R4_REMEDY, Issue.STRUCTURE)

    def _of_type(self, name: str, kind: type) -> Any:  # noqa: ANN401 - of the kind that is given
        if name not in self._of:
            return None
        found = self._of[name]
        if not isinstance(found, kind):
            raise self.wrong(name)
        return found

    def _list(self, name: str, most: int) -> list[Any]:
        found: list[Any] | None = self._of_type(name, list)
        if found is None:
            return []
        if not found:
            raise self.wrong(name)
        if len(found) > most:
            remedy = Phrase(f"{most} au plus ; une demande porte sur une personne et un domaine.",
                            f"{most} at most; one request is about one person and one domain.")  # fmt: skip
            raise ElementError(self.path(name), _TOO_MANY, remedy, Issue.STRUCTURE)
        return found

    def _entry(self, name: str, place: int, value: object) -> "Element":
        if not isinstance(value, dict):
            raise self.wrong(name, place)
        return Element(f"{self.path(name)}[{place}]", value)


def _placed(field: str, kind: str) -> str:
    """The path of a field at fault, as that of any other element of the resource or of Parameters."""
    inner = field.removeprefix("parameter[0].resource.")
    if inner == WHOLE:
        return WHOLE
    return f"{'Parameters' if inner.partition('[')[0] == 'parameter' else kind}.{inner}"


def read_resource(body: bytes, kind: str) -> Element:
    """The one resource of what was sent: itself, or the parameter `resource` of Parameters.

    Raises:
        ElementError: it is none, or of another kind.
    """
    try:
        found: Any = decoded(_decoder, body)
    except UNREADABLE:
        field, reason = fault_of(body, _Any, first=0)
        raise ElementError(_placed(field, kind), reason, _JSON_REMEDY, Issue.STRUCTURE) from None
    if not isinstance(found, dict):
        field, reason = fault_of(body, _Any, first=0)
        raise ElementError(field, reason, _JSON_REMEDY, Issue.STRUCTURE)
    if found.get("resourceType") == "Parameters":
        given = Element("Parameters", found).only("resourceType", "parameter").one("parameter")
        if given is None:
            raise Element("Parameters", found).missing("parameter")
        if given.only("name", "resource").text("name") != "resource":
            remedy = Phrase("Un seul paramètre, nommé resource.", "One parameter, named resource.")
            raise ElementError(given.path("name"), _NOT_READ, remedy, Issue.UNSUPPORTED)
        found = given.needed("resource")._of
    if found.get("resourceType") != kind:
        reason = Phrase("cette ressource n’est pas celle de cette adresse", "this address takes another resource")
        raise ElementError(
            "resourceType", reason, Phrase(f"Envoyez {kind}.", f"Send {kind}."), Issue.STRUCTURE
        )  # fmt: skip
    return Element(kind, found)


def code_of(concept: Element, system: str) -> tuple[str, str] | None:
    """The one code of a system in a CodeableConcept, with its path; codings of other systems are passed over.

    Raises:
        ElementError: there are two of this system.
    """
    codings = concept.only("coding").each("coding")
    return _one_of(codings, {system}, "code", _TWO_CODES, passed=("version", "display", "userSelected"))


def value_of(identifiers: list[Element], systems: Collection[str]) -> tuple[str, str] | None:
    """The one value among identifiers that is of these systems, with its path; others are passed over.

    Raises:
        ElementError: there are two.
    """
    return _one_of(identifiers, systems, "value", _TWO_VALUES, passed=("use", "type", "period", "assigner"))


def _one_of(
    given: list[Element], systems: Collection[str], name: str, two: Phrase, *, passed: Collection[str]
) -> tuple[str, str] | None:
    found: tuple[str, str] | None = None
    for one in given:
        one.only("system", name, passed=passed)
        if one.text("system") not in systems:
            continue
        if found is not None:
            raise ElementError(one.at, two, Phrase("Gardez-en un.", "Keep one."), Issue.STRUCTURE)
        value = one.text(name)
        if value is None:
            raise one.missing(name)
        found = value, one.path(name)
    return found


def is_active(resource: Element) -> None:
    """Hold a request to the one status in which it asks for something.

    Raises:
        ElementError: it has another.
    """
    if resource.text("status") is None:
        raise resource.missing("status")
    if resource.text("status") != "active":
        reason = Phrase("cette demande n’est pas en cours", "this request is not active")
        raise ElementError(resource.path("status"), reason, Phrase("Donnez active.", "Give active."), Issue.CODE)
