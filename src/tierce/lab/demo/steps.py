"""One line a step with its time, and nothing else, on standard error."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from rich.console import Console
from rich.markup import escape

from tierce.kernel.language import Language, Phrase

_WIDTH = 62


def number(value: int, language: Language) -> str:
    """A count as it is written in the language."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}" if language is Language.FR else ",")


class Steps:
    """Says what is being done in one language, a line a step."""

    def __init__(self, console: Console, language: Language, *, spinning: bool = False) -> None:
        """Write to `console` in `language`; `spinning` shows the step under way, if it draws nothing itself."""
        self.console = console
        self.spinning = spinning
        self.language = language

    @contextmanager
    def step(self, what: Phrase) -> Iterator[list[str]]:
        """Time one step; words put in the list that is given are added to its line."""
        began = time.perf_counter()
        more: list[str] = []
        try:
            with self._turning(what[self.language]):
                yield more
        except BaseException:
            self.console.print(f"  ✗ {what[self.language]}", markup=False, highlight=False, style="bold")
            raise
        text = ", ".join([what[self.language], *more])
        seconds = time.perf_counter() - began
        self.console.print(f"  {text:<{_WIDTH}} {seconds:6.1f} s", markup=False, highlight=False)

    def _turning(self, text: str) -> AbstractContextManager[object]:
        """Show that a step is under way, where somebody watches."""
        return self.console.status(escape(text)) if self.spinning and self.console.is_terminal else nullcontext()

    def say(self, what: Phrase | str, style: str = "") -> None:
        """Print one paragraph."""
        text = what if isinstance(what, str) else what[self.language]
        self.console.print(text, markup=False, highlight=False, style=style or None, soft_wrap=True)
