"""Sessions of the sites that are OIDC clients themselves: the office, the insurers' site, the persons' space."""

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar, Generic, TypeVar
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from tierce.identity import claims, rules, store
from tierce.identity.errors import (
    LinkReason,
    LinkRefusedError,
    SessionReason,
    SessionRefusedError,
    SignInReason,
    SignInRefusedError,
)
from tierce.identity.model import InsurerCaller, OpenedSession, PersonCaller, StaffCaller
from tierce.identity.oidc import Claims, digest
from tierce.identity.over import Over
from tierce.identity.reading.service import HANDLE_LENGTH, Pool
from tierce.identity.service import new_handle
from tierce.identity.sites import store as site_store
from tierce.identity.sites.errors import TicketReason, TicketRefusedError
from tierce.identity.sites.model import Held
from tierce.identity.sites.rules import bound_to
from tierce.identity.vouching import end_over, keep_vouched
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, micros, paris_day
from tierce.kernel.ids import InsurerId, PersonId, SessionId, StaffId, new_id, staff_id
from tierce.kernel.traits import may_be_hers
from tierce.policy.acts import Act, Outcome

TraitIndex = Callable[[bytes], UUID]
"""The keyed index of canonical traits (`person.trait.idx`)."""

GivenNames = Callable[[InsurerId, PersonId, bytes], str]
"""Opens one insurer's sealed copy of a person's civil status, for her given names alone."""

Door = Callable[[str], bytes]
"""From an insurer's AMC number to what opens a session for its staff (`registry.door`)."""


Find = Callable[[AsyncConnection[TupleRow], bytes, bytes], Awaitable[TupleRow | None]]
"""Reads a session by the digests of its handle and of a ticket: what its caller is made of, then what ends it."""
ENDS = 4
"""The last columns of that: whether the ticket serves, since when, until when, and when it was revoked."""
Caller = TypeVar("Caller")


@dataclass(frozen=True, slots=True)
class _BoundSessions(ABC, Generic[Caller]):
    """What the sessions of the three sites have in common: how they are read with a ticket, and how they end."""

    pool: Pool
    appender: Appender
    clock: Clock
    policy: bytes

    find: ClassVar[Find]
    life: ClassVar[rules.Lifetime]

    @abstractmethod
    def caller(self, found: TupleRow) -> Caller:
        """Who holds the session that `find` found, of the columns before those that end it."""

    @abstractmethod
    def line(self, caller: Caller, act: Act, outcome: Outcome = Outcome.DONE) -> Entry:
        """The line of an act of the session whose caller this is."""

    async def read(self, held: Held) -> Caller:
        """Read a live session.

        Raises:
            SessionRefusedError: there is none, or it is over.
            TicketRefusedError: it lives, and its browser has to sign first.
        """
        row = None
        if len(held.handle) == HANDLE_LENGTH:
            async with self.pool.connection() as connection:
                row = await type(self).find(connection, digest(held.handle), digest(held.ticket))
        if row is None:
            raise SessionRefusedError(SessionReason.UNKNOWN)
        serves, created, expires, revoked = row[-ENDS:]
        refusal = rules.session_refusal(
            self.clock.now(), created=created, expires=expires, revoked=revoked, life=self.life
        )
        if refusal is not None:
            raise SessionRefusedError(refusal)
        if not serves:
            raise TicketRefusedError(TicketReason.LAPSED)
        return self.caller(row[:-ENDS])

    async def other_key(self, connection: AsyncConnection[TupleRow], handle: str) -> Entry:
        """The line that says that another key signed for this session: whoever holds it reads it."""
        row = await type(self).find(connection, digest(handle), b"")
        assert row is not None, "the session was just found"
        return self.line(self.caller(row[:-ENDS]), Act.SESSION_OTHER_KEY, Outcome.NOT_ALLOWED)

    async def end(self, handle: str) -> None:
        """Sign out."""
        async with self.pool.connection() as connection:
            await site_store.end_session(connection, digest(handle))

    async def end_over(self, over: Over) -> bool:
        """End what the provider says is over; False when this token served before."""
        async with self.pool.connection() as connection:
            return await end_over(connection, over, self.mark) is not None

    def mark(self, sub: str) -> bytes:
        """What is kept of the provider's subject."""
        return digest(sub)

    async def opened(
        self, connection: AsyncConnection[TupleRow], vouched: Claims, handle: str, caller: Caller, act: Act
    ) -> str:
        """Keep how the provider names a session that was just inserted, and write its line; its first ticket."""
        line, ticket = self.line(caller, act), secrets.token_urlsafe(32)
        await keep_vouched(connection, line.session, vouched, handle, self.mark)
        given = await site_store.first_ticket(connection, line.session, digest(ticket))
        assert given, "the session was just opened"
        await self.appender.write_async(connection, [line])
        return ticket

    def entry(self, professional: StaffId | PersonId, session: SessionId, act: Act, outcome: Outcome) -> Entry:
        """A line of identity; whose it is besides is the site's to add."""
        return Entry(
            kind=EntryKind.IDENTITY,
            act=act,
            outcome=outcome,
            time_us=micros(self.clock.now()),
            professional=professional,
            session=session,
            policy=self.policy,
        )


