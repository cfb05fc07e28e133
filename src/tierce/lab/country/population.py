"""Writes the synthetic country to files: insurers, one rights feed per insurer, the directory, the truth.

Streaming: nothing is kept but counters and one buffer per file, so a million people need no more memory than a
thousand. The same arguments give the same bytes.
"""

import csv
import json
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

from tierce.directory.loads.columns import DIRECTORY
from tierce.kernel.feed import names
from tierce.lab.country.carers import FERRAND, MORVAN, directory_fields, make_activities
from tierce.lab.country.insurers import INSURERS_MAX, PRODUCTS, Insurer, Product, make_insurers
from tierce.lab.country.people import People, Person
from tierce.lab.country.story import ROLES, STAFF, story_families
from tierce.registry.columns import INSURERS, RIGHTS

TEST_OID: Final = "1.2.250.1.213.1.4.10"
"""The INS domain for test identities; production refuses it."""

PERSONS_MIN: Final = 20
_BUFFER_LINES: Final = 2_000
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
        if self.persons < PERSONS_MIN or not 1 <= self.insurers <= INSURERS_MAX or self.professionals < 20:
            msg = f"persons must be at least {PERSONS_MIN}, insurers 1 to {INSURERS_MAX}, professionals at least 20"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class _Right:
    """How one insurer covers one family: product, dates and state."""

    insurer: int
    product: str
    covered_from: str
    covered_until: str
    priority: str
    status: str
    left_on: str = ""


@dataclass(slots=True)
class _Feed:
    """The file of one insurer being written."""

    insurer: Insurer
    path: Path
    members: int = 0
    contracts: int = 0
    lines: list[str] = field(default_factory=list)

    def flush(self) -> None:
        with self.path.open("a", encoding="utf-8", newline="") as file:
            file.writelines(self.lines)
        self.lines.clear()


def write_country(plan: Plan, out: Path, progress: Callable[[int], None]) -> dict[str, object]:
    """Write every file of the country under `out` and return the truth; calls `progress` with people made.

    Raises:
        FileExistsError: `out` already holds a country; nothing is written over.
    """
    if (out / "truth.json").exists() or (out / "rights").exists():
        msg = f"{out} already holds a country; choose another folder or remove it"
        raise FileExistsError(msg)
    (out / "rights").mkdir(parents=True)
    insurers = make_insurers(plan.insurers)
    write_insurers(out / "insurers.csv", insurers)
    truth: dict[str, object] = {
        "seed": plan.seed,
        "on": plan.on.isoformat(),
        "insurers": plan.insurers,
        "staff": list(STAFF),
    }
    truth |= _Writer(plan, out, insurers).write(progress)
    truth["directory"] = _write_directory(out / "directory.csv", plan)
    text = json.dumps(truth, ensure_ascii=False, indent=2, sort_keys=True)
    (out / "truth.json").write_text(text + "\n", encoding="utf-8")
    return truth


