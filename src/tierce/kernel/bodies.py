"""What is wrong with a JSON body that could not be read: a field, and why; never a value of it."""

import json
import re
from typing import Any, Final, TypeVar, get_args

import msgspec

from tierce.kernel.language import Phrase

Shape = TypeVar("Shape")
WHOLE = "body"
"""The field that is named when none of the known ones is at fault."""
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What the decoder raises: the second for bytes that are no UTF-8, of which programs of 1990 still send many, the
third for what is nested a thousand deep."""
_NAME: Final = re.compile(r"[A-Za-z_]{1,40}", re.ASCII)
"""What a field may be called, letters alone: another name may hold a number, and is not repeated."""

_NOT_UTF8 = Phrase("ce n’est pas de l’UTF-8", "this is not UTF-8")
_NOT_AN_OBJECT = Phrase("ce n’est pas un objet JSON", "this is not a JSON object")
_MISSING = Phrase("ce champ manque", "this field is missing")
_WRONG_TYPE = Phrase("ce champ n’est pas du type attendu", "this field is not of the expected type")
_UNKNOWN = Phrase("ce champ n’est pas connu ici", "this field is not known here")
_SOME_UNKNOWN = Phrase("un champ n’est pas connu ici", "a field is not known here")
_TWICE = Phrase("un champ est donné deux fois", "a field is given twice")


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON as it was written: a name may be there more than once."""


def _insist_once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise msgspec.DecodeError(_TWICE.en)


# Numbers stay text: they were read already, and one of five thousand digits is Python's to refuse otherwise.
_once = json.JSONDecoder(object_pairs_hook=_insist_once, parse_int=str, parse_float=str, strict=False)
_written = json.JSONDecoder(object_pairs_hook=_Pairs, parse_int=str, parse_float=str, strict=False)


def decoded(decoder: msgspec.json.Decoder[Shape], body: bytes) -> Shape:
    """Read a body, in which no object gives a name twice: which of the two was meant, nobody can tell.

    The decoder takes the last, and something in between may have read the first (RFC 8259 §4).

    Raises:
        msgspec.DecodeError: or another of UNREADABLE; `fault_of` says why.
    """
    found = decoder.decode(body)
    _once.decode(body.decode())
    return found


def fault_of(body: bytes, shape: type[msgspec.Struct], first: int = 1) -> tuple[str, Phrase]:
    """Name the first field at fault and say why, of a body that is not of this shape; lists count from `first`."""
    try:
        found: Any = msgspec.json.decode(body)
    except UnicodeDecodeError:
        return WHOLE, _NOT_UTF8
    except (msgspec.DecodeError, RecursionError):
        return WHOLE, _NOT_AN_OBJECT
    if not isinstance(found, dict):
        return WHOLE, _NOT_AN_OBJECT
    twice = given_twice(body, first)
    return _fault_in(found, shape, "") if twice is None else (twice, _TWICE)


def given_twice(body: bytes, first: int = 1) -> str | None:
    """The path of the first name that an object of this JSON gives twice; lists count from `first`."""
    found = _twice_in(_written.decode(body.decode()), "", first)
    return found if found is None else found or WHOLE


def _fault_in(found: dict[str, Any], shape: type[msgspec.Struct], at: str) -> tuple[str, Phrase]:
    fields = msgspec.structs.fields(shape)
    for field in fields:
        name = field.encode_name
        if name not in found:
            if field.required:
                return _inside(at, name), _MISSING
            continue
        try:
            msgspec.convert(found[name], field.type)
        except msgspec.ValidationError:
            inner = [kind for kind in get_args(field.type) if msgspec.inspect.is_struct_type(kind)]
            if inner and isinstance(found[name], dict):
                return _fault_in(found[name], inner[0], _inside(at, name))
            return _inside(at, name), _WRONG_TYPE
    unknown = [name for name in found if name not in {field.encode_name for field in fields}]
    if shape.__struct_config__.forbid_unknown_fields and unknown and _NAME.fullmatch(unknown[0]):
        return _inside(at, unknown[0]), _UNKNOWN
    return at or WHOLE, _SOME_UNKNOWN


def _twice_in(found: object, at: str, first: int) -> str | None:
    """The path of the first name that an object gives twice; that of the object where the name is not repeated."""
    if isinstance(found, _Pairs):
        seen = set[str]()
        for name, value in found:
            below = _inside(at, name) if _NAME.fullmatch(name) else at
            if name in seen:
                return below
            seen.add(name)
            if (twice := _twice_in(value, below, first)) is not None:
                return twice
    elif isinstance(found, list):
        for place, value in enumerate(found, start=first):
            if (twice := _twice_in(value, f"{at}[{place}]", first)) is not None:
                return twice
    return None


def _inside(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
