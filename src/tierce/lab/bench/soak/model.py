"""What a long run is given, and what it found."""

from collections.abc import Mapping

import msgspec

from tierce.lab.bench.machine import Machine


class Plan(msgspec.Struct, frozen=True):
    """How many browsers, for how long, and how long one rests between two pages (seconds, on average)."""

    browsers: int
    minutes: float
    think_seconds: float
    people: int
    seed: int


class Held(msgspec.Struct, frozen=True):
    """Memory of one process of the installation and its workers, in MiB of its own (`RssAnon`, proc(5)).

    `settled` is the mean over the second quarter of the run, `at_end` over the last; `per_hour` is the slope of a
    line drawn through all that was read after the first quarter.
    """

    process: str
    at_start: float
    settled: float
    at_end: float
    per_hour: float
    most: float


class Report(msgspec.Struct, frozen=True):
    """The one JSON object printed. Times are in milliseconds, from the sending of a request to its last byte."""

    browsers: int
    minutes: float
    pages: int
    asks: int
    shown: int
    sign_ins: int
    """Sessions opened: a session ends by itself, and its professional signs in again."""
    pages_per_s: float
    page_ms_p50: float
    page_ms_p99: float
    ask_ms_p50: float
    ask_ms_p99: float
    answers: Mapping[str, int]
    """Answers by status, and requests that had none by the name of what went wrong."""
    memory: tuple[Held, ...]
    readings: int
    machine: Machine