def read_identities(rights: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (NIR of the rights holder, birth date, rank) of each line of the feeds under `rights`."""
    for path in sorted(rights.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield row["right_holder_nir"], row["birth_date"], row["birth_rank"]


class _Writer:
    """Writes the rights feeds."""

    def __init__(self, plan: Plan, out: Path, insurers: list[Insurer]) -> None:
        self._plan = plan
        # Feeds and directory draw from streams of their own: more people leave the same professionals.
        self._rng = Random(f"{plan.seed}/people")
        self._feeds = [_Feed(one, out / "rights" / f"{one.amc}.csv") for one in insurers]
        weights = [1 / (rank + 3) for rank in range(len(insurers))]
        self._cumulated = [sum(weights[: rank + 1]) for rank in range(len(insurers))]
        self._until = f"{plan.on.year + (plan.on.month == 12)}-12-31"
        self._lines = 0
        self._counts = {"two_insurers": 0, "former": 0, "future": 0, "card_differs": 0, "vitale_differs": 0}

    def write(self, progress: Callable[[int], None]) -> dict[str, object]:
        for feed in self._feeds:
            feed.lines.append(",".join(names(RIGHTS)) + "\n")
        story, made = self._story()
        people = People(self._rng, self._plan.on)
        while made < self._plan.persons:
            family = people.family()[: self._plan.persons - made]
            self._family(family)
            made += len(family)
            progress(made)
        for feed in self._feeds:
            feed.flush()
        return {
            "persons": made,
            "lines": self._lines,
            "counts": self._counts,
            "story": story,
            "lines_by_insurer": {feed.insurer.amc: feed.members for feed in self._feeds},
        }

    def _story(self) -> tuple[dict[str, object], int]:
        told: dict[str, object] = {"claire_morvan": {"rpps": MORVAN}, "nadia_ferrand": {"rpps": FERRAND}}
        families = story_families()
        made = 0
        for role, number in ROLES.items():
            family = families[number]
            first = family.insurer % len(self._feeds)
            right = self._former(first) if family.former else self._active(first, "1")
            right = _Right(first, family.product, *_rest(right))
            self._emit(right, family.members)
            if family.second is not None and len(self._feeds) > 1:
                self._emit(self._active(family.second % len(self._feeds), "2"), family.members)
                self._counts["two_insurers"] += len(family.members)
            made += len(family.members)
            told[role] = _tell(family.members, self._feeds[first].insurer, right)
        return told, made

    def _family(self, members: list[Person]) -> None:
        rng = self._rng
        first = self._draw_insurer()
        drawn = rng.random()
        if drawn < _FORMER:
            right = self._former(first)
            self._counts["former"] += len(members)
        elif drawn < _FORMER + _FUTURE:
            right = self._future(first)
            self._counts["future"] += len(members)
        else:
            right = self._active(first, "1")
        self._emit(right, members)
        if right.status != "active" or len(self._feeds) == 1:
            return
        drawn = rng.random()
        if drawn < _SECOND_INSURER + _MOVED:
            other = (first + 1 + int(rng.random() * (len(self._feeds) - 1))) % len(self._feeds)
            if drawn < _SECOND_INSURER:
                self._counts["two_insurers"] += len(members)
                self._emit(self._active(other, "2"), members)
            else:
                self._counts["former"] += len(members)
                self._emit(self._former(other), members)

    def _draw_insurer(self) -> int:
        return bisect(self._cumulated, self._rng.random() * self._cumulated[-1])

    def _product(self) -> Product:
        return PRODUCTS[int(self._rng.random() * len(PRODUCTS))]

    def _active(self, insurer: int, priority: str) -> _Right:
        since = self._plan.on - timedelta(days=int(self._rng.random() * 3_000))
        return _Right(insurer, self._product().code, since.isoformat(), self._until, priority, "active")

    def _future(self, insurer: int) -> _Right:
        start = self._plan.on + timedelta(days=15 + int(self._rng.random() * 45))
        until = start + timedelta(days=364)
        return _Right(insurer, self._product().code, start.isoformat(), until.isoformat(), "1", "future")

    def _former(self, insurer: int) -> _Right:
        until = self._plan.on - timedelta(days=1 + int(self._rng.random() * 600))
        since = until - timedelta(days=400 + int(self._rng.random() * 2_000))
        left = (until + timedelta(days=1)).isoformat()
        return _Right(insurer, self._product().code, since.isoformat(), until.isoformat(), "1", "ended", left)

    def _emit(self, right: _Right, members: Iterable[Person]) -> None:
        """Append one line per member of a family to an insurer's feed, the holder first."""
        feed = self._feeds[right.insurer]
        feed.contracts += 1
        contract = f"C-{feed.contracts:07d}"
        holder = f"A-{feed.members + 1:07d}"
        before = f"current,{self._plan.on.isoformat()},{feed.insurer.amc}"
        after = (
            f"{_DOMAINS[right.product]},{right.covered_from},{right.covered_until},{right.priority},"
            f"{right.status},{'yes' if right.left_on else 'no'},{right.left_on},,,,\n"
        )
        for one in members:
            feed.members += 1
            card = ",".join(one.card) if one.card else ",,"
            vitale = ",".join(one.vitale) if one.vitale else ",,"
            self._counts["card_differs"] += one.card is not None
            self._counts["vitale_differs"] += one.vitale is not None
            feed.lines.append(
                f"{before},A-{feed.members:07d},{holder},{contract},{right.product},{one.relationship},"
                f"{one.holder_nir},{one.own_nir},{TEST_OID},{one.birth_date},{one.rank},{one.sex},"
                f"{one.family_name},{one.used_name},{one.given_names},{one.birth_place},{card},{vitale},"
                f"{holder if one.represented else ''},{after}"
            )
            self._lines += 1
        if len(feed.lines) >= _BUFFER_LINES:
            feed.flush()


def _rest(right: _Right) -> tuple[str, str, str, str, str]:
    return right.covered_from, right.covered_until, right.priority, right.status, right.left_on


def _tell(members: tuple[Person, ...], insurer: Insurer, right: _Right) -> dict[str, object]:
    """What the demonstration types for a character: all invented, so in clear."""
    return {
        "insurer": insurer.name,
        "amc": insurer.amc,
        "product": right.product,
        "status": right.status,
        "domains": _DOMAINS[right.product].split(),
        "members": [
            {
                "nir": one.holder_nir,
                "own_nir": one.own_nir,
                "birth_date": one.birth_date,
                "rank": int(one.rank),
                "family_name": one.family_name,
                "used_name": one.used_name,
                "given_names": one.given_names,
                "sex": one.sex,
                "birth_place": one.birth_place,
                "relationship": one.relationship,
            }
            for one in members
        ],
    }


def write_insurers(path: Path, insurers: list[Insurer]) -> None:
    """Write the insurers' file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names(INSURERS))
        for one in insurers:
            mandate = "yes" if one.operator_sends else "no"
            for product in PRODUCTS:
                responsible = "yes" if product.responsible else "no"
                for domain in product.domains:
                    formula = product.formula(domain)
                    writer.writerow(
                        [
                            *(one.amc, one.name, one.contact_email, mandate),
                            *(product.code, product.name, responsible),
                            *(domain.name, formula.fr, formula.en),
                        ]
                    )


def _write_directory(path: Path, plan: Plan) -> dict[str, int]:
    lines, people, places = 0, set(), set()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="|", lineterminator="\n")
        writer.writerow(names(DIRECTORY))
        for activity in make_activities(Random(f"{plan.seed}/directory"), plan.professionals):
            writer.writerow(directory_fields(activity))
            lines += 1
            people.add(activity.rpps)
            places.add(activity.establishment.finess)
    return {"activities": lines, "professionals": len(people), "establishments": len(places)}
