"""Audiences' rows: frozen whole, in one transaction; then only an item's state moves."""

import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import LiteralString, NamedTuple

from psycopg import Connection

from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.cohorts.model import Cohort
from tierce.incidents.cohorts.rules import cohort_of
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.notices.audience.model import FAILED, FIRST, Audience, Counts, Item, Pair, Reading, Why
from tierce.notices.contacts.model import Contact
from tierce.notices.mandates.model import Mandate
from tierce.notices.mandates.store import mandate_of
from tierce.notices.model import ReadOfHer
from tierce.policy.reached import TOLD, State

TOKEN_BYTES = 10
CHUNK = 10_000
"""Pairs in memory at once while an audience is planned."""


_EXPOSED: LiteralString = """
    select person, insurer, categories from incident.exposed where incident = %(i)s and revision = %(r)s
    union all
    select professional, null, null from incident.exposed_professional where incident = %(i)s and revision = %(r)s"""


def exposed_pairs(
    connection: Connection, incident: IncidentId, revision: int, chunk: int = CHUNK
) -> Iterator[list[Pair]]:
    """Every pair of a list, and its professionals, in chunks; in a transaction, which may do other work between."""
    with connection.cursor(name="audience_exposed") as cursor:
        cursor.execute(_EXPOSED, {"i": incident, "r": revision})
        while rows := cursor.fetchmany(chunk):
            yield [
                Pair(PersonId(person), OPERATOR, Cohort.PROFESSIONALS)
                if insurer is None
                else Pair(PersonId(person), InsurerId(insurer), cohort_of(DataCategory(categories)))
                for person, insurer, categories in rows
            ]


_READING: LiteralString = """
    create temporary table audience_reading (person bigint, insurer smallint, cohort text collate "C", why smallint,
        reader bytea, mailbox bytea, name bytea, represented boolean) on commit drop;
    create temporary table audience_failed (person bigint, insurer smallint, why smallint) on commit drop;
    create temporary table audience_item (like notice.item) on commit drop"""
# Pairs that an earlier audience of the incident told of the same categories as this revision has, by what did not
# come back. Nobody else was told, whatever was tried. Her mailbox stays here: another adult may read it too.
_TOLD: LiteralString = """
    update audience_reading r set why = %(already)s
    from notice.item_pair p
    join notice.audience a on a.id = p.audience and a.incident = %(incident)s
    join notice.item i on i.audience = p.audience and i.number = p.item and i.state = any(%(told)s)
    where (r.person, r.insurer, r.cohort) = (p.person, p.insurer, p.cohort)
      and case when p.cohort = 'professionals' then
        (select o.categories = n.categories from incident.exposed_professional o, incident.exposed_professional n
         where o.incident = a.incident and o.revision = a.revision and o.professional = p.person
           and n.incident = a.incident and n.revision = %(revision)s and n.professional = p.person)
    else
        (select o.categories = n.categories from incident.exposed o, incident.exposed n
         where o.incident = a.incident and o.revision = a.revision
           and (o.person, o.insurer) = (p.person, p.insurer)
           and n.incident = a.incident and n.revision = %(revision)s
           and (n.person, n.insurer) = (p.person, p.insurer)) end"""
_FAILED: LiteralString = """
    select a.salt, i.binding, i.why, i.person, i.insurer, i.cohort
    from notice.item i join notice.audience a on a.id = i.audience
    where a.incident = %(incident)s and i.state = %(public)s and i.why = any(%(why)s)"""
# Mailboxes that more than one adult would read; a representative with an adult's own name is that adult. Then each
# pair's item, numbered in the order of its first pair, with why her own contact data failed before, if it did.
_PLACES: LiteralString = """
    analyze audience_reading;
    create temporary table audience_place on commit drop as
    with own as (select mailbox, count(distinct reader) as adults from audience_reading
                 where mailbox is not null and not represented group by mailbox),
    others as (select o.mailbox, count(distinct o.name) as adults from audience_reading o
               where o.mailbox is not null and o.represented and not exists (
                   select from audience_reading h
                   where h.mailbox = o.mailbox and h.name = o.name and not h.represented)
               group by o.mailbox),
    shared as (select mailbox from own full join others using (mailbox)
               where coalesce(own.adults, 0) + coalesce(others.adults, 0) > 1),
    failed as (select person, insurer, max(why) as failed from audience_failed group by person, insurer),
    placed as (select r.*, s.mailbox is not null as shared, f.failed, first_value(r.person) over w as p,
                   first_value(r.insurer) over w as i, first_value(r.cohort) over w as c
               from audience_reading r left join shared s using (mailbox)
               left join failed f on (f.person, f.insurer) = (r.person, r.insurer) where r.why is null
               window w as (partition by r.reader order by r.person, r.insurer, r.cohort))
    select dense_rank() over (order by p, i, c)::integer as number, person, insurer, cohort, shared, failed
    from placed"""


