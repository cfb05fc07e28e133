"""Deposits in the database, and what their resolution reads; no statement here reads a person or a coverage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg import AsyncConnection, Connection

from tierce.deposits.model import Choice, Insurer, Row, Signer, State, Typed, Worth
from tierce.deposits.spool import Record
from tierce.kernel.card import MemberNumber, normalise_card
from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import PARIS, date_of, from_micros, paris_day
from tierce.kernel.errors import FieldError
from tierce.kernel.nir import normalise
from tierce.policy.deposits import DepositReason, DepositState
from tierce.policy.ladder import Level, Rung
from tierce.storage.keys import Keyring, Purpose
from tierce.storage.lookup_keys import take as take_keys
from tierce.storage.pairs import pair_number

RESOLVER_LOCK: Final = 0x7469_6572_6470
"""The advisory lock under which deposits are judged, one batch at a time."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A deposit taken in and not yet resolved."""

    number: int
    received: datetime
    sealed: bytes


class Pairs:
    """The keyed numbers by which the gate knows whom a place asked about, made of what was typed in a deposit.

    They are written and never read back: what they are compared with is the database's to know (docs/adr/0119).
    """

    def __init__(self, keyring: Keyring) -> None:
        """Take `pair.key`."""
        self._keyring = keyring
        self._hash = keyring.hash(Purpose.PAIR)

    def insist(self, connection: Connection) -> None:
        """Refuse a key file that is another database's: what it made would be nobody's, and compared with nothing.

        Raises:
            LookupKeyError: it is.
        """
        take_keys(connection, self._keyring, [Purpose.PAIR])

    def of(self, establishment: int, typed: Typed, insurer: Insurer | None) -> tuple[int, int | None]:
        """Of her NIR, and of her card where its number is one that an ask could name."""
        by_nir = pair_number(self._hash, establishment, normalise(typed.nir, typed.birth_date, typed.rank))
        if insurer is None:
            return by_nir, None
        try:
            member = MemberNumber.parse(typed.member)
        except FieldError:
            return by_nir, None
        return by_nir, pair_number(self._hash, establishment, normalise_card(insurer.amc, member, typed.birth_date))


def take(connection: Connection, records: Sequence[Record]) -> list[Record]:
    """Insert what is not there yet; returns the records inserted. Idempotent."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into care.deposit (number, key, received, state, reason, sealed)"
            " select * from unnest(%s::bigint[], %s::uuid[], %s::timestamptz[], %s::smallint[], %s::smallint[],"
            " %s::bytea[]) on conflict do nothing returning number",
            (
                [one.number for one in records],
                [UUID(bytes=one.key) for one in records],
                [from_micros(one.at_us) for one in records],
                [DepositState.RECEIVED.value] * len(records),
                [DepositReason.NONE.value] * len(records),
                [one.sealed for one in records],
            ),
        )
        taken = {row[0] for row in cursor.fetchall()}
    return [one for one in records if one.number in taken]


def taken(connection: Connection, records: Sequence[Record]) -> bool:
    """Whether every record is in the database: under its number, and not another's."""
    row = connection.execute(
        "select count(*) from unnest(%s::bigint[], %s::uuid[]) r(number, key)"
        " join care.deposit d on d.number = r.number and d.key = r.key",
        ([one.number for one in records], [UUID(bytes=one.key) for one in records]),
    ).fetchone()
    return row is not None and row[0] == len(records)


def waiting(connection: Connection, at_most: int) -> list[Waiting]:
    """Deposits to resolve; no other resolver judges any until this transaction ends.

    Each is judged by what was guaranteed before it: two resolvers side by side would pass the limit of a day, and
    guarantee one care twice.
    """
    connection.execute("select pg_advisory_xact_lock(%s)", (RESOLVER_LOCK,))
    rows = connection.execute(
        "select number, received, sealed from care.deposit where state = %s and sealed is not null"
        " order by number limit %s for update",
        (DepositState.RECEIVED, at_most),
    ).fetchall()
    return [Waiting(number, received, bytes(sealed)) for number, received, sealed in rows]


