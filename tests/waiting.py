"""Waiting for a condition with a deadline: the only way a test may wait."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_PAUSE_SECONDS = 0.02


def eventually(condition: Callable[[], T], what: str, *, seconds: float = 10.0) -> T:
    """Return the condition's first true value, or fail with `what` once `seconds` have passed."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what}: not seen within {seconds} s"
        pause.wait(_PAUSE_SECONDS)