def begin_planning(connection: Connection) -> None:
    """Make the tables in which an audience is sorted, of this transaction alone."""
    connection.execute(_READING)


@dataclass(frozen=True, slots=True)
class FailedItem:
    """An item of an earlier audience that neither message nor letter reached, why, and what it was tried with."""

    salt: bytes
    binding: bytes
    why: Why
    source: Pair


def failed_items(connection: Connection, incident: IncidentId, chunk: int) -> Iterator[list[FailedItem]]:
    """Items left to the public notice since every other way failed, in chunks; in a transaction."""
    with connection.cursor(name="audience_failed_items") as cursor:
        cursor.execute(
            _FAILED, {"incident": incident, "public": State.PUBLIC.value, "why": [why.value for why in FAILED]}
        )
        while rows := cursor.fetchmany(chunk):
            yield [
                FailedItem(
                    bytes(row[0]), bytes(row[1]), Why(row[2]),
                    Pair(PersonId(row[3]), InsurerId(row[4]), Cohort(row[5])),
                )
                for row in rows
            ]  # fmt: skip


def keep_failed(connection: Connection, failed: Iterable[FailedItem]) -> None:
    """Keep those whose contact data is still what failed."""
    with connection.cursor() as cursor, cursor.copy("copy audience_failed from stdin") as copy:
        for one in failed:
            copy.write_row((one.source.person, one.source.insurer, one.why.value))


def keep_readings(connection: Connection, readings: Iterable[Reading]) -> None:
    """Keep some pairs to be sorted."""
    with connection.cursor() as cursor, cursor.copy("copy audience_reading from stdin") as copy:
        for one in readings:
            pair = one.pair
            copy.write_row(
                (
                    pair.person, pair.insurer, pair.cohort.value, one.why and one.why.value, one.reader, one.mailbox,
                    one.name, one.represented,
                )
            )  # fmt: skip


def place(connection: Connection, incident: IncidentId, revision: int) -> None:
    """Give every pair that is kept its place: told already, left, or on the item of its reader."""
    connection.execute(
        _TOLD,
        {
            "incident": incident,
            "revision": revision,
            "already": Why.ALREADY_TOLD.value,
            "told": sorted(TOLD),
        },
    )
    connection.execute(_PLACES)


class Placed(NamedTuple):
    """An item's number, one of its pairs, whether her mailbox is shared, and why her contact data failed before."""

    number: int
    pair: Pair
    shared: bool
    failed: Why | None


def placed(connection: Connection, chunk: int) -> Iterator[list[Placed]]:
    """Every pair on an item, in the order of items and of pairs, in chunks of whole items."""
    waiting: list[Placed] = []
    with connection.cursor(name="audience_placed") as cursor:
        cursor.execute(
            "select number, person, insurer, cohort, shared, failed from audience_place"
            " order by number, person, insurer, cohort"
        )
        while rows := cursor.fetchmany(chunk):
            waiting += [
                Placed(
                    row[0], Pair(PersonId(row[1]), InsurerId(row[2]), Cohort(row[3])), row[4],
                    None if row[5] is None else Why(row[5]),
                )
                for row in rows
            ]  # fmt: skip
            last = waiting[-1].number
            whole = [one for one in waiting if one.number != last]
            waiting = waiting[len(whole) :]
            if whole:
                yield whole
    if waiting:
        yield waiting


def left(connection: Connection) -> Iterator[tuple[Pair, Why]]:
    """Every pair that the operator does not write about, in order."""
    with connection.cursor(name="audience_left") as cursor:
        cursor.itersize = CHUNK
        cursor.execute(
            "select person, insurer, cohort, why from audience_reading where why is not null"
            " order by person, insurer, cohort"
        )
        for person, insurer, cohort, why in cursor:
            yield Pair(PersonId(person), InsurerId(insurer), Cohort(cohort)), Why(why)


def alone(connection: Connection, incident: IncidentId) -> bool:
    """Keep senders and printers of an incident away until the transaction ends; False where one is at work."""
    row = connection.execute(
        "select pg_try_advisory_xact_lock(hashtextextended('tierce-messages', %(one)s))"
        " and pg_try_advisory_xact_lock(hashtextextended('tierce-audience', %(one)s))",
        {"one": incident},
    ).fetchone()
    assert row is not None
    return bool(row[0])


