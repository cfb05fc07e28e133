"""The audience planned whole, in memory: what the streamed one is held to, over few people."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from tierce.kernel.ids import IncidentId
from tierce.notices.audience.model import Item, Pair, Why
from tierce.notices.audience.rules import (
    AudienceDigest,
    Contacts,
    Mandates,
    folded,
    item_of,
    reader_of,
    reading_of,
    usable_email,
)


@dataclass(frozen=True, slots=True)
class Left:
    """A pair that the operator does not write about, and why."""

    pair: Pair
    why: Why


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of every exposed pair: on an item, or left with its reason."""

    items: tuple[Item, ...]
    left: tuple[Left, ...]


def plan(
    pairs: Iterable[Pair],
    mandates: Mandates,
    contacts: Contacts,
    told: Set[Pair] = frozenset(),
    failed: Mapping[Pair, Why] = MappingProxyType({}),
    *,
    on: date,
    salt: bytes = b"",
) -> Plan:
    """Give every pair its place; an earlier audience told those that are `told`, and tried the `failed` in vain."""
    pairs = tuple(pairs)
    left: list[Left] = []
    groups: dict[tuple[str, ...], list[Pair]] = {}
    for pair in sorted(pairs):
        why = Why.ALREADY_TOLD if pair in told else reading_of(pair, mandates, contacts, salt).why
        if why is not None:
            left.append(Left(pair, why))
            continue
        groups.setdefault(reader_of(pair, contacts), []).append(pair)
    # Whoever was told already reads her mailbox all the same.
    readers = {key: list(group) for key, group in groups.items()}
    for pair in sorted(told & set(pairs)):
        if reading_of(pair, mandates, contacts, salt).why is None:
            readers.setdefault(reader_of(pair, contacts), []).append(pair)
    shared = _shared_mailboxes(readers, contacts)
    ordered = sorted(tuple(group) for group in groups.values())
    items = [
        item_of(number, group, contacts, shared, salt, on=on, failed=failed)
        for number, group in enumerate(ordered, 1)
    ]
    return Plan(tuple(items), tuple(left))


def digest_of(incident: IncidentId, revision: int, scope_digest: bytes, salt: bytes, made: Plan) -> bytes:
    """The digest of a plan."""
    found = AudienceDigest(incident, revision, scope_digest, salt)
    for one in made.items:
        found.item(one)
    for left in made.left:
        found.left(left.pair, left.why)
    return found.digest()


def _shared_mailboxes(groups: Mapping[tuple[str, ...], list[Pair]], contacts: Contacts) -> frozenset[str]:
    """Mailboxes that more than one adult would read. A representative with an adult's own name is that adult."""
    adults: dict[str, dict[str, set[str]]] = {}
    others: dict[str, set[str]] = {}
    for key, group in groups.items():
        for pair in group:
            contact = contacts.get((pair.person, pair.insurer))
            email = usable_email(contact) if contact else None
            if contact is None or email is None:
                continue
            if key[0] == "representative":
                others.setdefault(email.casefold(), set()).add(key[1])
            else:
                adults.setdefault(email.casefold(), {}).setdefault(":".join(key), set()).add(folded(contact.name))
    found = set()
    for email in adults.keys() | others.keys():
        known = adults.get(email, {})
        names = set().union(*known.values()) if known else set()
        if len(known) + len(others.get(email, set()) - names) > 1:
            found.add(email)
    return frozenset(found)