def how_many_wait(connection: Connection) -> int:
    """How many deposits are not resolved yet."""
    row = connection.execute(
        "select count(*) from care.deposit where state = %s", (DepositState.RECEIVED,)
    ).fetchone()
    return 0 if row is None else int(row[0])


_SIGNER: LiteralString = """
    select s.id, s.professional, t.establishment, t.profession, t.id, s.software, s.device, s.line, s.network,
           s.created, s.revoked, d.thumbprint, exists (
               select from access.ladder h where h.rung >= %(rung)s and h.since <= %(at)s and h.until > %(at)s
                 and (h.lifted is null or h.lifted > %(at)s)
                 and (h.level, h.subject) in ((%(login)s, s.login), (%(device)s, s.device),
                                              (%(login)s, u.login), (%(device)s, u.device),
                                              (%(establishment)s, t.establishment), (%(profession)s, t.profession),
                                              (%(software)s, s.software), (%(vendor)s, o.vendor),
                                              (%(cell)s, directory.cell_of(e.finess, t.profession)))),
           -- One that was ended early revoked its sessions then; an assistant's last day ends hers.
           coalesce(%(day)s between u.from_day and u.until_day, true) and coalesce(%(at)s < s.latest, true)
    from access.session s
    join access.device d on d.id = s.device
    join directory.activity t on t.id = s.activity
    join directory.establishment e on e.id = t.establishment
    join directory.software o on o.id = s.software
    left join directory.substitution u on u.id = t.substitution
    where s.handle = %(handle)s"""


def signer(connection: Connection, handle: bytes, at: datetime) -> Signer | None:
    """The session of a handle's digest with the key it is bound to; None for one that is unknown or not bound."""
    row = connection.execute(
        _SIGNER,
        {
            "handle": handle, "at": at, "day": paris_day(at), "rung": Rung.PRESENCE_ONLY, "login": Level.LOGIN,
            "device": Level.DEVICE, "establishment": Level.ESTABLISHMENT, "profession": Level.PROFESSION,
            "software": Level.SOFTWARE, "vendor": Level.VENDOR, "cell": Level.CELL,
        },
    ).fetchone()  # fmt: skip
    if row is None:
        return None
    return Signer(
        row[0], row[1], row[2], Profession(row[3]), row[4], row[5], row[6], row[7], bytes(row[8]), row[9], row[10],
        bytes(row[11]), row[12], row[13],
    )  # fmt: skip


def guaranteed_on(connection: Connection, line: int, at: datetime) -> int:
    """How many deposits of a line of seats are guaranteed in the civil day of `at`, in Paris."""
    row = connection.execute(
        "select count(*) from care.deposit where line = %s and state = %s"
        " and (received at time zone 'Europe/Paris')::date = %s",
        (line, DepositState.GUARANTEED, at.astimezone(PARIS).date()),
    ).fetchone()
    return 0 if row is None else int(row[0])


def is_repeated(connection: Connection, number: int, twins: list[UUID]) -> bool:
    """Whether an earlier deposit of the establishment is about the same care."""
    row = connection.execute(
        "select exists (select from care.deposit where twin = any(%s) and number <> %s)", (twins, number)
    ).fetchone()
    return bool(row and row[0])


def resolve(
    connection: Connection,
    number: int,
    worth: Worth,
    at: datetime,
    *,
    signer: Signer | None,
    facts: tuple[int | None, int, int, int, str | None, UUID, int | None, int | None] | None,
) -> None:
    """Write what a deposit is worth.

    `facts`: insurer, domain, amount, day of care, label, twin, pairs by NIR and by card; none when unreadable.
    """
    connection.execute(
        "update care.deposit set state = %s, reason = %s, resolved = %s, establishment = %s, professional = %s,"
        " line = %s, insurer = %s, domain = %s, amount = %s, care_day = %s, label = %s, twin = %s, pair = %s,"
        " card_pair = %s where number = %s",
        (worth.state, worth.reason, at, signer and signer.establishment, signer and signer.professional,
         signer and signer.line, *(facts or (None,) * 8), number),
    )  # fmt: skip


