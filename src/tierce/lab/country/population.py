"""Writes the synthetic country to files: insurers, what things cost, rights feeds, the directory, the truth.

Streaming: blocks of people are made one after the other, or by several processes at once, and written in their order;
nothing is kept but a few blocks and counters, so thirty million people need no more memory than one. The same
arguments give the same bytes, whatever the number of processes.
"""

import csv
import json
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from enum import StrEnum
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Final, Protocol

from tierce.directory.loads.columns import DIRECTORY
from tierce.kernel.feed import names
from tierce.lab.country.block import (
    TEST_OID,
    Block,
    BlockWriter,
    Plan,
    Right,
    domains_of,
    make_block,
    zero_counts,
)
from tierce.lab.country.carers import FERRAND, MORVAN, directory_fields, make_activities
from tierce.lab.country.insurers import PRODUCTS, Insurer, make_insurers, route_of
from tierce.lab.country.people import Person
from tierce.lab.country.pricing import write_benefits, write_tariffs
from tierce.lab.country.public import write_public_directory
from tierce.lab.country.story import ROLES, STAFF, story_families
from tierce.registry.columns import INSURERS, RIGHTS

__all__ = ["TEST_OID", "Format", "Plan", "read_identities", "write_country", "write_insurers"]

BLOCKS_AHEAD: Final = 2
"""Blocks that each process may be ahead of what is written: memory is bounded by this."""
_HEADER: Final = ",".join(names(RIGHTS)) + "\n"


class Format(StrEnum):
    """How the rights feeds are written; the columns are the same."""

    CSV = "csv"
    PARQUET = "parquet"


class _Feeds(Protocol):
    """What takes the lines of each insurer in their order."""

    def add(self, insurer: int, text: str) -> None:
        """Append lines to an insurer's feed."""

    def close(self) -> None:
        """End every feed."""


class _CsvFeeds:
    def __init__(self, folder: Path, insurers: list[Insurer]) -> None:
        self._paths = [folder / f"{one.amc}.csv" for one in insurers]
        for path in self._paths:
            path.write_text(_HEADER, encoding="utf-8")

    def add(self, insurer: int, text: str) -> None:
        with self._paths[insurer].open("a", encoding="utf-8", newline="") as file:
            file.write(text)

    def close(self) -> None:
        return


def write_country(
    plan: Plan,
    out: Path,
    progress: Callable[[int], None],
    *,
    processes: int = 1,
    form: Format = Format.CSV,
    public: bool = False,
) -> dict[str, object]:
    """Write every file of the country under `out` and return the truth; calls `progress` with people made.

    Args:
        plan: what to make.
        out: folder to create.
        progress: hears of the people made so far.
        processes: how many make people at once; the bytes are the same for any number.
        form: how the rights feeds are written.
        public: write the directory in the public layouts too, under `annuaire/`.

    Raises:
        FileExistsError: `out` already holds a country; nothing is written over.
    """
    if (out / "truth.json").exists() or (out / "rights").exists():
        msg = f"{out} already holds a country; choose another folder or remove it"
        raise FileExistsError(msg)
    (out / "rights").mkdir(parents=True)
    insurers = make_insurers(plan.insurers)
    write_insurers(out / "insurers.csv", insurers)
    write_tariffs(out / "tariffs.csv", plan.on.year)
    write_benefits(out / "benefits.csv", insurers, plan.on.year)
    truth: dict[str, object] = {
        "seed": plan.seed,
        "on": plan.on.isoformat(),
        "insurers": plan.insurers,
        "staff": list(STAFF),
    }
    truth |= _write_rights(plan, _open_feeds(form, out / "rights", insurers), insurers, progress, processes)
    truth["directory"] = _write_directory(out / "directory.csv", plan)
    if public:
        write_public_directory(out / "annuaire", plan)
    text = json.dumps(truth, ensure_ascii=False, indent=2, sort_keys=True)
    (out / "truth.json").write_text(text + "\n", encoding="utf-8")
    return truth


def _open_feeds(form: Format, folder: Path, insurers: list[Insurer]) -> _Feeds:
    if form is Format.CSV:
        return _CsvFeeds(folder, insurers)
    from tierce.lab.country.parquet import ParquetFeeds  # noqa: PLC0415 - a large library, read only when asked for

    return ParquetFeeds(folder, [one.amc for one in insurers])


def read_identities(rights: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (NIR of the rights holder, birth date, rank) of each line of the feeds under `rights`."""
    for path in sorted(rights.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield row["right_holder_nir"], row["birth_date"], row["birth_rank"]


def _write_rights(
    plan: Plan, feeds: _Feeds, insurers: list[Insurer], progress: Callable[[int], None], processes: int
) -> dict[str, object]:
    told, first = _story(plan, insurers)
    made, counts, lines = 0, Counter(zero_counts()), Counter[int]()
    for block in _blocks(plan, first, processes):
        for insurer in sorted(block.texts):
            feeds.add(insurer, block.texts[insurer])
        counts.update(block.counts)
        lines.update(block.lines)
        made += block.persons
        progress(made)
    feeds.close()
    return {
        "persons": made,
        "lines": lines.total(),
        "counts": dict(sorted(counts.items())),
        "story": told,
        "lines_by_insurer": {one.amc: lines[number] for number, one in enumerate(insurers)},
    }


def _blocks(plan: Plan, story: Block, processes: int) -> Iterator[Block]:
    """The story's block, then every other in its order, made here or by other processes a few blocks ahead."""
    yield story
    total = plan.blocks(story.persons)
    if processes < 2 or total < 2:
        for number in range(1, total + 1):
            yield make_block(plan, number, story.persons)
        return
    # A fresh interpreter each: nothing of this process (threads, connections) is shared with them.
    with ProcessPoolExecutor(min(processes, total), mp_context=get_context("spawn")) as pool:
        waiting: deque[Future[Block]] = deque()
        for number in range(1, total + 1):
            waiting.append(pool.submit(make_block, plan, number, story.persons))
            if len(waiting) >= processes * BLOCKS_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _story(plan: Plan, insurers: list[Insurer]) -> tuple[dict[str, object], Block]:
    writer = BlockWriter(plan, 0)
    told: dict[str, object] = {"claire_morvan": {"rpps": MORVAN}, "nadia_ferrand": {"rpps": FERRAND}}
    families = story_families()
    for role, number in ROLES.items():
        family = families[number]
        first = family.insurer % len(insurers)
        right = writer.former(first) if family.former else writer.active(first, "1")
        right = replace(right, product=family.product)
        second = None
        if family.second is not None and len(insurers) > 1:
            second = writer.active(family.second % len(insurers), "2")
        writer.tell(list(family.members), right, second)
        told[role] = _tell(family.members, insurers[first], right)
    return told, writer.finish()


def _tell(members: tuple[Person, ...], insurer: Insurer, right: Right) -> dict[str, object]:
    """What the demonstration types for a character: all invented, so in clear."""
    return {
        "insurer": insurer.name,
        "amc": insurer.amc,
        "product": right.product,
        "status": right.status,
        "domains": domains_of(right.product).split(),
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
        for number, one in enumerate(insurers):
            printed, _, csr = route_of(number)
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
                            *(printed, csr, ""),
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
