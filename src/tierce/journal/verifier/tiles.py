"""Tiles, found by their names in the C2SP text `tlog-tiles`."""

from pathlib import Path

WIDTH = 256
HASH = 32


def find(log: Path, level: int, number: int, width: int) -> bytes:
    """The first `width` hashes of a tile, as far as a file has them: its full form, or its partial one."""
    name = f"{number % 1000:03d}"
    rest = number // 1000
    while rest:
        name = f"x{rest % 1000:03d}/{name}"
        rest //= 1000
    file = log / "tile" / str(level) / name
    for form in (file, file.with_name(f"{file.name}.p") / str(width)):
        try:
            return form.read_bytes()[: width * HASH]
        except (FileNotFoundError, NotADirectoryError):
            continue
    return b""
