"""From exposed pairs to one item per adult; every function is pure.

An adult gets one message, whatever the number of her contracts. A minor, or anybody for whom the insurer names a
representative, is told through that representative, whose one letter may speak of several of them. Nobody is ever
told of another adult: a mailbox that two adults share is not written to, the letter goes by post under one name.
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.cohorts.model import Cohort
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.kernel.language import Language
from tierce.kernel.mailbox import is_mailbox
from tierce.notices.audience.model import Channel, Item, Pair, Reading, Why
from tierce.notices.contacts.model import Contact
from tierce.notices.mandates.model import Mandate
from tierce.policy.reached import State

Contacts = Mapping[tuple[PersonId, InsurerId], Contact]
Mandates = Mapping[InsurerId, Mandate | None]
_Key = tuple[str, ...]

_ORDER: Final = {Cohort.INSURED: 0, Cohort.INVOICES: 1, Cohort.PROFESSIONALS: 2}
BINDING_BYTES: Final = 16


def usable_email(contact: Contact) -> str | None:
    """Her e-mail address if a mail server can be given it as it stands."""
    email = (contact.email or "").strip()
    return email if is_mailbox(email) else None


def folded(text: str) -> str:
    """A name or an address without case, accents and punctuation, to compare two of them."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.sub(r"[^\w\s]|_", " ", "".join(c for c in plain if not unicodedata.combining(c))).split())


def reading_of(pair: Pair, mandates: Mandates, contacts: Contacts, salt: bytes) -> Reading:
    """What planning needs to know of a pair without the others: whether it is ours, who reads, in which mailbox.

    A person whose insurers gave different mandates is told by each of whoever holds it: the operator's one message
    then speaks only of the contracts whose insurers told it to write.

    Args:
        pair: one exposed pair; professionals under the operator's number.
        mandates: who writes to each insurer's people on this day.
        contacts: what was lent, or what the operator holds of its own clients.
        salt: the audience's; nothing that names anybody leaves this function but under it.
    """
    why = _not_ours(pair, mandates)
    if why is not None:
        return Reading(pair, why)
    key, contact = reader_of(pair, contacts), contacts.get((pair.person, pair.insurer))
    represented, email = key[0] == "representative", usable_email(contact) if contact else None
    if contact is None or email is None:
        return Reading(pair, None, _hidden(salt, *key), represented=represented)
    name = key[1] if represented else folded(contact.name)
    return Reading(
        pair, None, _hidden(salt, *key), _hidden(salt, email.casefold()), _hidden(salt, name), represented=represented
    )


def _hidden(salt: bytes, *words: str) -> bytes:
    return hashlib.sha256(salt + "\x1f".join(words).encode()).digest()[:BINDING_BYTES]


def _not_ours(pair: Pair, mandates: Mandates) -> Why | None:
    if pair.cohort is Cohort.PROFESSIONALS:
        return None  # they are the operator's own clients
    mandate = mandates.get(pair.insurer)
    if mandate is Mandate.OPERATOR_SENDS:
        return None
    return Why.NO_MANDATE if mandate is None else Why.INSURER_SENDS


def reader_of(pair: Pair, contacts: Contacts) -> _Key:
    """Whoever reads about this pair: the person, or her representative at that address."""
    if pair.cohort is Cohort.PROFESSIONALS:
        return ("professional", str(pair.person))
    contact = contacts.get((pair.person, pair.insurer))
    if contact is None or contact.representative is None:
        return ("herself", str(pair.person))
    address = folded(" ".join(contact.postal)), (usable_email(contact) or "").casefold()
    return ("representative", folded(contact.representative), *address)


