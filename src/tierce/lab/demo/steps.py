"""One line a step with its time, and nothing else, on standard error."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from tierce.kernel.language import Language, Phrase

_WIDTH = 62


class Steps:
    """Says what is being done in one language, a line a step."""

    def __init__(self, console: Console, language: Language) -> None:
        """Write to `console` in `language`."""
        self.console = console
        self.language = language

    @contextmanager
    def step(self, what: Phrase) -> Iterator[list[str]]:
        """Time one step; words put in the list that is given are added to its line."""
        began = time.perf_counter()
        more: list[str] = []
        try:
            yield more
        except BaseException:
            self.console.print(f"  ✗ {what[self.language]}", markup=False, highlight=False, style="bold")
            raise
        text = ", ".join([what[self.language], *more])
        seconds = time.perf_counter() - began
        self.console.print(f"  {text:<{_WIDTH}} {seconds:6.1f} s", markup=False, highlight=False)

    def say(self, what: Phrase | str, style: str = "") -> None:
        """Print one paragraph."""
        text = what if isinstance(what, str) else what[self.language]
        self.console.print(text, markup=False, highlight=False, style=style or None, soft_wrap=True)
