"""The help of every command of an operator says what it does in French, then in English."""

import importlib

import pytest
from typer.main import get_command

from tierce.cli import _COMMANDS as COMMANDS
from tierce.cli import _PANELS as PANELS

DEVELOPERS = {"lab", "bench"}
"""Read by whoever works on the program."""


def test_each_command_is_in_one_panel() -> None:
    assert sorted(name for names in PANELS.values() for name in names) == sorted(COMMANDS)


def _helps(name: str, command: object) -> list[tuple[str, str]]:
    below: dict[str, object] = getattr(command, "commands", {})
    found = [(name, " ".join(str(getattr(command, "help", "")).split()))]
    for word, one in below.items():
        found += _helps(f"{name} {word}", one)
    return found


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - DEVELOPERS))
def test_each_command_is_said_in_both_languages_french_first(name: str) -> None:
    module, said = COMMANDS[name]
    helps = [("tierce", said), *_helps(name, get_command(importlib.import_module(module).app))]
    assert [(command, text) for command, text in helps if " / " not in text] == []
    english_first = ("Print ", "Make ", "Give ", "Register ", "Let ", "Serve ", "The ")
    assert [(command, text) for command, text in helps if text.startswith(english_first)] == []