def item_of(
    number: int,
    group: tuple[Pair, ...],
    contacts: Contacts,
    shared: Collection[str],
    salt: bytes,
    *,
    on: date,
    failed: Mapping[Pair, Why],
) -> Item:
    """Choose how one adult is told: by e-mail, else by post, else by the public notice with its reason.

    Args:
        number: the item's, from 1 in the order of first pairs.
        group: every pair with this reader, in order.
        contacts: of these pairs at least.
        shared: mailboxes, in small letters, that more than one adult would read.
        salt: ties the item to its contact data as it is now: what changes afterwards is not written to.
        on: the day, on which somebody is a minor or not.
        failed: pairs whose contact data, as it still is, an earlier audience tried in vain, and how that ended. What
            failed is not tried again; another insurer's word of her is, for all of her pairs.
    """
    represented = reader_of(group[0], contacts)[0] == "representative"
    lent = [(pair, contacts[pair.person, pair.insurer]) for pair in group if (pair.person, pair.insurer) in contacts]
    cohort = max((pair.cohort for pair in group), key=_ORDER.__getitem__)

    def said(channel: Channel, source: Pair, contact: Contact | None, why: Why | None = None) -> Item:
        language = Language.EN if contact and contact.language.casefold().startswith("en") else Language.FR
        postal = bool(contact and contact.postal)
        own = contacts.get((source.person, source.insurer))
        tied = binding(salt, own) if own else bytes(BINDING_BYTES)
        return Item(number, cohort, channel, why, language, represented, postal, group, source, tied)

    if not lent:
        return said(Channel.PUBLIC, group[0], None, Why.NO_CONTACT)
    if any(one.is_alone(on) for _, one in lent):
        return said(Channel.PUBLIC, group[0], None, Why.MINOR_ALONE)
    # What a current contract says comes before what an ended one said; a source with both channels comes first.
    lent.sort(key=lambda one: (one[1].former, not one[1].postal, one[0]))
    vain = [(pair, one, failed[pair]) for pair, one in lent if pair in failed]
    dead = {way for _, one, _ in vain for way in _ways(one)}
    mailboxes = [(pair, one, usable_email(one)) for pair, one in lent]
    for pair, contact, email in mailboxes:
        if email is not None and email.casefold() not in dead.union(shared):
            return said(Channel.EMAIL, pair, contact)
    for pair, contact in lent:
        if contact.postal and folded(" ".join(contact.postal)) not in dead:
            return said(Channel.POST, pair, contact)
    if vain:
        return said(Channel.PUBLIC, *vain[0])
    blocked = any(email is not None for _, _, email in mailboxes)
    return said(Channel.PUBLIC, lent[0][0], lent[0][1], Why.SHARED_MAILBOX if blocked else Why.NO_ADDRESS)


def _ways(contact: Contact) -> tuple[str, str]:
    """Her mailbox and her address, to know them again in what another insurer lends."""
    return (usable_email(contact) or "no e-mail").casefold(), folded(" ".join(contact.postal)) or "no address"


def binding(salt: bytes, contact: Contact) -> bytes:
    """16 bytes of SHA-256 over an audience's salt and contact data: equal only while the data is."""
    fields = (
        contact.name, contact.email or "", *contact.postal, contact.language, contact.representative or "",
        str(contact.former), *([contact.adult_from.isoformat()] if contact.adult_from else []),
    )  # fmt: skip
    return hashlib.sha256(salt + "\x1f".join(fields).encode()).digest()[:BINDING_BYTES]


class AudienceDigest:
    """The digest that approvals name: SHA-256 over the list's digest, every item in order, then every pair left."""

    def __init__(self, incident: IncidentId, revision: int, scope_digest: bytes, salt: bytes) -> None:
        """Begin with what all of it rests on."""
        head = f"tierce-audience-v1\n{incident} {revision} {scope_digest.hex()} {salt.hex()}\n"
        self._made = hashlib.sha256(head.encode())

    def item(self, one: Item) -> None:
        """Add the next item."""
        told = " ".join(f"{pair.person}:{pair.insurer}:{pair.cohort}" for pair in one.pairs)
        why = one.why or 0
        source = f"{one.source.person}:{one.source.insurer}"
        line = f"{one.number} {one.cohort} {one.channel:d} {why:d} {one.language} {one.represented:d} {one.postal:d}"
        self._made.update(f"{line} {source} {one.binding.hex()} {told}\n".encode())

    def left(self, pair: Pair, why: Why) -> None:
        """Add the next pair that the operator does not write about."""
        self._made.update(f"- {pair.person}:{pair.insurer}:{pair.cohort} {why:d}\n".encode())

    def digest(self) -> bytes:
        """The digest of what was added."""
        return self._made.digest()


def is_professional(pair: Pair) -> bool:
    """Whether a pair is of a professional, the operator's own client."""
    return pair.insurer == OPERATOR and pair.cohort is Cohort.PROFESSIONALS


def failed(*, postal: bool) -> tuple[State, Why | None]:
    """Where an item goes when its message was refused or came back: a letter, or the public notice."""
    return (State.TO_PRINT, None) if postal else (State.PUBLIC, Why.EMAIL_FAILED)
