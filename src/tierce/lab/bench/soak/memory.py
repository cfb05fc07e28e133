"""How much memory of their own the processes of an installation hold, as the system tells it (proc(5))."""

from tierce.lab.bench.processes import PROC, children, with_below

KIB = 1024


def own_memory(root: int) -> dict[str, int]:
    """Bytes of anonymous memory of each child of process `root`, by name; its own workers count with it."""
    of = children()
    return {_name(child): sum(_anonymous(one) for one in with_below(child, of)) for child in of.get(root, ())}


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
