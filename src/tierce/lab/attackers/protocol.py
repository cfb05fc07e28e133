"""What a thief may do, and what he is told: the protocol that every attacker is written against.

An attacker is a generator function of one `Thief`. It yields a `Target` to ask about, and is sent the `Answer`; or it
yields `REST`, and goes on the next day. It is stopped when the theft ends. Whoever is asked about is drawn by the
thief's own sources: `guess`, `listed`, `of_the_file`, `present`.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple, Protocol

import numpy as np

from tierce.kernel.care import Profession
from tierce.lab.behaviour.days import AREAS
from tierce.lab.errors import LabError


class Rest(Enum):
    """Nothing more today."""

    UNTIL_TOMORROW = "rest"


REST: Final = Rest.UNTIL_TOMORROW


@dataclass(frozen=True, slots=True)
class Target:
    """One person, or one number, to ask about."""

    person: int
    """Who she is, for counting people once; 0 when there is nobody."""
    found: bool
    """The operator covers her."""
    known: bool = False
    """She is in the file of the place, and the thief holds her identifiers."""
    present: bool = False
    """She stands before the thief, with her proof."""
    area: int = 0
    prefix: int = 0
    twin: bool = False
    """The number of a person but for the sex."""
    ended: bool = False
    """Not covered any more: she was, and the register says so."""


class Answer(NamedTuple):
    """What the thief sees."""

    shown: bool
    places: int
    """Places left, as the caller is told."""


Move = Target | Rest
Attack = Generator[Move, Answer | None, None]
Attacker = Callable[["Thief"], Attack]

ATTACKERS: dict[str, Attacker] = {}
"""Every attacker by name."""


def attacker(name: str) -> Callable[[Attacker], Attacker]:
    """Give an attacker the name under which scenarios call it."""

    def enter(function: Attacker) -> Attacker:
        if ATTACKERS.get(name, function) is not function and ATTACKERS[name].__module__ != function.__module__:
            msg = f"two attackers are called {name}"
            raise LabError(msg)
        ATTACKERS[name] = function
        return function

    return enter


class View(Protocol):
    """What a thief who knows every rule works out of the state of his line; nothing here is told by the gate."""

    def places(self) -> int:
        """Places left today."""

    def worth_after(self, firsts: int, misses: int) -> float:
        """What the evidence would be worth after so many more people never seen and numbers that find nobody."""


@dataclass(slots=True)
class Thief:
    """One stolen identity in the hands of an attacker."""

    profession: Profession
    day: int
    """Days since the theft, from 0."""
    rng: np.random.Generator
    options: dict[str, float]
    """Settings of the scenario, by name."""
    file: int
    """People known at the place."""
    view: View
    home: int = 1
    """Area where most of the place's people were born."""
    shown: list[Target] = field(default_factory=list)
    """Whom he was shown, in the order in which he learned of them."""
    _next: int = 1
    _turn: int = 0

    def option(self, name: str, default: float) -> float:
        """A setting of the scenario, or `default`."""
        return self.options.get(name, default)

    def guess(self, hit: float = 0.24) -> Target:
        """A number made up by walking the orders of a town and month: somebody covered with probability `hit`.

        One order in two belongs to the other sex, so such a number is a living person's but for the sex.
        """
        found = bool(self.rng.random() < hit)
        twin = not found and bool(self.rng.random() < hit / max(1e-9, 1 - hit))
        block = int(self.rng.integers(1, int(self.option("town_months", 4)) + 1))
        return self._new(found, area=self._anywhere(), prefix=block, twin=twin)

    def listed(self, hit: float, *, nearby: bool = False) -> Target:
        """The next person of a stolen list; covered by this operator with probability `hit`.

        With the option `ended` the list is the operator's own, and the others were covered when it was made.
        """
        found = bool(self.rng.random() < hit)
        area = self.home if nearby else self._anywhere()
        ended = not found and bool(self.option("ended", 0))
        return self._new(found, area=area, prefix=int(self.rng.integers(1, 65536)), ended=ended)

    def of_the_file(self) -> Target:
        """Somebody known at the place, drawn from its file without looking whether she was asked about before."""
        return Target(-1 - int(self.rng.integers(0, self.file)), found=True, known=True)

    def again(self) -> Target:
        """Somebody whom he was shown already, each in turn; there must be one."""
        self._turn += 1
        return self.shown[self._turn % len(self.shown)]

    def repeats(self) -> Generator[Target, Answer | None, None]:
        """Before a new question, so many asks about people shown already as the option `repeats` says."""
        for _ in range(int(self.option("repeats", 0)) if self.shown else 0):
            yield self.again()

    def present(self) -> Target:
        """A person who stands before the thief with her proof."""
        self._next += 1
        return Target(self._next, found=True, present=True)

    def _anywhere(self) -> int:
        return int(self.rng.integers(1, AREAS + 1))

    def _new(self, found: bool, *, area: int, prefix: int, twin: bool = False, ended: bool = False) -> Target:
        self._next += 1
        return Target(self._next if found else 0, found=found, area=area, prefix=prefix, twin=twin, ended=ended)
