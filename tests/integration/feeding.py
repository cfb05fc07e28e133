"""What the tests of imports share: a small country, and an intake that remembers what it refused."""

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psycopg

from tierce.directory.loads.store import DirectoryStore
from tierce.feeds.commands import KEYS
from tierce.feeds.intake import INSTANCE, Intake, Report
from tierce.feeds.rights import LOAD_FROM
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, SystemClock
from tierce.kernel.errors import TierceError
from tierce.kernel.feed import Rejection
from tierce.lab.country.population import Plan
from tierce.presence.store import ReportRows
from tierce.registry.model import People
from tierce.registry.progress.model import Progress
from tierce.registry.service import CHUNK_LINES, Listener
from tierce.registry.store import RegistryStore
from tierce.storage.keys import Keyring

PLAN = Plan(persons=2_000, insurers=4, seed=11, on=date(2026, 11, 23), professionals=60)
FIRST = "99100001"

STATE = """
    select md5(string_agg(line, '|' order by line)) from (
        select 'key ' || k.idx || ' ' || f.idx as line
        from person.key k join (select person, min(idx::text) as idx from person.key group by person) f using (person)
        union all
        select 'member ' || m.idx || ' ' || f.idx
        from person.member m
        join (select person, min(idx::text) as idx from person.key group by person) f using (person)
        union all
        select concat_ws(' ', 'cover', f.idx, insurer, from_day, until_day, domains, priority, contract, digest,
                         effective_day, told)
        from coverage.coverage c join (select person, min(idx::text) as idx from person.key group by person) f
            using (person)
        union all
        select concat_ws(' ', 'family', f.idx, h.idx, r.idx) from person.family
        join (select person, min(idx::text) as idx from person.key group by person) f using (person)
        join (select person as holder, min(idx::text) as idx from person.key group by person) h using (holder)
        left join (select person as representative, min(idx::text) as idx from person.key group by person) r
            using (representative)
        union all
        select concat_ws(' ', 'trait', t.idx, f.idx) from person.trait t
        join (select person, min(idx::text) as idx from person.key group by person) f using (person)
        union all select concat_ws(' ', 'refused', line, field, code) from registry.feed_refused
    ) lines"""
"""What the register says, whatever numbers its people drew."""


def state(admin: psycopg.Connection) -> object:
    """One digest of what the register says."""
    return admin.execute(STATE).fetchone()


@dataclass
class Importer:
    """An intake that remembers what it refused."""

    intake: Intake
    rejections: list[Rejection] = field(default_factory=list)
    on_lines: Callable[[int], None] = lambda _lines: None
    on_progress: Callable[[Progress], None] = lambda _progress: None

    def listener(self) -> Listener:
        self.rejections.clear()
        return Listener(self.rejections.append, self._on_lines, self._on_progress)

    def _on_lines(self, lines: int) -> None:
        self.on_lines(lines)

    def _on_progress(self, progress: Progress) -> None:
        self.on_progress(progress)

    def rights(
        self,
        path: Path,
        amc: str = FIRST,
        *,
        dry_run: bool = False,
        whole: bool = False,
        confirm_shrink: int | None = None,
    ) -> Report:
        return self.intake.rights(
            path, amc, self.listener(), dry_run=dry_run, whole=whole, confirm_shrink=confirm_shrink
        )

    def first_load(self, files: list[Path]) -> dict[str, Report | TierceError | None]:
        listener = self.listener()
        return {path.name: found for path, found in self.intake.first_load(files, lambda _path: listener)}

    def insurers(self, path: Path) -> Report:
        return self.intake.insurers(path, self.listener())

    def directory(self, path: Path) -> Report:
        return self.intake.directory(path, self.listener())


def make_importer(
    connection: psycopg.Connection,
    key_directory: Path,
    chunk_lines: int = CHUNK_LINES,
    load_from: int = LOAD_FROM,
    clock: Clock | None = None,
) -> Importer:
    """Import over a connection of role tierce_feed, with its own keys."""
    keyring = Keyring(key_directory, KEYS)
    return Importer(
        Intake(
            connection,
            registry=RegistryStore(connection, keyring),
            directory=DirectoryStore(connection),
            reports=ReportRows(connection, keyring),
            appender=Appender.enrol(connection, INSTANCE, keyring.instance(INSTANCE)),
            clock=clock or SystemClock(),
            people=People.INVENTED,
            chunk_lines=chunk_lines,
            load_from=load_from,
        )
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path
