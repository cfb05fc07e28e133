"""What is wrong with a JSON body that could not be read: a field, and why; never a value of it."""

from typing import Any

import msgspec

from tierce.kernel.language import Phrase

WHOLE = "body"
"""The field that is named when none of the known ones is at fault."""
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What the decoder raises: the second for bytes that are no UTF-8, of which programs of 1990 still send many, the
third for what is nested a thousand deep."""

_NOT_UTF8 = Phrase("ce n’est pas de l’UTF-8", "this is not UTF-8")
_NOT_AN_OBJECT = Phrase("ce n’est pas un objet JSON", "this is not a JSON object")
_MISSING = Phrase("ce champ manque", "this field is missing")
_WRONG_TYPE = Phrase("ce champ n’est pas du type attendu", "this field is not of the expected type")
_UNKNOWN = Phrase("un champ n’est pas connu ici", "a field is not known here")


def fault_of(body: bytes, shape: type[msgspec.Struct]) -> tuple[str, Phrase]:
    """Name the first field at fault and say why, of a body that is not of this shape."""
    try:
        found: Any = msgspec.json.decode(body)
    except UnicodeDecodeError:
        return WHOLE, _NOT_UTF8
    except (msgspec.DecodeError, RecursionError):
        return WHOLE, _NOT_AN_OBJECT
    if not isinstance(found, dict):
        return WHOLE, _NOT_AN_OBJECT
    for field in msgspec.structs.fields(shape):
        if field.encode_name not in found:
            if field.required:
                return field.encode_name, _MISSING
            continue
        try:
            msgspec.convert(found[field.encode_name], field.type)
        except msgspec.ValidationError:
            return field.encode_name, _WRONG_TYPE
    return WHOLE, _UNKNOWN