@dataclass(frozen=True, slots=True)
class StaffSessions(_BoundSessions[StaffCaller]):
    """Opens, reads and ends the sessions of staff; `roles` are those that the policy knows."""

    roles: frozenset[str]

    find = site_store.staff_session
    life = rules.STAFF_LIFETIME

    async def open_session(self, vouched: Claims, thumbprint: bytes) -> OpenedSession:
        """Open a session for a member of staff who has signed in with phishing-resistant means, bound to this key."""
        identity = claims.staff(vouched, self.roles)
        now = self.clock.now()
        handle, stored = new_handle()
        session, staff = SessionId(new_id()), staff_id(identity.subject)
        expires = rules.expiry(now, now, self.life)
        async with self.pool.connection() as connection:
            await site_store.put_staff_session(
                connection,
                session=session,
                handle=stored,
                staff=staff,
                subject=identity.subject,
                name=identity.name,
                roles=identity.roles,
                created=now,
                expires=expires,
                bound=bound_to(handle, thumbprint),
            )
            caller = StaffCaller(staff, session, identity.name, frozenset(identity.roles))
            ticket = await self.opened(connection, vouched, handle, caller, Act.STAFF_SESSION_OPEN)
        return OpenedSession(session, handle, expires, ticket)

    def caller(self, found: TupleRow) -> StaffCaller:
        """Who holds it, in those of her roles that are known still."""
        session, staff, name, roles = found
        return StaffCaller(StaffId(staff), SessionId(session), name, frozenset(roles) & self.roles)

    def line(self, caller: StaffCaller, act: Act, outcome: Outcome = Outcome.DONE) -> Entry:
        """The line of an act of hers."""
        return self.entry(caller.staff, caller.session, act, outcome)


@dataclass(frozen=True, slots=True)
class InsurerSessions(_BoundSessions[InsurerCaller]):
    """Opens, reads and ends the sessions of insurers' staff, each for one insurer."""

    door: Door

    find = site_store.insurer_session
    life = rules.INSURER_LIFETIME

    async def open_session(self, vouched: Claims, thumbprint: bytes) -> OpenedSession:
        """Open a session for the insurer that the token names; SignInRefusedError when we know no such insurer."""
        identity = claims.insurer_staff(vouched)
        now = self.clock.now()
        handle, stored = new_handle()
        session, staff = SessionId(new_id()), staff_id(f"{identity.amc}|{identity.subject}")
        async with self.pool.connection() as connection:
            insurer = await site_store.open_insurer_session(
                connection,
                door=self.door(identity.amc),
                session=session,
                handle=stored,
                staff=staff,
                name=identity.name,
                life=self.life.total,
                bound=bound_to(handle, thumbprint),
            )
            if insurer is None:
                raise SignInRefusedError(SignInReason.INSURER_UNKNOWN)
            caller = InsurerCaller(staff, session, identity.name, insurer, identity.amc, "")
            ticket = await self.opened(connection, vouched, handle, caller, Act.INSURER_SESSION_OPEN)
        return OpenedSession(session, handle, rules.expiry(now, now, self.life), ticket)

    def caller(self, found: TupleRow) -> InsurerCaller:
        """Who holds it, for which insurer."""
        session, insurer, amc, insurer_name, staff, name = found
        return InsurerCaller(StaffId(staff), SessionId(session), name, InsurerId(insurer), amc, insurer_name)

    def line(self, caller: InsurerCaller, act: Act, outcome: Outcome = Outcome.DONE) -> Entry:
        """The line of an act of hers, for her insurer."""
        return replace(self.entry(caller.staff, caller.session, act, outcome), insurer=caller.insurer)


SIGN_IN_ROWS, SIGN_IN_CELLS = 4, 1 << 20


