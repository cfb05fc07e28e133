"""What a return is given, and what it found."""

from collections.abc import Mapping

import msgspec

from tierce.lab.bench.machine import Machine


class Plan(msgspec.Struct, frozen=True):
    """How many come back at once, how many are in before, and how long one of these rests (seconds, on average)."""

    professionals: int
    inside: int
    sign_ins: int
    think_seconds: float
    calm_seconds: float
    people: int
    seed: int


class Felt(msgspec.Struct, frozen=True):
    """What those who were in were answered meanwhile; times in milliseconds, from the sending to the last byte."""

    seconds: float
    pages: int
    asks: int
    page_ms_p50: float
    page_ms_p99: float
    ask_ms_p50: float
    ask_ms_p99: float


class Report(msgspec.Struct, frozen=True):
    """The one JSON object printed."""

    professionals: int
    inside: int
    sign_ins: int
    before: Felt
    during: Felt
    came_in: int
    given_a_turn: int
    """Who had to wait for a turn, of those who came."""
    last_in_s: float
    """Seconds from the moment at which all came to that at which the last was in."""
    in_s_p50: float
    """The same for half of them."""
    sign_ins_per_s: float
    signing_in_ms_p50: float
    """From being let in to the choice of the activity, the provider's own pages included."""
    signing_in_ms_p99: float
    answers: Mapping[str, int]
    """Answers to those inside by page and status, and what went wrong for those who came."""
    machine: Machine
