"""Every `tierce` command that a page prints is one of ours, with options that it has."""

import importlib
import re
from functools import cache
from typing import Final

import pytest
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from tests.house.wording import text_files
from tierce.cli import _COMMANDS

PAGES: Final = {str(path): text for path, text in text_files() if path.suffix == ".md"}
_FENCED: Final = re.compile(r"^ *```[^\n]*\n(.*?)^ *```", re.M | re.S)
_INDENTED: Final = re.compile(r"^    (?:\$ )?((?:\./dev )?tierce [^\n]+(?:\\\n[^\n]+)*)", re.M)
_SPOKEN: Final = re.compile(r"`((?:\./dev )?tierce [^`\n]+)`")
_CALL: Final = re.compile(r"(?:^|[\s$(|])(?:\./dev )?tierce (?P<rest>[a-z][^\n|)]*)")
_REMARK: Final = re.compile(r" {4,}\S.*|\s#\s.*|…|\.\.\.$")
_OPTION: Final = re.compile(r"(?<![\w-])--[a-z][\w-]*")
_WORD: Final = re.compile(r"^[a-z][a-z0-9-]*$")
FEWEST: Final = 150
"""More commands than that are printed over all pages."""


@cache
def _command(name: str) -> object:
    """A first word's command; None when it is not one of ours."""
    if name not in _COMMANDS:
        return None
    return get_command(importlib.import_module(_COMMANDS[name][0]).app)


def calls_in(text: str) -> list[str]:
    """What a page prints after `tierce`, each call on one line without its remark."""
    parts = [*_FENCED.findall(text), *_INDENTED.findall(text), *_SPOKEN.findall(text)]
    lines = [line for part in parts for line in re.sub(r"\\\n\s*", " ", part).splitlines()]
    return [_REMARK.sub("", found["rest"]).strip() for line in lines for found in _CALL.finditer(line)]


def wrong_in(call: str) -> str:
    """What is wrong of a call: a word or an option that is not ours; nothing when all is well."""
    first, *words = call.split()
    if first in ("version", "…"):
        return ""
    command = _command(first)
    if command is None:
        return f"no command {first}"
    while words and _WORD.match(words[0]) and isinstance(command, TyperGroup):
        if words[0] not in command.commands:
            return f"no command {words[0]} in `tierce {call}`"
        command = command.commands[words.pop(0)]
    assert isinstance(command, TyperCommand | TyperGroup)
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help"}
    unknown = sorted(set(_OPTION.findall(" ".join(words))) - known)
    return f"no option {', '.join(unknown)} in `tierce {call}`" if unknown else ""


def test_a_command_that_is_not_ours_is_seen() -> None:
    page = "```\n$ tierce feed rihgts a.csv\ntierce doctor --setings \\\n  a.toml    remark --x\n```\n`tierce nosuch`"
    assert [bool(wrong_in(call)) for call in calls_in(page)] == [True, True, True]
    assert wrong_in("doctor --settings tierce.toml") == ""


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_command_printed_is_ours(page: str) -> None:
    assert [wrong for call in calls_in(PAGES[page]) if (wrong := wrong_in(call))] == []


def test_commands_are_printed() -> None:
    assert sum(len(calls_in(text)) for text in PAGES.values()) > FEWEST