def printed_not_posted(connection: Connection, incident: IncidentId) -> int:
    """Letters of the incident's newest audience that are printed, in batches that nobody wrote posted."""
    row = connection.execute(
        "select count(*) from notice.item where state = %s and audience = (select id from notice.audience"
        " where incident = %s order by frozen_at desc, entry desc limit 1)",
        (State.PRINTED.value, incident),
    ).fetchone()
    assert row is not None
    return int(row[0])


def doubts(connection: Connection, incident: IncidentId) -> int:
    """Items of the incident whose last attempt has no known end."""
    row = connection.execute(
        "select count(*) from notice.item i join notice.audience a on a.id = i.audience"
        " where a.incident = %s and i.state = %s",
        (incident, State.DOUBTFUL),
    ).fetchone()
    assert row is not None
    return int(row[0])


def mandates(connection: Connection, insurers: Collection[InsurerId], on: date) -> dict[InsurerId, Mandate | None]:
    """Who writes to each insurer's people on a day."""
    return {one: mandate_of(connection, one, on) for one in sorted(insurers)}


def client_contacts(
    connection: Connection, professionals: Collection[int]
) -> dict[tuple[PersonId, InsurerId], Contact]:
    """What the operator holds to write to its own clients; whoever has none is left out."""
    rows = connection.execute(
        "select p.id, p.given_name, p.family_name, c.email, c.postal, c.language from directory.professional p"
        " join directory.contact c on c.professional = p.id where p.id = any(%s)",
        (list(professionals),),
    ).fetchall()
    return {
        (PersonId(row[0]), OPERATOR): Contact(f"{row[1]} {row[2]}".strip(), row[3], tuple(row[4]), row[5])
        for row in rows
    }


_ITEM: LiteralString = (
    "audience, number, cohort, channel, language, represented, postal, person, insurer, binding, token, state, why,"
    " attempts"
)


def keep_items(connection: Connection, audience: int, items: Iterable[Item]) -> None:
    """Keep some items of an audience that is being planned."""
    with connection.cursor() as cursor, cursor.copy(f"copy audience_item ({_ITEM}) from stdin") as copy:
        for one in items:
            copy.write_row(
                (
                    audience, one.number, one.cohort.value, one.channel.value, one.language.value, one.represented,
                    one.postal, one.source.person, one.source.insurer, one.binding, secrets.token_bytes(TOKEN_BYTES),
                    FIRST[one.channel].value, one.why and one.why.value, 0,
                )
            )  # fmt: skip


def insert(connection: Connection, audience: Audience, entry: int) -> None:
    """Store an audience with its planned items and pairs, in the caller's transaction."""
    connection.execute(
        "insert into notice.audience (id, incident, revision, digest, salt, pairs, items, frozen_at, entry)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            audience.id, audience.incident, audience.revision, audience.digest, audience.salt, audience.pairs,
            audience.items, audience.frozen_at, entry,
        ),
    )  # fmt: skip
    connection.execute(f"insert into notice.item ({_ITEM}) select {_ITEM} from audience_item")  # noqa: S608 - our own text
    connection.execute(
        "insert into notice.item_pair (audience, person, insurer, cohort, item, why)"
        " select %(a)s, person, insurer, cohort, number, null::smallint from audience_place"
        " union all select %(a)s, person, insurer, cohort, null, why from audience_reading where why is not null",
        {"a": audience.id},
    )


def audiences(connection: Connection, incident: IncidentId) -> list[Audience]:
    """Every audience of an incident, the newest first; an older one is never written to again."""
    rows = connection.execute(
        "select id, incident, revision, digest, salt, pairs, items, frozen_at from notice.audience"
        " where incident = %s order by frozen_at desc, entry desc",
        (incident,),
    ).fetchall()
    return [Audience(row[0], IncidentId(row[1]), row[2], bytes(row[3]), bytes(row[4]), *row[5:]) for row in rows]


def newest(connection: Connection, incident: IncidentId) -> Audience | None:
    """The newest audience of an incident."""
    return next(iter(audiences(connection, incident)), None)


def last_revision(connection: Connection, incident: IncidentId) -> int:
    """The revision of the newest list of an incident; 0 when none was computed."""
    row = connection.execute(
        "select coalesce(max(revision), 0) from incident.scope where incident = %s", (incident,)
    ).fetchone()
    assert row is not None
    return int(row[0])