class SignInsToday:
    """How often each identity signed in today, by its keyed index: in the memory of the one process that lets in.

    Four mebibytes, however many come. An identity has one cell of each row, by four bytes of its index, and its count
    is that of its least used cell. Two identities may share cells, so that a count is never too low, and too high
    only when others use up all four: with 25,000 identities that sign in as often as they may, ten times what the
    day's ceiling of look-ups lets in, for fewer than one honest identity in a million (docs/reference/sign-in.md).
    """

    def __init__(self) -> None:
        """Nobody came yet."""
        self._day = 0
        self._cells = bytearray(SIGN_IN_ROWS * SIGN_IN_CELLS)

    def once_more(self, idx: UUID, day: int) -> bool:
        """Count one more; False once there were too many today."""
        if day > self._day:
            self._day, self._cells = day, bytearray(len(self._cells))
        key = idx.bytes
        places = [
            row * SIGN_IN_CELLS + int.from_bytes(key[4 * row : 4 * row + 4]) % SIGN_IN_CELLS
            for row in range(SIGN_IN_ROWS)
        ]
        count = min(self._cells[place] for place in places)
        if count >= rules.PERSON_SIGN_INS_A_DAY:
            return False
        for place in places:
            self._cells[place] = max(self._cells[place], count + 1)
        return True


@dataclass(frozen=True, slots=True)
class PersonSessions(_BoundSessions[PersonCaller]):
    """Opens, reads and ends the sessions of persons covered."""

    trait_index: TraitIndex
    subject_index: TraitIndex
    """Of a provider's subject, kept five hours: the same across a replacement of the key of traits."""
    given_names: GivenNames
    today: SignInsToday = field(default_factory=SignInsToday)

    find = site_store.person_session
    life = rules.PERSON_LIFETIME

    async def open_session(self, vouched: Claims, thumbprint: bytes) -> OpenedSession:
        """Open a session for the one person of the register who has all the traits, bound to this key.

        The traits hold the first given name alone, but for the count of the day. The others are compared once the
        opening is committed, with every copy of her record: none opens before its line. A homonym who is refused
        there leaves two: the second says so.

        Raises:
            SignInRefusedError: the level is too low, or this identity signed in too often today.
            LinkRefusedError: nobody, or more than one person, has these traits; or another who shares them does.
        """
        pivot = claims.person(vouched)
        now = self.clock.now()
        handle, stored = new_handle()
        session = SessionId(new_id())
        expires = rules.person_expiry(now)
        idx = self.trait_index(rules.pivot_bytes(pivot))
        if not self.today.once_more(self.trait_index(rules.counted_bytes(pivot)), paris_day(now)):
            raise SignInRefusedError(SignInReason.TOO_OFTEN_TODAY)
        async with self.pool.connection() as connection:
            person = rules.link(await store.persons_with_traits(connection, idx))
            await site_store.put_person_session(
                connection, session=session, handle=stored, person=person, created=now, expires=expires,
                bound=bound_to(handle, thumbprint),
            )  # fmt: skip
            caller = PersonCaller(person, session)
            ticket = await self.opened(connection, vouched, handle, caller, Act.PERSON_SESSION_OPEN)
        if not may_be_hers(pivot.given_names, await self._told(stored)):
            async with self.pool.connection() as connection:
                await site_store.end_session(connection, stored)
                refused = self.line(caller, Act.PERSON_SESSION_OPEN, Outcome.NOT_ALLOWED)
                await self.appender.write_async(connection, [refused])
            raise LinkRefusedError(LinkReason.HOMONYMS)
        return OpenedSession(session, handle, expires, ticket)

    async def _told(self, handle: bytes) -> list[str]:
        async with self.pool.connection() as connection:
            copies = await store.sealed_copies(connection, handle)
        return await asyncio.to_thread(lambda: [self.given_names(*copy) for copy in copies])

    def caller(self, found: TupleRow) -> PersonCaller:
        """Who holds it."""
        session, person = found
        return PersonCaller(PersonId(person), SessionId(session))

    def line(self, caller: PersonCaller, act: Act, outcome: Outcome = Outcome.DONE) -> Entry:
        """The line of an act of hers, which she reads."""
        return replace(self.entry(caller.person, caller.session, act, outcome), person=caller.person)

    def mark(self, sub: str) -> bytes:
        """A subject may be an address of hers: a copy of the database must not tell by it who has a space here."""
        return self.subject_index(b"tierce-sub\0" + sub.encode()).bytes
