"""The help of every command shows an example of that command, which the command accepts as it is written."""

import importlib
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from typer import BadParameter, TyperException
from typer.main import get_command

from tierce.cli import _ALONE as ALONE
from tierce.cli import _COMMANDS as COMMANDS

_SHOWN = re.compile(r"(?:Exemples? / examples?\s*:\s*)?(?P<command>(?:[a-z][^()/]* (?:&&|\|) |… )?tierce [a-z].*)")
_AWAY = re.compile(r"(?P<kind>File|Path|Dir\w*) '(?P<path>.+)' does not exist", re.I)
ROOTS: Mapping[tuple[str, ...], str] = {(name,): module for name, (module, _) in COMMANDS.items()} | dict(ALONE)


def _leaves(words: tuple[str, ...], command: object) -> Iterator[tuple[tuple[str, ...], object]]:
    below: dict[str, object] = getattr(command, "commands", {})
    if not below:
        yield words, command
    for word, one in below.items():
        if (*words, word) not in ALONE:  # a command that is imported by itself is a root
            yield from _leaves((*words, word), one)


def _examples(command: object) -> list[str]:
    """The lines of a help that somebody would copy into a shell, whole; a continued line is one."""
    text = f"{getattr(command, 'help', '') or ''}\n\n{getattr(command, 'epilog', '') or ''}".replace("\\\n", " ")
    return [found["command"].strip() for line in text.split("\n") if (found := _SHOWN.fullmatch(line.strip()))]


def _runs(example: str) -> list[list[str]]:
    """The words of each run of `tierce` in the line, as a shell reads it: comments and redirections are left out."""
    read = shlex.shlex(example, posix=True, punctuation_chars=";&|<>")
    read.whitespace_split = True
    runs: list[list[str]] = [[]]
    for word in read:
        if set(word) <= set(";&|"):
            runs.append([])
        else:
            runs[-1].append(word)
    cut = [words[: next((at for at, word in enumerate(words) if set(word) <= set("<>")), None)] for words in runs]
    return [words[1:] for words in cut if words[:1] == ["tierce"]]


def _taken(command: object, words: list[str], folder: Path) -> None:
    """Have the command read the words; what must be on an operator's machine is put where a file of the test is."""
    (folder / "file").touch()
    try:
        command.make_context("example", list(words))  # type: ignore[attr-defined] # Typer gives its class no public name
    except BadParameter as error:
        found = _AWAY.search(error.format_message())
        if found is None:
            raise
        there = folder if found["kind"].lower().startswith("dir") else folder / "file"
        _taken(command, [str(there) if word == found["path"] else word for word in words], folder)


def _wrong(leaf: tuple[str, ...], leaves: Mapping[tuple[str, ...], object], folder: Path) -> Iterator[str]:
    """What is not right in the examples of one command; a help of several also shows its neighbours."""
    examples = _examples(leaves[leaf])
    yield from (f"write it whole: {line}" for line in examples if line.startswith("… ") or " ·" in line)
    runs = [words for line in examples for words in _runs(line)]
    yield from (
        f"no command: {words}" for words in runs if not any(tuple(words[: len(one)]) == one for one in leaves)
    )
    own = [words[len(leaf) :] for words in runs if tuple(words[: len(leaf)]) == leaf]
    if not own:
        yield f"no example of tierce {' '.join(leaf)}"
    for words in own:
        try:
            _taken(leaves[leaf], words, folder)
        except TyperException as error:
            yield f"tierce {' '.join((*leaf, *words))}: {error.format_message()}"


@pytest.mark.parametrize("root", ROOTS, ids=" ".join)
def test_each_command_shows_itself_and_takes_what_it_shows(root: tuple[str, ...], tmp_path: Path) -> None:
    leaves = dict(_leaves(root, get_command(importlib.import_module(ROOTS[root]).app)))
    assert [(" ".join(leaf), wrong) for leaf in leaves for wrong in _wrong(leaf, leaves, tmp_path)] == []