def last_changed(connection: Connection, incident: IncidentId) -> int:
    """The newest revision, but for those made again by themselves with the same people; 0 when there is none."""
    row = connection.execute("select incident.last_changed(%s)", (incident,)).fetchone()
    assert row is not None
    return int(row[0])


def list_digest(connection: Connection, incident: IncidentId, revision: int) -> bytes:
    """The digest of one list."""
    row = connection.execute(
        "select digest from incident.scope where incident = %s and revision = %s", (incident, revision)
    ).fetchone()
    assert row is not None
    return bytes(row[0])


def exposed_count(connection: Connection, audience: Audience) -> int:
    """Pairs of the audience's list, counted in the list itself and not in the audience."""
    row = connection.execute(
        "select (select count(*) from incident.exposed where incident = %(i)s and revision = %(r)s)"
        " + (select count(*) from incident.exposed_professional where incident = %(i)s and revision = %(r)s)",
        {"i": audience.incident, "r": audience.revision},
    ).fetchone()
    assert row is not None
    return int(row[0])


@dataclass(frozen=True, slots=True)
class Steps:
    """The numbers of steps that counts are made of: taken by the server, refused by it, come back."""

    taken: tuple[int, ...]
    refused: int
    bounced: int


def counts(connection: Connection, audience: Audience, steps: Steps) -> Counts:
    """Count an audience from its rows."""
    value = {"a": audience.id, "no_contact": Why.NO_CONTACT.value}
    left: dict[int, int] = dict(
        connection.execute(
            "select why, count(*) from notice.item_pair where audience = %(a)s and item is null group by why", value
        ).fetchall()
    )
    row = connection.execute(
        "select count(*), count(distinct item), (select count(*) from notice.item i join notice.item_pair p"
        " on p.audience = i.audience and p.item = i.number where i.audience = %(a)s and i.why = %(no_contact)s)"
        " from notice.item_pair where audience = %(a)s and item is not null",
        value,
    ).fetchone()
    assert row is not None
    ours, adults, unmatched = (int(one) for one in row)
    states = connection.execute(
        "select state, count(*), count(*) filter (where channel <> 3) from notice.item where audience = %(a)s"
        " group by state", value,
    ).fetchall()  # fmt: skip
    public = connection.execute(
        "select why, count(*) from notice.item where audience = %(a)s and why is not null group by why", value
    ).fetchall()
    row = connection.execute(
        "select count(distinct item) filter (where step = any(%s)), count(distinct item) filter (where step = %s),"
        " count(distinct item) filter (where step = %s) from notice.step where audience = %s",
        (list(steps.taken), steps.refused, steps.bounced, audience.id),
    ).fetchone()
    assert row is not None
    taken, refused, bounced = (int(one) for one in row)
    row = connection.execute("select notice.come_back(%s)", (audience.id,)).fetchone()
    assert row is not None
    by_state = {State(state): int(number) for state, number, _ in states}
    return Counts(
        exposed=exposed_count(connection, audience),
        insurer_sends=left.get(Why.INSURER_SENDS, 0),
        no_mandate=left.get(Why.NO_MANDATE, 0),
        already_told=left.get(Why.ALREADY_TOLD, 0),
        unmatched=unmatched,
        matched=ours - unmatched,
        grouped=ours - adults,
        adults=audience.items,
        reachable=sum(int(reachable) for _, _, reachable in states),
        states=by_state,
        public={Why(why): int(number) for why, number in public},
        sent=taken,
        refused=refused,
        bounced=bounced,
        doubts=by_state.get(State.DOUBTFUL, 0),
        come_back=int(row[0]),
    )


def reads(connection: Connection, audience: Audience, pairs: Collection[Pair]) -> dict[Pair, ReadOfHer]:
    """What was read under each pair of persons covered, as the list has it."""
    wanted = [pair for pair in pairs if pair.cohort is not Cohort.PROFESSIONALS]
    rows = connection.execute(
        "select x.person, x.insurer, n.name, x.categories, x.first_at, x.last_at, x.entries"
        " from unnest(%s::bigint[], %s::smallint[]) w(person, insurer) join incident.exposed x on x.incident = %s"
        " and x.revision = %s and x.person = w.person and x.insurer = w.insurer"
        " join registry.insurer n on n.id = x.insurer",
        (
            [one.person for one in wanted],
            [one.insurer for one in wanted],
            audience.incident,
            audience.revision,
        ),
    ).fetchall()
    found = {(row[0], row[1]): ReadOfHer(row[2], DataCategory(row[3]), row[4], row[5], row[6]) for row in rows}
    return {one: found[one.person, one.insurer] for one in wanted}
