"""The register in PostgreSQL: sealed records and keyed indexes; a clear identifier never reaches a statement."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from psycopg import Connection

from tierce.kernel.care import Domain
from tierce.kernel.feed import FeedCounts
from tierce.kernel.ids import InsurerId, PersonId
from tierce.kernel.traits import normalise_traits
from tierce.registry.model import People, Product, RightsLine, Sender
from tierce.registry.records import CivilRecord, CoverageRecord, decode_civil, encode_record
from tierce.storage.insurer_keys import load_sealer, make_insurer_keys
from tierce.storage.keys import Compartment, Keyring, Purpose, Sealer

_IMPORT_LOCK: Final = 0x7469_6572_6665
"""Imports run one at a time: two of them could each create the same new person."""

_STAGE: LiteralString = """
    create temporary table if not exists stage_line (
        person bigint not null, insurer smallint not null, member uuid not null, trait uuid not null,
        civil bytea not null, holder bigint not null, representative bigint,
        contract bigint not null, domains integer not null, from_day integer not null,
        until_day integer not null, priority smallint not null, digest bytea not null, coverage bytea not null
    ) on commit delete rows;
    create temporary table if not exists stage_key (idx uuid not null, person bigint not null)
        on commit delete rows"""

_COPY_LINE: LiteralString = "copy stage_line from stdin (format binary)"
_COPY_KEY: LiteralString = "copy stage_key from stdin (format binary)"
_LINE_TYPES: Final = [
    "int8", "int2", "uuid", "uuid", "bytea", "int8", "int8",
    "int8", "int4", "int4", "int4", "int2", "bytea", "bytea",
]  # fmt: skip

_UPSERTS: tuple[LiteralString, ...] = (
    "insert into person.key (idx, person) select idx, person from stage_key on conflict do nothing",
    """insert into person.member as m (insurer, idx, person) select insurer, member, person from stage_line
       on conflict (insurer, idx) do update set person = excluded.person where m.person <> excluded.person""",
    "insert into person.trait (idx, person) select trait, person from stage_line on conflict do nothing",
    """insert into person.record (person, insurer, sealed) select person, insurer, civil from stage_line
       on conflict (person, insurer) do update set sealed = excluded.sealed""",
    """insert into person.family as f (person, insurer, holder, representative)
       select person, insurer, holder, representative from stage_line
       on conflict (person, insurer) do update set holder = excluded.holder, representative = excluded.representative
       where (f.holder, f.representative) is distinct from (excluded.holder, excluded.representative)""",
    # Periods of one insurer never overlap: a line replaces those that its own days touch.
    """delete from coverage.coverage c using stage_line s
       where c.person = s.person and c.insurer = s.insurer and c.from_day <> s.from_day
         and c.from_day <= s.until_day and c.until_day >= s.from_day""",
    """insert into coverage.coverage (person, insurer, contract, domains, from_day, until_day, priority,
                                      digest, sealed)
       select person, insurer, contract, domains, from_day, until_day, priority, digest, coverage
       from stage_line
       on conflict (person, insurer, from_day) do update set contract = excluded.contract,
           domains = excluded.domains, until_day = excluded.until_day, priority = excluded.priority,
           digest = excluded.digest, sealed = excluded.sealed""",
)

_ASTRAY: LiteralString = "select count(*) from stage_key s join person.key k using (idx) where k.person <> s.person"


@dataclass(frozen=True, slots=True)
class Indexed:
    """A line with the keyed indexes of everything it names."""

    line: RightsLine
    keys: tuple[UUID, ...]
    cards: tuple[UUID, ...]
    """Her member number with each birth date she is known by: they find her, and never decide whose a line is."""
    corrects: UUID | None
    corrects_card: UUID | None
    """Her card with the birth date sent by mistake."""
    member: UUID
    holder: UUID
    representative: UUID | None
    digest: bytes


@dataclass(frozen=True, slots=True)
class Settled:
    """An indexed line whose people are known: hers, her holder's, her representative's."""

    indexed: Indexed
    person: PersonId
    holder: PersonId
    representative: PersonId | None


class RegistryStore:
    """Reads and writes the register over one connection of role tierce_feed."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        """Use `connection`, not in autocommit; `keyring` holds index, trait, feed, person and coverage."""
        self._connection = connection
        self._keyring = keyring
        self._index = keyring.hash(Purpose.INDEX)
        self._trait = keyring.hash(Purpose.TRAIT)
        self._feed = keyring.hash(Purpose.FEED)
        self._sealer: Sealer | None = None

    # -- one import at a time, and its line in registry.feed -------------------------------------------------

    def lock(self) -> bool:
        """Become the only import; False when another one runs. The lock is the session's."""
        row = self._connection.execute("select pg_try_advisory_lock(%s)", (_IMPORT_LOCK,)).fetchone()
        return bool(row and row[0])

    def unlock(self) -> None:
        """Let another import run."""
        self._connection.execute("select pg_advisory_unlock(%s)", (_IMPORT_LOCK,))
        self._connection.commit()

    def begin(self, feed: int, kind: str, insurer: InsurerId | None, sha256: bytes, at: datetime) -> None:
        """Note that a file is being taken in; the caller commits."""
        self._connection.execute(
            "insert into registry.feed (id, kind, insurer, file_sha256, state, started)"
            " values (%s, %s, %s, %s, 'running', %s)",
            (feed, kind, insurer, sha256, at),
        )

    def end(self, feed: int, state: str, counts: FeedCounts, at: datetime) -> None:
        """Note how it ended, `done` or `refused`; the caller commits."""
        self._connection.execute(
            "update registry.feed set state = %s, lines_read = %s, taken = %s, unchanged = %s, rejected = %s,"
            " ended = %s where id = %s",
            (state, counts.read, counts.taken, counts.unchanged, counts.rejected, at, feed),
        )

    def count_people(self, insurer: InsurerId) -> None:
        """Count the insurer's people, as its own site tells them until its next import; the caller commits."""
        self._connection.execute("select registry.count_people(%s::smallint)", (insurer,))

    def commit(self) -> None:
        """Make everything written so far durable."""
        self._connection.commit()

    def rollback(self) -> None:
        """Forget everything since the last commit."""
        self._connection.rollback()

    # -- insurers --------------------------------------------------------------------------------------------

    def insurer_ids(self) -> dict[str, InsurerId]:
        """Map the AMC number of every insurer to its identifier."""
        rows = self._connection.execute("select amc, id from registry.insurer").fetchall()
        return {amc: InsurerId(number) for amc, number in rows}

    def sender(self, amc: str, people: People) -> Sender | None:
        """Return an insurer with its products, or None when no insurer has this AMC number."""
        insurer = self.insurer_ids().get(amc)
        if insurer is None:
            return None
        rows = self._connection.execute(
            "select p.id, p.code, coalesce(bit_or(1 << (g.domain - 1)), 0) from registry.product p"
            " left join registry.guarantee g on g.product = p.id where p.insurer = %s group by p.id, p.code",
            (insurer,),
        ).fetchall()
        return Sender(insurer, amc, {code: Product(number, code, bits) for number, code, bits in rows}, people)

    def put_insurer(self, amc: str, name: str, contact_email: str | None, *, operator_sends: bool) -> InsurerId:
        """Create or update an insurer."""
        row = self._connection.execute(
            "insert into registry.insurer as i (id, amc, name, contact_email, operator_sends)"
            " values ((select coalesce(max(id), 0) + 1 from registry.insurer), %s, %s, %s, %s)"
            " on conflict (amc) do update set name = excluded.name, contact_email = excluded.contact_email,"
            " operator_sends = excluded.operator_sends returning id",
            (amc, name, contact_email, operator_sends),
        ).fetchone()
        assert row is not None
        return InsurerId(row[0])

    def put_product(self, insurer: InsurerId, code: str, name: str, *, responsible: bool) -> int:
        """Create or update a product of an insurer."""
        row = self._connection.execute(
            "insert into registry.product (insurer, code, name, responsible) values (%s, %s, %s, %s)"
            " on conflict (insurer, code) do update set name = excluded.name, responsible = excluded.responsible"
            " returning id",
            (insurer, code, name, responsible),
        ).fetchone()
        assert row is not None
        return int(row[0])

    def put_guarantees(self, rows: Sequence[tuple[int, Domain, str, str]]) -> None:
        """Create or update guarantees: (product, domain, French text, English text)."""
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "insert into registry.guarantee (product, domain, formula_fr, formula_en) values (%s, %s, %s, %s)"
                " on conflict (product, domain) do update set formula_fr = excluded.formula_fr,"
                " formula_en = excluded.formula_en",
                [(product, domain.value, fr, en) for product, domain, fr, en in rows],
            )

    def make_keys(self, insurers: Iterable[InsurerId]) -> int:
        """Give a sealing key to every insurer that has none."""
        self._sealer = None
        return make_insurer_keys(self._connection, self._keyring, insurers)

    # -- persons ---------------------------------------------------------------------------------------------

    def indexed(self, line: RightsLine, amc: str) -> Indexed:
        """Compute every keyed index that a line needs."""
        return Indexed(
            line=line,
            keys=tuple(self._index.uuid(identity.canonical()) for identity in line.identities()),
            cards=tuple(self._index.uuid(card) for card in line.cards(amc)),
            corrects=self._index.uuid(line.corrects.canonical()) if line.corrects else None,
            corrects_card=self._index.uuid(line.card_of(amc, line.corrects)) if line.corrects else None,
            member=self._member(amc, line.member_number),
            holder=self._member(amc, line.holder_member_number),
            representative=self._member(amc, line.representative_member_number)
            if line.representative_member_number
            else None,
            digest=self._feed.digest(b"line|2|" + line.told)[:16],
        )

    def _member(self, amc: str, number: str) -> UUID:
        return self._feed.uuid(f"member|1|{amc}|{number}".encode())

    def find_keys(self, keys: Iterable[UUID]) -> dict[UUID, PersonId]:
        """Map those keyed identifiers that lead to somebody."""
        rows = self._connection.execute(
            "select idx, person from person.key where idx = any(%s)", (list(keys),)
        ).fetchall()
        return {idx: PersonId(person) for idx, person in rows}

    def find_members(self, insurer: InsurerId, members: Iterable[UUID]) -> dict[UUID, PersonId]:
        """Map those keyed member numbers of an insurer that lead to somebody."""
        rows = self._connection.execute(
            "select idx, person from person.member where insurer = %s and idx = any(%s)", (insurer, list(members))
        ).fetchall()
        return {idx: PersonId(person) for idx, person in rows}

    def digests(self, insurer: InsurerId, persons: Iterable[PersonId]) -> dict[tuple[PersonId, int], bytes]:
        """Map people and first days to the digest of what this insurer last told of that period."""
        rows = self._connection.execute(
            "select person, from_day, digest from coverage.coverage where insurer = %s and person = any(%s)",
            (insurer, list(persons)),
        ).fetchall()
        return {(PersonId(person), from_day): bytes(digest) for person, from_day, digest in rows}

    def write(self, sender: Sender, settled: Sequence[Settled]) -> None:
        """Seal and write the lines of one chunk, in the transaction under way; the caller commits."""
        if not settled:
            return
        self._connection.execute(_STAGE)
        # Sealed before COPY begins: the first line of a process reads the insurers' keys over this connection.
        lines = [self._line_row(sender, one) for one in settled]
        with self._connection.cursor() as cursor:
            with cursor.copy(_COPY_LINE) as copy:
                copy.set_types(_LINE_TYPES)
                for line in lines:
                    copy.write_row(line)
            with cursor.copy(_COPY_KEY) as copy:
                copy.set_types(["uuid", "int8"])
                for one in settled:
                    for key in (*one.indexed.keys, *one.indexed.cards):
                        copy.write_row((key, one.person))
            corrections = [one for one in settled if one.indexed.corrects is not None]
            if corrections:
                self._take_away(corrections)
            for statement in _UPSERTS:
                cursor.execute(statement)
            if corrections:
                self._put_other_traits(sender, corrections)
            astray = cursor.execute(_ASTRAY).fetchone()
            assert astray == (0,), "a keyed identifier leads to two people"

    def _line_row(self, sender: Sender, one: Settled) -> tuple[object, ...]:
        line = one.indexed.line
        sealer = self._sealer_now()
        civil = encode_record(_civil_record(line))
        product = sender.products[line.product_code].id
        coverage = encode_record(_coverage_record(line, product))
        return (
            one.person, sender.id, one.indexed.member, self._trait.uuid(line.traits),
            sealer.seal(Compartment.PERSON, sender.id, one.person, civil), one.holder, one.representative,
            self._feed.int64(f"contract|1|{sender.amc}|{line.contract_number}".encode()),
            line.domains, line.from_day, line.until_day, line.priority, one.indexed.digest,
            sealer.seal(Compartment.COVERAGE, sender.id, one.person, coverage),
        )  # fmt: skip

    def _sealer_now(self) -> Sealer:
        if self._sealer is None:
            self._sealer = load_sealer(self._connection, self._keyring, [Compartment.PERSON, Compartment.COVERAGE])
        return self._sealer

    def _take_away(self, corrections: Sequence[Settled]) -> None:
        """Remove the identifiers sent by mistake, and the traits, which are written again from every copy."""
        persons = [one.person for one in corrections]
        for wrong in (
            [one.indexed.corrects for one in corrections],
            [one.indexed.corrects_card for one in corrections],
        ):
            self._connection.execute(
                "delete from person.key where idx = any(%s) and person = any(%s)", (wrong, persons)
            )
        self._connection.execute("delete from person.trait where person = any(%s)", (persons,))

    def _put_other_traits(self, sender: Sender, corrections: Sequence[Settled]) -> None:
        rows = self._connection.execute(
            "select person, insurer, sealed from person.record where person = any(%s) and insurer <> %s",
            ([one.person for one in corrections], sender.id),
        ).fetchall()
        for person, insurer, sealed in rows:
            record = self.open_civil(InsurerId(insurer), PersonId(person), bytes(sealed))
            traits = normalise_traits(
                record.family_name, record.given_names, record.birth_date, record.sex, record.birth_place
            )
            self._connection.execute(
                "insert into person.trait (idx, person) values (%s, %s) on conflict do nothing",
                (self._trait.uuid(traits), person),
            )

    def open_civil(self, insurer: InsurerId, person: PersonId, sealed: bytes) -> CivilRecord:
        """Open one insurer's copy of a person's civil status."""
        return decode_civil(self._sealer_now().open_(Compartment.PERSON, insurer, person, sealed))


