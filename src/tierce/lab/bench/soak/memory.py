"""How much memory of their own the processes of an installation hold, as the system tells it (proc(5))."""

from collections import Counter

from tierce.lab.bench.processes import PROC, children, with_below

KIB = 1024


def own_memory(root: int) -> dict[str, int]:
    """Bytes of anonymous memory of the children of process `root`, by name, each with its own workers."""
    of, found = children(), Counter[str]()
    for child in of.get(root, ()):
        found[_name(child)] += sum(_anonymous(one) for one in with_below(child, of))
    return dict(found)


def memory_below(root: int) -> int:
    """Bytes of anonymous memory of a process and of everything below it."""
    return sum(_anonymous(one) for one in with_below(root, children()))


def _anonymous(process: int) -> int:
    try:
        lines = (PROC / str(process) / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * KIB for line in lines if line.startswith("RssAnon:")), 0)


def _name(process: int) -> str:
    try:
        return (PROC / str(process) / "comm").read_text().strip()
    except OSError:
        return "ended"
