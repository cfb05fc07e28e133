"""The processes below another, as the system tells them (proc(5))."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

PROC = Path("/proc")
Children = Mapping[int, list[int]]


def children() -> Children:
    """The children of every process of the machine, by its number."""
    found: dict[int, list[int]] = defaultdict(list)
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            try:
                found[int(stat(int(entry.name))[1])].append(int(entry.name))
            except OSError:
                continue  # it ended meanwhile
    return found


def with_below(root: int, of: Children) -> list[int]:
    """A process and everything below it, itself first."""
    found = [root]
    for one in found:  # grows while it is read
        found.extend(of.get(one, ()))
    return found


def stat(process: int) -> list[str]:
    """The fields of a process from its state on: the name before them, in parentheses, may hold anything.

    Raises:
        OSError: it ended.
    """
    return (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
