"""What the framework reads of a handler's signature, once for each function of the source.

A process of ours makes its application once; tests make some thousands in one process, each of the same functions,
and to read their annotations again was a third of what an application took.
"""

from types import CodeType
from typing import Any

from litestar.types import AnyCallable
from litestar.utils.signature import ParsedSignature

_read: dict[CodeType, tuple[tuple[Any, ...], dict[str, Any] | None, ParsedSignature | None]] = {}
_anew = ParsedSignature.from_fn


def read_handlers_once() -> None:
    """Have the framework keep what it read; safe to call again."""
    ParsedSignature.from_fn = _known_or_read  # type: ignore[method-assign] # it is the framework's, called by nobody else


def _known_or_read(fn: AnyCallable, signature_namespace: dict[str, Any]) -> ParsedSignature:
    """What was read of this function: the same code, with the same annotations, and no default of its own."""
    code = getattr(fn, "__code__", None)
    if code is None or fn.__defaults__ or fn.__kwdefaults__:
        return _anew(fn, signature_namespace)
    said = tuple(fn.__annotations__.items())
    before, named, parsed = _read.get(code, ((), None, None))
    same = len(before) == len(said) and all(one[1] is two[1] for one, two in zip(before, said, strict=True))
    if parsed is not None and same and named == signature_namespace:
        return parsed
    parsed = _anew(fn, signature_namespace)
    _read[code] = said, signature_namespace, parsed
    return parsed