def forget_typed(connection: Connection, keep: timedelta) -> int:
    """Destroy what was typed in deposits received longer ago, by the database's clock; the rest of the row stays."""
    return connection.execute(
        "update care.deposit set sealed = null, label = null where received < now() - %s and sealed is not null",
        (keep,),
    ).rowcount


_STATE: LiteralString = (
    "select number, received, state, reason, domain, care_day, amount, resolved from care.deposit"
    " where number = %s and (establishment = %s or establishment is null)"
)


async def state(connection: AsyncConnection[Any], number: int, establishment: int, printed: str) -> State | None:
    """The state of one receipt, for the establishment that left it; who is in it is never read."""
    row = await (await connection.execute(_STATE, (number, establishment))).fetchone()
    if row is None:
        return None
    _, received, stands, reason, domain, care_day, amount, resolved = row
    return State(
        printed, received, DepositState(stands), DepositReason(reason), Domain(domain) if domain else None,
        None if care_day is None else date_of(care_day), amount, resolved,
    )  # fmt: skip


_INSURERS: LiteralString = """
    select i.id, i.amc, i.name,
           array(select array[p.amc, p.csr] from registry.printed p where p.insurer = i.id order by p.amc, p.csr),
           c.domain, c.up_to, c.from_day, c.until_day, c.days_before
    from registry.insurer i left join registry.deposit_choice c on c.insurer = i.id order by i.id, c.domain"""


def _gather(rows: Sequence[tuple[Any, ...]]) -> dict[str, Insurer]:
    found: dict[str, Insurer] = {}
    for number, amc, name, printed, domain, up_to, from_day, until_day, days_before in rows:
        choices = found[amc].choices if amc in found else ()
        if domain is not None:
            choices = (*choices, Choice(number, Domain(domain), up_to, from_day, until_day, days_before))
        found[amc] = Insurer(number, amc, name, choices, tuple((told, csr) for told, csr in printed))
    return found


def insurers(connection: Connection) -> dict[str, Insurer]:
    """Every insurer with its choices, by AMC number."""
    return _gather(connection.execute(_INSURERS).fetchall())


async def insurers_async(connection: AsyncConnection[Any]) -> dict[str, Insurer]:
    """Do as `insurers`, on an asynchronous connection."""
    return _gather(await (await connection.execute(_INSURERS)).fetchall())


def choose(connection: Connection, choice: Choice, at: datetime, by: str) -> None:
    """Enter an insurer's choice for a domain from a day on; one entered before for that day is replaced."""
    connection.execute(
        "insert into registry.deposit_choice (insurer, domain, up_to, from_day, until_day, days_before, at, by)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (insurer, domain, from_day) do update"
        " set up_to = excluded.up_to, until_day = excluded.until_day, days_before = excluded.days_before,"
        " at = excluded.at, by = excluded.by",
        (choice.insurer, choice.domain, choice.up_to, choice.from_day, choice.until_day, choice.days_before, at, by),
    )


def counts(connection: Connection) -> list[tuple[DepositState, DepositReason, int]]:
    """How many deposits stand where, and why."""
    rows = connection.execute(
        "select state, reason, count(*) from care.deposit group by state, reason order by state, reason"
    ).fetchall()
    return [(DepositState(stands), DepositReason(reason), number) for stands, reason, number in rows]


def latest(connection: Connection, at_most: int) -> list[Row]:
    """The newest deposits, without anybody's identity."""
    rows = connection.execute(
        "select d.number, d.received, d.state, d.reason, d.domain, d.amount, i.name, t.name, t.town"
        " from care.deposit d left join registry.insurer i on i.id = d.insurer"
        " left join directory.establishment t on t.id = d.establishment order by d.received desc limit %s",
        (at_most,),
    ).fetchall()
    return [
        Row(row[0], row[1], DepositState(row[2]), DepositReason(row[3]), Domain(row[4]) if row[4] else None, *row[5:])
        for row in rows
    ]
