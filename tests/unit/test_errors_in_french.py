"""An error says what it says in both languages, French first, unless a page or the API words it."""

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tierce.kernel.errors import FieldError, TierceError

SOURCE = Path(__file__).parents[2] / "src"
FIELD_NAME = re.compile(r"[a-z_]+")
"""What a form's errors are raised with first: the field, and then a phrase, which has both languages."""
LETTER = re.compile(r"[^\W\d_]")
PAGED = {"billing", "deposits", "gate", "identity", "insurers", "persons", "presence", "rights", "web"}
"""Slices that speak by a page or the API: of the others, a command may print the error itself."""
WITHIN = {"AlikeError", "BehindError", "CoverGoneError", "NumberGoneError"}
"""Caught by whoever called, and told to nobody as they are."""

INNER = {
    "EntryFieldError": "our own code fills the fields of a line: nobody can type one",
    "WordsError": "a catalogue of ours is wrong: each is loaded by a unit test before it can be delivered",
    "UnknownWordError": "a template of ours asks for a key that is in no catalogue: a unit test finds it",
    "ApiUnreachableError": "goes to the log; the portal's own page says that the service is away",
}
"""Whose messages no user can meet, and why."""
WORKSHOP, VISITED = "tierce.lab.", "tierce.lab.demo."
"""The laboratory and its measures: tools of whoever develops, beside figures in English. The demonstration is not."""


@cache
def parsed() -> dict[str, ast.Module]:
    return {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            path.read_text("utf-8")
        )
        for path in SOURCE.rglob("*.py")
    }


@cache
def classes() -> dict[str, list[type[TierceError]]]:
    """Every error of ours by its name: two slices may each have one of it."""
    found: dict[str, list[type[TierceError]]] = {}
    for name, tree in parsed().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name.endswith(("Error", "Refused")):
                one = vars(importlib.import_module(name))[node.name]
                if issubclass(one, TierceError) and not issubclass(one, FieldError):
                    found.setdefault(node.name, []).append(one)
    return found


def calls() -> Iterator[tuple[str, int, str, list[ast.expr]]]:
    """Where an error is made: module, line, the name of its class, its arguments."""
    for module, tree in parsed().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name, arguments = node.func, node.args
            elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name | ast.Attribute):
                name, arguments = node.exc, []
            else:
                continue
            named = name.id if isinstance(name, ast.Name) else name.attr if isinstance(name, ast.Attribute) else ""
            if named in classes():
                yield module, node.lineno, named, arguments


def has_french(one: type[TierceError]) -> bool:
    """Its own class says it in French, or makes its message itself."""
    mine = vars(one)
    makes = any("__init__" in vars(base) for base in one.__mro__ if base not in TierceError.__mro__)
    return bool(mine.get("in_french")) or " / " in (one.__doc__ or "") or makes


def test_an_error_raised_without_a_message_has_french_or_a_page_words_it() -> None:
    in_pages = "\n".join(path.read_text("utf-8") for path in (SOURCE / "tierce" / "web").rglob("*.py"))
    bare = {name for _, _, name, arguments in calls() if not arguments}
    english = {one for name in bare for one in classes()[name] if not has_french(one)}
    left = {
        one.__qualname__
        for one in english
        if one.__name__ not in WITHIN
        and (one.__module__.split(".")[1] not in PAGED or not re.search(rf"\b{one.__name__}\b", in_pages))
    }
    assert sorted(left) == [], "say it in French too, by `in_french`, or word it on the page that shows it"
    assert {one.__name__ for one in english} >= WITHIN, "the list above names what there is"


def text_of(node: ast.expr) -> str | None:
    """What is written there, with … for each value; None when it is made elsewhere."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(text_of(one) or "…" for one in values)
    return None


def named_before(module: str, name: str, line: int) -> ast.expr | None:
    """What a variable was last given above a line, in what is read there: `msg = "…"`, most often."""
    found = [
        node
        for node in ast.walk(parsed()[module])
        if isinstance(node, ast.Assign) and node.lineno < line
        if any(isinstance(one, ast.Name) and one.id == name for one in node.targets)
    ]
    return max(found, key=lambda one: one.lineno).value if found else None


def said_in_english() -> dict[str, list[str]]:
    """Messages that have one language alone, by the name of their error, written in the call or in a variable."""
    english: dict[str, list[str]] = {}
    for module, line, name, arguments in calls():
        written = arguments[0] if arguments else None
        if isinstance(written, ast.Name):
            in_workshop = module.startswith(WORKSHOP) and not module.startswith(VISITED)
            written = None if in_workshop else named_before(module, written.id, line)
        said = text_of(written) if written is not None else None
        if said is not None and LETTER.search(said) and " / " not in said and not FIELD_NAME.fullmatch(said):
            english.setdefault(name, []).append(f"{module}:{line} {said}")
    return english


def test_a_message_written_where_an_error_is_raised_is_in_both_languages() -> None:
    english = said_in_english()
    assert {name: some for name, some in english.items() if name not in INNER} == {}
    assert english.keys() == INNER.keys(), "the list above names what there is"
