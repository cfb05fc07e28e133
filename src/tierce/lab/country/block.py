"""One block of the country: a bounded number of people, made from the seed and the block's number alone.

That is what lets several processes make a country together and write the same bytes as one: a block depends on no
other. Numbers that must not repeat (NIR, member and contract numbers) are drawn from a range of the block's own.
"""

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Final

from tierce.lab.country.identifiers import NirSource
from tierce.lab.country.insurers import AMC_FIRST, INSURERS_MAX, PRODUCTS, Product, route_of
from tierce.lab.country.people import People, Person

TEST_OID: Final = "1.2.250.1.213.1.4.10"
"""The INS domain for test identities; production refuses it."""
PERSONS_MIN: Final = 20
BLOCK_PERSONS: Final = 10_000
"""People of a block, the last one apart. Part of the country's bytes: another number makes another country."""
NUMBERS_A_BLOCK: Final = 100_000
"""Member and contract numbers that a block has for itself at each insurer."""

_SECOND_INSURER: Final = 0.04
_FORMER: Final = 0.05
_FUTURE: Final = 0.01
_MOVED: Final = 0.01
_DOMAINS: Final = {product.code: " ".join(domain.name for domain in product.domains) for product in PRODUCTS}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make: people and insurers to count, the seed, and the day the feeds describe."""

    persons: int
    insurers: int
    seed: int
    on: date
    professionals: int = 600

    def __post_init__(self) -> None:
        """Refuse a plan that cannot be made."""
        if self.persons < PERSONS_MIN or not 1 <= self.insurers <= INSURERS_MAX or self.professionals < 20:
            msg = f"persons must be at least {PERSONS_MIN}, insurers 1 to {INSURERS_MAX}, professionals at least 20"
            raise ValueError(msg)

    def blocks(self, story: int) -> int:
        """How many blocks hold everybody but the `story` first."""
        return max(0, -(-(self.persons - story) // BLOCK_PERSONS))

    def people_of(self, block: int, story: int) -> int:
        """How many people a block holds; blocks count from 1."""
        return min(BLOCK_PERSONS, self.persons - story - (block - 1) * BLOCK_PERSONS)


@dataclass(frozen=True, slots=True)
class Right:
    """How one insurer covers one family: product, dates and state."""

    insurer: int
    product: str
    covered_from: str
    covered_until: str
    priority: str
    status: str
    left_on: str = ""


@dataclass(slots=True)
class Block:
    """Lines of one block, by insurer, and what was counted."""

    persons: int
    texts: dict[int, str] = field(default_factory=dict)
    lines: Counter[int] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)


COUNTED: Final = (
    "two_insurers", "former", "future", "card_differs", "vitale_differs", "lunar", "twins", "represented", "corsica",
    "waiting", "regularised",
)  # fmt: skip
"""What the truth counts; each is there, if only as zero."""


class BlockWriter:
    """Makes the lines of one block."""

    def __init__(self, plan: Plan, number: int) -> None:
        """Make block `number`; 0 is the story's."""
        self._plan = plan
        # Feeds and directory draw from streams of their own: more people leave the same professionals.
        self._rng = Random(f"{plan.seed}/people/{number}")
        self._nirs = NirSource(number)
        weights = [1 / (rank + 3) for rank in range(plan.insurers)]
        self._cumulated = [sum(weights[: rank + 1]) for rank in range(plan.insurers)]
        self._until = f"{plan.on.year + (plan.on.month == 12)}-12-31"
        self._first = number * NUMBERS_A_BLOCK
        self._contracts = [0] * plan.insurers
        self._members = [0] * plan.insurers
        self._lines: list[list[str]] = [[] for _ in range(plan.insurers)]
        self._counts: Counter[str] = Counter()
        self._persons = 0

    def fill(self, persons: int) -> Block:
        """Make so many people, in families, the last one perhaps cut short."""
        people = People(self._rng, self._plan.on, self._nirs)
        while self._persons < persons:
            self._family(people.family()[: persons - self._persons])
        return self.finish()

    def finish(self) -> Block:
        """Hand over what was made."""
        texts = {insurer: "".join(lines) for insurer, lines in enumerate(self._lines) if lines}
        lines = Counter({insurer: len(found) for insurer, found in enumerate(self._lines) if found})
        return Block(self._persons, texts, lines, self._counts)

    def tell(self, members: list[Person], right: Right, second: Right | None) -> None:
        """Write a family of the story."""
        self._persons += len(members)
        self._emit(right, members)
        if second is not None:
            self._emit(second, members)
            self._counts["two_insurers"] += len(members)

    def _family(self, members: list[Person]) -> None:
        rng = self._rng
        self._persons += len(members)
        for one in members:
            for what in one.traits():
                self._counts[what] += 1
        first = bisect(self._cumulated, rng.random() * self._cumulated[-1])
        drawn = rng.random()
        if drawn < _FORMER:
            right = self.former(first)
            self._counts["former"] += len(members)
        elif drawn < _FORMER + _FUTURE:
            right = self.future(first)
            self._counts["future"] += len(members)
        else:
            right = self.active(first, "1")
        self._emit(right, members)
        if right.status != "active" or self._plan.insurers == 1:
            return
        drawn = rng.random()
        if drawn < _SECOND_INSURER + _MOVED:
            other = (first + 1 + int(rng.random() * (self._plan.insurers - 1))) % self._plan.insurers
            if drawn < _SECOND_INSURER:
                self._counts["two_insurers"] += len(members)
                self._emit(self.active(other, "2"), members)
            else:
                self._counts["former"] += len(members)
                self._emit(self.former(other), members)

    def _product(self) -> Product:
        return PRODUCTS[int(self._rng.random() * len(PRODUCTS))]

    def active(self, insurer: int, priority: str) -> Right:
        """A right in force on the day."""
        since = self._plan.on - timedelta(days=int(self._rng.random() * 3_000))
        return Right(insurer, self._product().code, since.isoformat(), self._until, priority, "active")

    def future(self, insurer: int) -> Right:
        """A right that begins within two months."""
        start = self._plan.on + timedelta(days=15 + int(self._rng.random() * 45))
        until = start + timedelta(days=364)
        return Right(insurer, self._product().code, start.isoformat(), until.isoformat(), "1", "future")

    def former(self, insurer: int) -> Right:
        """A right that ended within two years; the insurer must still tell of a breach."""
        until = self._plan.on - timedelta(days=1 + int(self._rng.random() * 600))
        since = until - timedelta(days=400 + int(self._rng.random() * 2_000))
        left = (until + timedelta(days=1)).isoformat()
        return Right(insurer, self._product().code, since.isoformat(), until.isoformat(), "1", "ended", left)

    def _emit(self, right: Right, members: Iterable[Person]) -> None:
        """Append one line per member of a family to an insurer's lines, the holder first."""
        insurer = right.insurer
        self._contracts[insurer] += 1
        contract = f"C-{self._first + self._contracts[insurer]:09d}"
        member = self._first + self._members[insurer]
        holder = f"A-{member + 1:09d}"
        route = ",".join(route_of(insurer))
        before = f"current,{self._plan.on.isoformat()},{AMC_FIRST + insurer}"
        middle = f"{holder},{contract},{right.product}"
        after = (
            f"{_DOMAINS[right.product]},{right.covered_from},{right.covered_until},{right.priority},"
            f"{right.status},{'yes' if right.left_on else 'no'},{right.left_on},,,"
        )
        append, counts = self._lines[insurer].append, self._counts
        for one in members:
            member += 1
            card, vitale = ",,", ",,"
            if one.card is not None:
                card = ",".join(one.card)
                counts["card_differs"] += 1
            if one.vitale is not None:
                vitale = ",".join(one.vitale)
                counts["vitale_differs"] += 1
            append(
                f"{before},A-{member:09d},{middle},{one.relationship},{one.holder_nir},{one.own_nir},{TEST_OID},"
                f"{one.birth_date},{one.rank},{one.sex},{one.family_name},{one.used_name},{one.given_names},"
                f"{one.birth_place},{card},{vitale},{holder if one.represented else ''},{after},{one.provisional},"
                f"{route}\n"
            )
        self._members[insurer] = member - self._first


def make_block(plan: Plan, number: int, story: int) -> Block:
    """Make one block of people beside the story's, in whatever process."""
    return BlockWriter(plan, number).fill(plan.people_of(number, story))


def domains_of(product: str) -> str:
    """The domains of a product, as feeds write them."""
    return _DOMAINS[product]


def zero_counts() -> Mapping[str, int]:
    """Every count, at zero."""
    return dict.fromkeys(COUNTED, 0)
