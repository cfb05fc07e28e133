"""Waiting for a condition with a deadline: the only way a test may wait."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SECONDS_MAX = 30.0
"""It claims nothing of how long something takes: a machine that others use as well has stalled for ten."""
_PAUSE_SECONDS = 0.02
_PAUSE_SECONDS_MAX = 0.25
_PAUSES_A_LOOK = 3
"""What is waited for needs the processor more than who looks: a look that took long is made again later."""


def eventually(condition: Callable[[], T], what: str, *, seconds: float = SECONDS_MAX) -> T:
    """Return the condition's first true value, or fail with `what` once `seconds` have passed."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        began = time.monotonic()
        value = condition()
        if value:
            return value
        took = time.monotonic() - began
        assert time.monotonic() < deadline, f"{what}: not seen within {seconds} s"
        pause.wait(min(max(_PAUSE_SECONDS, _PAUSES_A_LOOK * took), _PAUSE_SECONDS_MAX))