def _civil_record(line: RightsLine) -> CivilRecord:
    others = [
        (one.nir.reveal(), one.birth_date.reveal(), one.rank.reveal()) if one else None
        for one in (line.card, line.vitale)
    ]
    return CivilRecord(
        version=1,
        family_name=line.family_name,
        used_name=line.used_name,
        given_names=line.given_names,
        sex=line.sex,
        birth_date=line.identity.birth_date.reveal(),
        birth_place=line.birth_place,
        right_holder_nir=line.identity.nir.reveal(),
        rank=line.identity.rank.reveal(),
        own_nir=line.own_nir.reveal() if line.own_nir else None,
        ins_oid=line.ins_oid,
        card=others[0],
        vitale=others[1],
    )


def _coverage_record(line: RightsLine, product: int) -> CoverageRecord:
    return CoverageRecord(
        version=1,
        product=product,
        product_code=line.product_code,
        contract_number=line.contract_number,
        member_number=line.member_number,
        holder_member_number=line.holder_member_number,
        relationship=line.relationship.value,
        domains=line.domains,
        from_day=line.from_day,
        until_day=line.until_day,
        priority=line.priority,
        status=line.status.value,
        is_former=line.is_former,
        left_day=line.left_day,
        effective_day=line.effective_day,
    )
