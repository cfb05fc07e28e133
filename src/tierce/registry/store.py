"""The register in PostgreSQL: insurers, and one import at a time; what imports write is in the stores beside this."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from psycopg import Connection

from tierce.kernel.card import Routing
from tierce.kernel.care import Domain
from tierce.kernel.errors import TierceError
from tierce.kernel.feed import FeedCounts
from tierce.kernel.ids import InsurerId
from tierce.registry.errors import ContractEndedError, InsurerRemoteError
from tierce.registry.lookup.store import Lookup
from tierce.registry.model import People, Product, Sender
from tierce.registry.progress.store import FeedBook
from tierce.registry.proving.store import prove_first
from tierce.registry.routing.store import READ_PRINTED, printed_of
from tierce.registry.writing.store import Writer
from tierce.storage.insurer_keys import make_insurer_keys
from tierce.storage.keys import LOOKUPS, Keyring, Purpose
from tierce.storage.lookup_keys import take, take_to_write

IMPORT_LOCK: Final = 0x7469_6572_6665
"""Imports run one at a time: two of them could each create the same new person."""


class RegistryStore:
    """Reads and writes the register over one connection of role tierce_feed."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        """Use `connection`, not in autocommit; `keyring` holds index, trait, feed, pair, person and coverage."""
        self._connection = connection
        self._keyring = keyring

    # -- one import at a time, and its line in registry.feed -------------------------------------------------

    def lock(self) -> bool:
        """Become the only import; False when another one runs. The lock is the session's.

        Raises:
            LookupKeyError: a key by which people are looked up is being replaced, under this very lock, or is another
                database's.
        """
        row = self._connection.execute("select pg_try_advisory_lock(%s)", (IMPORT_LOCK,)).fetchone()
        if not (row and row[0]):
            return False
        try:
            prove_first(self._connection, self._keyring, LOOKUPS)
            take(self._connection, self._keyring, [Purpose.FEED, Purpose.PAIR])
            self._connection.commit()  # whoever gives numbers to people asked about waits for that row
            take_to_write(self._connection, self._keyring, LOOKUPS)
        except TierceError:
            self._connection.rollback()
            self.unlock()
            raise
        return True

    def unlock(self) -> None:
        """Let another import run."""
        self._connection.execute("select pg_advisory_unlock(%s)", (IMPORT_LOCK,))
        self._connection.commit()

    def begin(
        self,
        feed: int,
        kind: str,
        insurer: InsurerId | None,
        sha256: bytes,
        at: datetime,
        of: tuple[str, int] | None,
    ) -> None:
        """Note that a file is being taken in, `of` a layout and a day where it has one; the caller commits.

        One of its kind that is still under way was left by a process that died, as imports run one at a time: under
        way for ever, it would keep the night from removing anybody, and a contract from being deleted.
        """
        layout, day = of or (None, None)
        self._connection.execute(
            "update registry.feed set state = 'left', ended = %s where kind = %s and insurer is not distinct from %s"
            " and state = 'running'",
            (at, kind, insurer),
        )
        self._connection.execute(
            "insert into registry.feed (id, kind, insurer, file_sha256, state, started, layout, effective_day)"
            " values (%s, %s, %s, %s, 'running', %s, %s, %s)",
            (feed, kind, insurer, sha256, at, layout, day),
        )

    def last_day(self, layout: str) -> int | None:
        """The latest day of which a file of this layout was taken."""
        row = self._connection.execute(
            "select max(effective_day) from registry.feed where layout = %s and state = 'done'", (layout,)
        ).fetchone()
        return row[0] if row else None

    def unfinished(self, kind: str, insurer: InsurerId | None, sha256: bytes) -> tuple[int, FeedCounts] | None:
        """Find the import of this very file that was interrupted, and how far it came, if there is one."""
        row = self._connection.execute(
            "select id, taken, unchanged, rejected from registry.feed where kind = %s and file_sha256 = %s"
            " and insurer is not distinct from %s and state = 'running' order by started desc limit 1",
            (kind, sha256, insurer),
        ).fetchone()
        return None if row is None else (row[0], FeedCounts(row[1], row[2], row[3]))

    def reached(self, feed: int, counts: FeedCounts) -> None:
        """Note how far an import came; the caller commits it with what it changed."""
        self._connection.execute(
            "update registry.feed set lines_read = %s, taken = %s, unchanged = %s, rejected = %s where id = %s",
            (counts.read, counts.taken, counts.unchanged, counts.rejected, feed),
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

    def has_ended(self, insurer: InsurerId) -> bool:
        """Whether the contract with this insurer has ended: none of its files of rights is taken in."""
        row = self._connection.execute(
            "select exists (select from registry.ending where insurer = %s and resumed is null)", (insurer,)
        ).fetchone()
        return row == (True,)

    def refuse_sender(self, insurer: InsurerId) -> None:
        """Refuse an insurer of which no rights file is taken in.

        Raises:
            ContractEndedError: its contract has ended.
            InsurerRemoteError: it keeps its people itself.
        """
        if self.has_ended(insurer):
            raise ContractEndedError
        row = self._connection.execute(
            "select exists (select from registry.remote where insurer = %s and ended is null)", (insurer,)
        ).fetchone()
        if row == (True,):
            raise InsurerRemoteError

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
        products = {code: Product(number, code, bits) for number, code, bits in rows}
        return Sender(insurer, amc, products, people, Routing(self.printed()))

    def printed(self) -> dict[str, list[tuple[str, str]]]:
        """What each insurer's cards print, (AMC number, CSR), where that is more than its own number."""
        return printed_of(self._connection.execute(READ_PRINTED).fetchall())

    def put_printed(self, insurer: InsurerId, printed: Sequence[tuple[str, str]]) -> None:
        """Keep what an insurer's cards print, in the place of what was said before."""
        self._connection.execute("delete from registry.printed where insurer = %s", (insurer,))
        for amc, csr in printed:
            self._connection.execute(
                "insert into registry.printed (insurer, amc, csr) values (%s, %s, %s)", (insurer, amc, csr)
            )

    def put_insurer(
        self,
        amc: str,
        name: str,
        contact_email: str | None,
        *,
        operator_sends: bool,
        engagement_days: int | None = None,
        unsaid: frozenset[str] = frozenset(),
    ) -> InsurerId:
        """Create or update an insurer; columns left unsaid stay as they are."""
        row = self._connection.execute(
            "insert into registry.insurer as i (id, amc, name, contact_email, operator_sends, engagement_days)"
            " values ((select coalesce(max(id), 0) + 1 from registry.insurer), %s, %s, %s, %s, %s)"
            " on conflict (amc) do update set name = excluded.name, operator_sends = excluded.operator_sends,"
            " contact_email = case when %s then i.contact_email else excluded.contact_email end,"
            " engagement_days = case when %s then i.engagement_days else excluded.engagement_days end"
            " returning id",
            (amc, name, contact_email, operator_sends, engagement_days,
             "contact_email" in unsaid, "engagement_days" in unsaid),
        ).fetchone()  # fmt: skip
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
        return make_insurer_keys(self._connection, self._keyring, insurers)

    # -- what an import of rights works with -------------------------------------------------------------------

    def index_keys(self) -> tuple[bytes, bytes, bytes]:
        """Return the raw keys of the indexes: identifiers, traits, what a feed says."""
        index, trait, feed = (self._keyring.raw(one.value) for one in (Purpose.INDEX, Purpose.TRAIT, Purpose.FEED))
        return index, trait, feed

    def writer(self, sender: Sender, told: int) -> Writer:
        """Return what seals and writes this insurer's lines; `told` marks the file."""
        return Writer(self._connection, self._keyring, sender, told)

    def lookup(self, insurer: InsurerId) -> Lookup:
        """Return what finds people."""
        return Lookup(self._connection, insurer)

    def book(self) -> FeedBook:
        """Return what notes how far imports have come."""
        return FeedBook(self._connection)
