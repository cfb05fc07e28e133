"""A file whose presence is a promise has a name that a loss of power does not take away."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "tierce"
NAMES = frozenset({"sync_folder", "name_new"})
"""What makes a name durable: the folder that holds it is flushed."""
PROMISES_NOTHING = {
    "deposits/spool.py:append": "the key of a deposit: a second sending is known as the same care by the worker",
    "deposits/seen.py:keep_seen": "sessions seen alive, without which a start counts them as strangers",
    "incidents/pack/service.py:_list": "inside the folder of one piece of work, of which a file is made",
    "notices/deliveries/bounces.py:take_in": "what was taken in is set aside: read again, it changes nothing",
    "upkeep/health/service.py:replace_whole": "figures, written again each minute",
    "web/api/openness.py:_keep": "a copy of what the database says, for a start while it is away",
    "web/status/page.py:_replace": "a page that is written again each minute",
}


def _names(function: ast.AST) -> set[str]:
    calls = (one.func for one in ast.walk(function) if isinstance(one, ast.Call))
    return {
        one.attr if isinstance(one, ast.Attribute) else one.id
        for one in calls
        if isinstance(one, ast.Attribute | ast.Name)
    }


def _renames(function: ast.AST) -> bool:
    """Whether it gives a file another name: `Path.replace` has one argument, `str.replace` two, a date's none."""
    for one in ast.walk(function):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute):
            of_os = isinstance(one.func.value, ast.Name) and one.func.value.id == "os"
            if one.func.attr in {"rename", "hardlink_to"} or (of_os and one.func.attr in {"replace", "link"}):
                return True
            if one.func.attr == "replace" and len(one.args) == 1 and not one.keywords:
                return True
    return False


def _functions() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(SOURCE.rglob("*.py")):
        if "lab" in path.relative_to(SOURCE).parts:
            continue
        for one in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(SOURCE)}:{one.name}", one


def test_whoever_names_a_file_flushes_its_folder() -> None:
    found = {name for name, function in _functions() if _renames(function) and not NAMES & _names(function)}
    assert found == set(PROMISES_NOTHING), found ^ set(PROMISES_NOTHING)
