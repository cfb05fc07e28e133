"""The machine's own Chromium, for the tests of the browser."""

from shutil import which
from typing import Final

BARE: Final = "chromium-headless-shell"
"""The same engine without windows: a tab costs a third of what it costs the whole program."""
WHOLE: Final = ("chromium", "chromium-browser")


def chromium_program(*, whole: bool = False) -> str:
    """Where it is; the engine alone where the machine has it, unless a test wants the `whole` program."""
    names = WHOLE if whole else (BARE, *WHOLE)
    found = [path for name in names if (path := which(name)) is not None]
    assert found, "install the Debian package chromium"
    return found[0]
