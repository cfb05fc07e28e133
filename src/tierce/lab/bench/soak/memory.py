"""How much memory of their own the processes of an installation hold, as the system tells it (proc(5))."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

KIB = 1024
_PROC = Path("/proc")


def own_memory(root: int) -> dict[str, int]:
    """Bytes of anonymous memory of each child of process `root`, by name; its own workers count with it."""
    children = _children()
    return {_name(child): sum(_anonymous(one) for one in _with_below(child, children)) for child in children[root]}


def memory_below(root: int) -> int:
    """Bytes of anonymous memory of a process and of everything below it."""
    return sum(_anonymous(one) for one in _with_below(root, _children()))


def _children() -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            try:
                # The name in parentheses may hold anything: what follows the last one is the state and the parent.
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it ended meanwhile
            found[parent].append(int(entry.name))
    return found


def _with_below(root: int, children: Mapping[int, list[int]]) -> list[int]:
    found = [root]
    for one in found:  # grows while it is read
        found.extend(children.get(one, ()))
    return found


def _anonymous(process: int) -> int:
    try:
        lines = (_PROC / str(process) / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * KIB for line in lines if line.startswith("RssAnon:")), 0)


def _name(process: int) -> str:
    try:
        return (_PROC / str(process) / "comm").read_text().strip()
    except OSError:
        return "ended"
