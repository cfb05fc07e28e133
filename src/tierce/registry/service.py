"""Taking in an insurer's rights feed and the list of insurers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NoReturn
from uuid import UUID

from tierce.kernel.care import Domain
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import FeedCounts, FeedRow, Rejection
from tierce.kernel.ids import InsurerId, PersonId, new_id
from tierce.registry.insurers import InsurerLine, read_insurer
from tierce.registry.model import Sender
from tierce.registry.rules import read_rights, refuse
from tierce.registry.store import Indexed, RegistryStore, Settled

CHUNK_LINES: Final = 5_000
"""Lines written and committed together: a crash loses at most one chunk, and the file is simply sent again."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Whom an import tells as it goes: each refused line, and how many lines were read."""

    on_rejection: Callable[[Rejection], None]
    on_lines: Callable[[int], None]


class RightsImport:
    """Takes in one rights feed, chunk by chunk; a line is wholly taken, unchanged, or refused.

    Every set of identifiers of a line must lead to nobody or to one person; a line that would make one person
    of two, or two of one, is refused. Members of a family may come in any later line than their holder.
    """

    def __init__(
        self,
        store: RegistryStore,
        sender: Sender,
        listener: Listener,
        *,
        dry_run: bool,
        chunk_lines: int = CHUNK_LINES,
    ) -> None:
        """Import what `sender` sent; with `dry_run` every check is made and nothing is written."""
        self._chunk_lines = chunk_lines
        self._store = store
        self._sender = sender
        self._listener = listener
        self._dry_run = dry_run
        self._counts = FeedCounts()
        self._told: set[PersonId] = set()
        # A dry run writes nothing, so it remembers what earlier chunks would have written.
        self._keys: dict[UUID, PersonId] = {}
        self._members: dict[UUID, PersonId] = {}

    def run(self, rows: Iterable[FeedRow | Rejection]) -> FeedCounts:
        """Take in every row, committing chunk by chunk, and return what became of them."""
        chunk: list[Indexed] = []
        for row in rows:
            if isinstance(row, Rejection):
                self._reject(row)
                continue
            try:
                line = read_rights(row.cells, row.line, self._sender)
            except FieldError as error:
                self._reject(Rejection.of(row.line, error))
                continue
            chunk.append(self._store.indexed(line, self._sender.amc))
            if len(chunk) >= self._chunk_lines:
                self._take(chunk)
                chunk = []
        self._take(chunk)
        return self._counts

    def _reject(self, rejection: Rejection) -> None:
        self._counts.reject(rejection)
        self._listener.on_rejection(rejection)

    def _take(self, chunk: list[Indexed]) -> None:
        """Settle whose lines these are, write those that say something new, and commit."""
        wanted = {key for one in chunk for key in (*one.keys, one.corrects) if key}
        numbers = {key for one in chunk for key in (one.member, one.holder, one.representative) if key}
        keys = self._store.find_keys(wanted) | self._keys
        members = self._store.find_members(self._sender.id, numbers) | self._members
        settled: list[Settled] = []
        for one in chunk:
            try:
                settled.append(self._settle(one, keys, members))
            except FieldError as error:
                self._reject(Rejection.of(one.line.line, error))
        last = self._store.digests(self._sender.id, [one.person for one in settled])
        changed = [one for one in settled if last.get((one.person, one.indexed.line.from_day)) != one.indexed.digest]
        if self._dry_run:
            self._keys, self._members = keys, members
            self._store.rollback()
        else:
            self._store.write(self._sender, changed)
            self._store.commit()
        self._counts.taken += len(changed)
        self._counts.unchanged += len(settled) - len(changed)
        self._listener.on_lines(self._counts.read)

    def _settle(self, one: Indexed, keys: dict[UUID, PersonId], members: dict[UUID, PersonId]) -> Settled:
        person = _whose(one, keys, members)
        if person in self._told:
            refuse("birth_rank", "une autre ligne du fichier porte les mêmes identifiants.",
                   "another line of the file has the same identifiers.",
                   "Une seule ligne par personne ; pour des jumeaux, donnez le rang.",
                   "One line a person; for twins, give the rank.")  # fmt: skip
        holder = person if one.holder == one.member else members.get(one.holder)
        if holder is None:
            _refuse_stranger("holder_member_number")
        representative = members.get(one.representative) if one.representative else None
        if one.representative and representative is None:
            _refuse_stranger("representative_member_number")
        self._told.add(person)
        members[one.member] = person
        if one.corrects:
            keys.pop(one.corrects, None)
        keys |= dict.fromkeys(one.keys, person)
        return Settled(one, person, holder, representative)


def _refuse_stranger(field: str) -> NoReturn:
    refuse(field, "personne n’a ce numéro d’adhérent jusqu’ici.", "nobody has this member number so far.",
           "Placez la ligne de cette personne avant celles de sa famille.",
           "Put that person's line before those of the family.")  # fmt: skip


def _whose(one: Indexed, keys: dict[UUID, PersonId], members: dict[UUID, PersonId]) -> PersonId:
    """Find the one person of a line, or draw a new one."""
    found = {keys[key] for key in one.keys if key in keys}
    corrected = keys.get(one.corrects) if one.corrects else None
    if corrected is not None:
        found.add(corrected)
    if len(found) > 1:
        refuse("right_holder_nir", "les identifiants de cette ligne sont ceux de deux personnes.",
               "the identifiers of this line are those of two people.",
               "Vérifiez NIR, dates et rangs, ceux des cartes compris.",
               "Check NIR, dates and ranks, those of the cards included.")  # fmt: skip
    if one.line.is_correction and not found:
        refuse("corrects_nir", "personne n’est connu sous les identifiants à corriger.",
               "nobody is known under the identifiers to correct.",
               "Vérifiez-les, ou envoyez « current ».", "Check them, or send “current”.")  # fmt: skip
    numbered = members.get(one.member)
    if numbered is not None and numbered not in found:
        refuse("member_number", "ce numéro d’adhérent est celui d’une personne aux autres identifiants.",
               "this member number is that of somebody with other identifiers.",
               "Envoyez une correction qui nomme les anciens identifiants.",
               "Send a correction that names the former identifiers.")  # fmt: skip
    return found.pop() if found else PersonId(new_id())


def take_insurers(store: RegistryStore, rows: Iterable[FeedRow | Rejection], listener: Listener) -> FeedCounts:
    """Take in the list of insurers whole, or nothing of it when one line is refused; the caller commits."""
    counts = FeedCounts()
    lines: list[InsurerLine] = []
    for row in rows:
        try:
            if isinstance(row, FeedRow):
                lines.append(read_insurer(row.cells))
                continue
            rejection = row
        except FieldError as error:
            rejection = Rejection.of(row.line, error)
        counts.reject(rejection)
        listener.on_rejection(rejection)
    if counts.rejected:
        return counts
    insurers: dict[str, InsurerId] = {}
    products: dict[tuple[str, str], int] = {}
    guarantees: list[tuple[int, Domain, str, str]] = []
    for line in lines:
        if line.amc not in insurers:
            insurers[line.amc] = store.put_insurer(
                line.amc, line.name, line.contact_email, operator_sends=line.operator_sends
            )
        place = (line.amc, line.product_code)
        if place not in products:
            products[place] = store.put_product(
                insurers[line.amc], line.product_code, line.product_name, responsible=line.responsible
            )
        guarantees.append((products[place], line.domain, line.formula_fr, line.formula_en))
    store.put_guarantees(guarantees)
    store.make_keys(insurers.values())
    counts.taken = len(lines)
    listener.on_lines(counts.read)
    return counts
