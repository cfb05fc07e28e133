"""From an item's numbers to its address and its text: contact data is opened for a chunk, used, and let go."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from psycopg import Connection

from tierce.incidents.cohorts.model import Cohort
from tierce.kernel.clock import PARIS, Clock
from tierce.kernel.ids import InsurerId, PersonId
from tierce.notices.audience.model import Audience, Pair
from tierce.notices.audience.rules import binding, usable_email
from tierce.notices.audience.store import client_contacts, reads
from tierce.notices.contacts.model import Contact
from tierce.notices.contacts.store import Contacts
from tierce.notices.deliveries import store
from tierce.notices.deliveries.store import Pending
from tierce.notices.messages.model import Message
from tierce.notices.messages.rules import text_for
from tierce.notices.model import Document, ReadOfHer
from tierce.notices.professional_letter import UsedAccount
from tierce.policy.reached import State

_Known = dict[tuple[PersonId, InsurerId], Contact]


@dataclass(frozen=True, slots=True, repr=False)
class Written:
    """One item ready to be written. Its repr shows nothing."""

    item: Pending
    message: Message
    pairs: tuple[Pair, ...]
    contacts: _Known
    reads: dict[Pair, ReadOfHer]
    used: dict[PersonId, UsedAccount]

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return "Written(...)"

    @property
    def _contact(self) -> Contact:
        return self.contacts[self.item.source.person, self.item.source.insurer]

    @property
    def operator(self) -> str:
        """Who writes."""
        return self.message.operator.name

    @property
    def name(self) -> str:
        """To whom it is addressed."""
        return self._contact.representative or self._contact.name

    @property
    def email(self) -> str:
        """Where it is sent."""
        return usable_email(self._contact) or ""

    @property
    def postal(self) -> tuple[str, ...]:
        """The lines of her postal address, without her name."""
        return self._contact.postal

    def document(self) -> Document:
        """The text.

        Raises:
            TextRefusedError: it would be empty or vague.
        """
        return text_for(self.message, self.pairs, self.item.source, self.contacts, self.reads, self.used)


class Reading:
    """Reads the items of one approved audience."""

    def __init__(self, audience: Audience, message: Message, contacts: Contacts) -> None:
        """Write `message` to the people of `audience`, at the addresses of `contacts`."""
        self.audience = audience
        self._message = message
        self._contacts = contacts

    def waiting(
        self, connection: Connection, states: Sequence[State], clock: Clock, at_once: int
    ) -> Iterator[tuple[Pending, Written | None]]:
        """Each item that may be tried, state after state; None where its contact data has changed or gone."""
        for state in states:
            after, at = 0, clock.now()
            while some := store.pending(connection, self.audience, state, at, after, at_once):
                after = some[-1].number
                ready = self.read(connection, some, at.astimezone(PARIS).date())
                yield from ((one, ready.get(one.number)) for one in some)

    def read(self, connection: Connection, items: Sequence[Pending], on: date) -> dict[int, Written]:
        """Give each item what it is written from; those whose contact data has changed or gone are left out.

        So is whoever came of age since: her representative's message no longer tells of her.
        """
        pairs = store.pairs_of(connection, self.audience, [one.number for one in items])
        every = [pair for own in pairs.values() for pair in own]
        people = [pair for pair in every if pair.cohort is not Cohort.PROFESSIONALS]
        clients = [pair.person for pair in every if pair.cohort is Cohort.PROFESSIONALS]
        lent = self._contacts.of(connection, self.audience.incident, [(one.person, one.insurer) for one in people])
        known = {person: contact.on(on) for person, contact in lent.items()}
        known |= client_contacts(connection, clients)
        read = reads(connection, self.audience, every)
        used = store.used_accounts(connection, self.audience, clients)
        found = {}
        for one in items:
            own = pairs.get(one.number, ())
            keys = [(pair.person, pair.insurer) for pair in own]
            contacts = {key: known[key] for key in keys if key in known}
            contact = known.get((one.source.person, one.source.insurer))
            if contact is None or binding(self.audience.salt, contact) != one.binding:
                continue
            if contact.representative and not all(key in contacts and contacts[key].representative for key in keys):
                continue  # somebody of whom it tells came of age
            told = {pair: read[pair] for pair in own if pair in read}
            found[one.number] = Written(one, self._message, own, contacts, told, used)
        return found
