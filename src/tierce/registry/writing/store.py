"""Seals the lines of a chunk and writes them: straight into an empty register's tables, or staged and merged.

A clear identifier reaches neither a statement nor a temporary table: what is copied is keyed or sealed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, LiteralString
from uuid import UUID

import msgspec
import numpy as np
from psycopg import Connection

from tierce.kernel.ids import InsurerId, PersonId
from tierce.kernel.traits import normalise_traits
from tierce.registry.likeness import may_enter
from tierce.registry.model import Sender, Status
from tierce.registry.prepared import Prepared, Settled
from tierce.registry.records import CivilRecord, decode_civil, decode_coverage, encode_record, identifiers_of
from tierce.registry.writing.layout import HEAD, TAIL, Field, big, lay_out
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import Compartment, Keyring, Purpose, Sealer

_COPY_BYTES: Final = 1 << 20
_COLUMNS: Final[dict[str, LiteralString]] = {
    "key": "(idx, person)",
    "trait": "(idx, person)",
    "member": "(insurer, idx, person)",
    "family": "(person, insurer, holder, representative)",
    "record": "(person, insurer, alike, borrowed, sealed)",
    "coverage": "(person, insurer, contract, domains, from_day, until_day, priority, digest, sealed, effective_day,"
                " told)",
}  # fmt: skip
_TABLES: Final[dict[str, LiteralString]] = {
    "key": "person.key",
    "trait": "person.trait",
    "member": "person.member",
    "family": "person.family",
    "record": "person.record",
    "coverage": "coverage.coverage",
}
_STAGE: LiteralString = """
    create temporary table if not exists stage_key (like person.key) on commit delete rows;
    create temporary table if not exists stage_trait (like person.trait) on commit delete rows;
    create temporary table if not exists stage_member (like person.member) on commit delete rows;
    create temporary table if not exists stage_family (like person.family) on commit delete rows;
    create temporary table if not exists stage_record (like person.record) on commit delete rows;
    create temporary table if not exists stage_coverage (like coverage.coverage) on commit delete rows"""
_PUT_KEYS: LiteralString = """
    with put as (
        insert into person.key (idx, person) select idx, person from stage_key order by idx
        on conflict do nothing returning idx, person),
    rest as materialized (select idx, person from stage_key except select idx, person from put)
    select count(*) from rest r
    where (select k.person from person.key k where k.idx = r.idx) is distinct from r.person"""
"""Counts the keys that lead to somebody else: looked up by key, and those alone that were not put just now."""
_MERGE: Final[tuple[LiteralString, ...]] = (
    """insert into person.member as m (insurer, idx, person)
       select distinct on (insurer, idx) insurer, idx, person from stage_member
       on conflict (insurer, idx) do update set person = excluded.person where m.person <> excluded.person""",
    """insert into person.trait as t (idx, person, contested)
       select distinct on (idx, person) idx, person, contested from stage_trait order by idx, person
       on conflict (idx, person) do update set contested = null where t.contested and excluded.contested is null""",
    # Of several lines of one person in a chunk, the last one's copy stands.
    """insert into person.record (person, insurer, sealed, alike, borrowed)
       select distinct on (person, insurer) person, insurer, sealed, alike, borrowed from stage_record
       order by person, insurer, ctid desc
       on conflict (person, insurer) do update set sealed = excluded.sealed, alike = excluded.alike,
           borrowed = excluded.borrowed""",
    """insert into person.family as f (person, insurer, holder, representative)
       select distinct on (person, insurer) person, insurer, holder, representative from stage_family
       order by person, insurer, ctid desc
       on conflict (person, insurer) do update set holder = excluded.holder, representative = excluded.representative
       where (f.holder, f.representative) is distinct from (excluded.holder, excluded.representative)""",
    """insert into coverage.coverage (person, insurer, contract, domains, from_day, until_day, priority, digest,
                                      sealed, effective_day, told)
       select person, insurer, contract, domains, from_day, until_day, priority, digest, sealed, effective_day, told
       from stage_coverage order by person
       on conflict (person, insurer, from_day) do update set contract = excluded.contract,
           domains = excluded.domains, until_day = excluded.until_day, priority = excluded.priority,
           digest = excluded.digest, sealed = excluded.sealed, effective_day = excluded.effective_day,
           told = excluded.told""",
)
_UNAGREED: LiteralString = """
    select a.n from unnest(%s::bigint[], %b::bytea[]) with ordinality a(person, raw, n)
    where (select true from person.record r where r.person = a.person and r.insurer <> %s limit 1)
      and (select t.contested is null from person.trait t
           where t.idx = encode(a.raw, 'hex')::uuid and t.person = a.person) is not true"""
"""Lines of people whom another insurer tells of, under traits that do not open their space yet; looked up by key."""
_FIND_CONTESTED: LiteralString = """
    select a.person, a.idx from unnest(%s::bigint[], %s::uuid[]) a(person, idx)
    where (select t.contested from person.trait t where t.idx = a.idx and t.person = a.person)"""
_CONTEST: LiteralString = """
    update stage_trait s set contested = true from unnest(%s::bigint[], %b::bytea[]) a(person, raw)
    where s.person = a.person and s.idx = encode(a.raw, 'hex')::uuid"""
# Rows of periods, by key. The planner knows nobody of an insurer until the tables are analysed: in a join it read all
# of the insurer's periods for each chunk, and compared each with every line.
_RUNNING: LiteralString = """
    select c.person, c.from_day, c.sealed from coverage.coverage c where c.ctid = any(array(
        select (select x.ctid from coverage.coverage x
                where x.person = a.person and x.insurer = %s and x.from_day = a.since)
        from unnest(%s::bigint[], %s::integer[]) a(person, since)))"""
_REMOVE: LiteralString = """
    delete from coverage.coverage c where c.ctid = any(array(
        select (select x.ctid from coverage.coverage x
                where x.person = a.person and x.insurer = %s and x.from_day = a.since)
        from unnest(%s::bigint[], %s::integer[]) a(person, since)))"""
_TELL_AGAIN: LiteralString = """
    update coverage.coverage c set told = %s, effective_day = greatest(c.effective_day, %s) where c.ctid = any(array(
        select (select x.ctid from coverage.coverage x
                where x.person = a.person and x.insurer = %s and x.from_day = a.since)
        from unnest(%s::bigint[], %s::integer[]) a(person, since)))"""
_SPARE: LiteralString = """
    update coverage.coverage c set told = %s where c.ctid = any(array(
        select x.ctid from unnest(%s::bigint[]) a(person)
        cross join lateral (select y.ctid from coverage.coverage y
                            where y.person = a.person and y.insurer = %s and y.told <> %s offset 0) x))"""
_NO_DIGEST: Final = bytes(16)
"""Of a period that was shortened: whatever is told of it next says something new."""


class Writer:
    """Writes what was settled, in the transaction under way; the caller commits."""

    def __init__(self, connection: Connection, keyring: Keyring, sender: Sender, told: int) -> None:
        """Write for one insurer; `told` is the mark of the file."""
        self._connection = connection
        self._sender = sender
        self._told = told
        self._trait = keyring.hash(Purpose.TRAIT)
        self._index = keyring.hash(Purpose.INDEX)
        self._sealer: Sealer = load_sealer(connection, keyring, [Compartment.PERSON, Compartment.COVERAGE])

    def laid_out(self, chunk: Prepared, settled: Settled) -> dict[str, list[memoryview]]:
        """Seal the records of the rows taken and lay every table's rows out for COPY."""
        rows, persons = settled.rows, settled.persons
        count, insurer = len(rows), self._sender.id
        of_row = np.zeros(len(chunk), dtype=np.int64)
        of_row[rows] = persons
        who, several = big(persons, 8), big(np.full(count, insurer), 2)
        keys, cards = of_row[chunk.key_rows] != 0, of_row[chunk.card_rows] != 0
        laid: dict[str, list[memoryview]] = {
            "key": [
                lay_out(int(keys.sum()), chunk.keys[keys], big(of_row[chunk.key_rows[keys]], 8)),
                lay_out(int(cards.sum()), chunk.cards[cards], big(of_row[chunk.card_rows[cards]], 8)),
            ],
            "trait": [lay_out(count, chunk.traits[rows], who)],
            "member": [lay_out(count, several, chunk.members[rows], who)],
            "family": self._family(settled, who, several),
            "record": [],
            "coverage": [],
        }
        for there, records in chunk.civil.sized(rows):
            sealed = self._sealer.seal_many(Compartment.PERSON, insurer, persons[there], records)
            at = rows[there]
            marks = big(chunk.alike[at], 4), chunk.borrowed[at].astype(np.uint8).reshape(-1, 1)
            laid["record"].append(lay_out(len(there), who[there], several[there], *marks, sealed))
        for there, records in chunk.coverage.sized(rows):
            sealed = self._sealer.seal_many(Compartment.COVERAGE, insurer, persons[there], records)
            at = rows[there]
            days = [big(chunk.since[at], 4), big(chunk.until[at], 4)]
            told = [big(chunk.effective[at], 4), big(np.full(len(there), self._told), 8)]
            columns = [who[there], several[there], big(chunk.contracts[at], 8), big(chunk.domains[at], 4), *days,
                       big(chunk.priority[at], 2), chunk.digests[at], sealed, *told]  # fmt: skip
            laid["coverage"].append(lay_out(len(there), *columns))
        return laid

    def _family(self, settled: Settled, who: Field, several: Field) -> list[memoryview]:
        laid = []
        for there, deputies in (
            (np.flatnonzero(settled.representatives != 0), settled.representatives),
            (np.flatnonzero(settled.representatives == 0), None),
        ):
            if len(there):
                columns = (who[there], several[there], big(settled.holders[there], 8))
                laid.append(lay_out(len(there), *columns, None if deputies is None else big(deputies[there], 8)))
        return laid

    def copy(self, laid: dict[str, list[memoryview]], *, staged: bool) -> None:
        """Send laid-out rows to the tables, or to their stages."""
        with self._connection.cursor() as cursor:
            for name, pieces in laid.items():
                if not any(map(len, pieces)):
                    continue
                table = f"stage_{name}" if staged else _TABLES[name]
                with cursor.copy(f"copy {table} {_COLUMNS[name]} from stdin (format binary)".encode()) as copy:
                    copy.write(HEAD)
                    for piece in pieces:
                        for at in range(0, len(piece), _COPY_BYTES):
                            copy.write(piece[at : at + _COPY_BYTES])
                    copy.write(TAIL)

    def merge(self, chunk: Prepared, settled: Settled, feed: int) -> None:
        """Write a settled chunk into a register that holds people already."""
        self._cut(settled)
        self._tell_again(settled.again)
        if not len(settled.rows):
            return
        laid = self.laid_out(chunk, settled)
        self._connection.execute(_STAGE)
        # A dry run does not commit, which would empty them.
        self._connection.execute(f"truncate {', '.join(f'stage_{name}' for name in _TABLES)}".encode())
        self.copy(laid, staged=True)
        corrected = [
            (int(person), chunk.corrects[row], int(chunk.effective[row]))
            for row, person in zip(settled.rows.tolist(), settled.persons.tolist(), strict=True)
            if row in chunk.corrects
        ]
        contested = self._contested(chunk, settled)
        if contested:
            persons, numbers = zip(*contested, strict=True)
            self._connection.execute(_CONTEST, (list(persons), list(numbers)))
        others = self._take_away(corrected, feed) if corrected else []
        astray = self._connection.execute(_PUT_KEYS).fetchone()
        assert astray == (0,), "a keyed identifier leads to two people"
        for statement in _MERGE:
            self._connection.execute(statement)
        for person, trait, is_contested in others:
            self._connection.execute(
                "insert into person.trait (idx, person, contested) values (%s, %s, %s) on conflict do nothing",
                (trait, person, is_contested),
            )

    def _contested(self, chunk: Prepared, settled: Settled) -> list[tuple[int, bytes]]:
        """Find the traits that open nobody's space: of people whom others tell of, and no other's copy agrees with.

        Else one insurer's file would let whomever it likes into the history of everybody whose numbers it knows.
        """
        persons, traits = settled.persons.tolist(), [chunk.traits[row].tobytes() for row in settled.rows.tolist()]
        found = self._connection.execute(_UNAGREED, (persons, traits, self._sender.id)).fetchall()
        others = self._vouching(sorted({persons[place - 1] for (place,) in found}))
        contested = []
        for (place,) in found:
            person, told = persons[place - 1], decode_civil(chunk.civil.one(int(settled.rows[place - 1])))
            if not any(may_enter(told, copy) for copy in others[person]):
                contested.append((person, traits[place - 1]))
        return contested

    # -- periods that give way -------------------------------------------------------------------------------

    def _cut(self, settled: Settled) -> None:
        self.remove(settled.removed)
        if settled.cut:
            persons, days, _untils = zip(*settled.cut, strict=True)
            until = {(person, since): day for person, since, day in settled.cut}
            rows = self._connection.execute(_RUNNING, (self._sender.id, list(persons), list(days))).fetchall()
            self.shorten([(person, since, until[person, since], sealed) for person, since, sealed in rows])

    def remove(self, periods: Sequence[tuple[int, int]]) -> None:
        """Take periods away: (person, first day)."""
        if periods:
            persons, days = zip(*periods, strict=True)
            self._connection.execute(_REMOVE, (self._sender.id, list(persons), list(days)))

    def shorten(self, periods: Sequence[tuple[int, int, int, bytes]], effective: int | None = None) -> None:
        """End periods on a day: (person, first day, new last day, sealed record).

        With `effective`, this file says so of that day; else no file does, as the line that did was of other days.
        """
        insurer = self._sender.id
        changed = []
        for person, since, until, sealed in periods:
            plaintext = self._sealer.open_(Compartment.COVERAGE, insurer, PersonId(person), bytes(sealed))
            record = msgspec.structs.replace(
                decode_coverage(plaintext), until_day=until, status=Status.ENDED.value
            )  # fmt: skip
            changed.append((
                until, self._sealer.seal(Compartment.COVERAGE, insurer, PersonId(person), encode_record(record)),
                _NO_DIGEST, effective, 0 if effective is None else self._told, person, insurer, since,
            ))  # fmt: skip
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "update coverage.coverage set until_day = %s, sealed = %s, digest = %s,"
                " effective_day = coalesce(%s::integer, effective_day), told = %s"
                " where person = %s and insurer = %s and from_day = %s",
                changed,
            )

    def _tell_again(self, again: Sequence[tuple[int, int, int]]) -> None:
        """Note that periods are told anew: (person, first day, day that the line describes), most often one day."""
        of_day: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for person, since, effective in again:
            of_day[effective].append((person, since))
        for effective, periods in sorted(of_day.items()):
            persons, days = zip(*periods, strict=True)
            self._connection.execute(_TELL_AGAIN, (self._told, effective, self._sender.id, list(persons), list(days)))

    def spare(self, persons: Iterable[int]) -> None:
        """Count people whose line was refused as told of: a whole file does not end them for a spelling mistake."""
        self._connection.execute(_SPARE, (self._told, list(persons), self._sender.id, self._told))

    # -- corrections -----------------------------------------------------------------------------------------

    def told_elsewhere(self, keys: Iterable[tuple[int, bytes]]) -> set[tuple[int, bytes]]:
        """Tell which keyed identifiers of people are in another insurer's copy: a correction leaves those alone."""
        asked = set(keys)
        found = set()
        for person, insurer, record in self._copies(sorted({person for person, _key in asked})):
            if insurer != self._sender.id:
                found |= {(person, self._index.digest(one)[:16]) for one in identifiers_of(record)}
        return found & asked

    def _take_away(
        self, corrected: Sequence[tuple[int, tuple[bytes, bytes], int]], feed: int
    ) -> list[tuple[int, UUID, bool | None]]:
        """Remove the identifiers sent by mistake, remember that they were, and take the traits away for a moment.

        Returns those of other insurers, to be put back as they were.
        """
        wrong = [(person, key, day) for person, keys, day in corrected for key in keys]
        stay = self.told_elsewhere((person, key) for person, key, _day in wrong)
        for person, key, day in wrong:
            if (person, key) not in stay:
                self._connection.execute(
                    "with gone as (delete from person.key where idx = encode(%b, 'hex')::uuid and person = %s"
                    " returning idx, person)"
                    " insert into person.former_key (idx, person, insurer, effective_day, feed)"
                    " select idx, person, %s, %s, %s from gone on conflict do nothing",
                    (key, person, self._sender.id, day, feed),
                )
        others: dict[tuple[int, UUID], bool] = {}
        for person, insurer, trait in self._traits_of([person for person, _keys, _day in corrected]):
            others[person, trait] = others.get((person, trait), False) or insurer != self._sender.id
        back = []
        for (person, trait), is_told in others.items():
            gone = self._connection.execute(
                "delete from person.trait where idx = %s and person = %s returning contested", (trait, person)
            ).fetchone()
            if gone is not None and is_told:
                back.append((person, trait, gone[0]))
        return back

    def _traits_of(self, persons: Sequence[int]) -> list[tuple[int, int, UUID]]:
        """Return (person, insurer, keyed trait) of every copy of some people's civil status."""
        return [(person, insurer, self._trait_of(record)) for person, insurer, record in self._copies(persons)]

    # -- copies of civil status ------------------------------------------------------------------------------

    def find_copies(self, persons: Iterable[int]) -> dict[int, list[CivilRecord]]:
        """Map people whom this insurer tells nothing of to the others' copies of their civil status."""
        return self._vouching(list(persons))

    def _vouching(self, persons: Sequence[int]) -> dict[int, list[CivilRecord]]:
        """Map people to other insurers' copies, without those that are contested where there are others.

        One that is contested vouches for nobody: whoever was put in somebody's place by one insurer would be
        confirmed there by the next.
        """
        copies = [(person, self._trait_of(record), record) for person, insurer, record in self._copies(persons)
                  if insurer != self._sender.id]  # fmt: skip
        asked = [person for person, _trait, _record in copies], [trait for _person, trait, _record in copies]
        contested = set(self._connection.execute(_FIND_CONTESTED, asked).fetchall()) if copies else set()
        every: dict[int, list[CivilRecord]] = defaultdict(list)
        some: dict[int, list[CivilRecord]] = defaultdict(list)
        for person, trait, record in copies:
            every[person].append(record)
            if (person, trait) not in contested:
                some[person].append(record)
        return every | some

    def _trait_of(self, record: CivilRecord) -> UUID:
        return self._trait.uuid(
            normalise_traits(
                record.family_name, record.given_names, record.birth_date, record.sex, record.birth_place
            )
        )

    def _copies(self, persons: Sequence[int]) -> Iterator[tuple[int, int, CivilRecord]]:
        if not persons:
            return
        rows = self._connection.execute(
            "select person, insurer, sealed from person.record where person = any(%s)", (list(persons),)
        ).fetchall()
        for person, insurer, sealed in rows:
            yield person, insurer, self.open_civil(InsurerId(insurer), PersonId(person), bytes(sealed))

    def open_civil(self, insurer: InsurerId, person: PersonId, sealed: bytes) -> CivilRecord:
        """Open one insurer's copy of a person's civil status."""
        return decode_civil(self._sealer.open_(Compartment.PERSON, insurer, person, sealed))
