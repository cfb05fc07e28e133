"""Taking in the contracts' file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from tierce.kernel.care import Profession
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import FeedCounts, FeedRow, Rejection
from tierce.registry.contracts.model import Contract, ContractLine, Party
from tierce.registry.contracts.rules import read_contract
from tierce.registry.contracts.store import ContractStore
from tierce.registry.errors import ListingHeldError
from tierce.registry.rules import refuse
from tierce.registry.service import Listener

CHUNK_LINES: Final = 5_000


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Internal numbers of what a chunk names."""

    insurers: Mapping[str, int]
    establishments: Mapping[str, int]
    professionals: Mapping[str, int]


def take_contracts(
    store: ContractStore,
    rows: Iterable[FeedRow | Rejection],
    listener: Listener,
    confirmed: int | None,
    *,
    dry_run: bool,
) -> FeedCounts:
    """Take in every good line in the caller's transaction, which commits; the others are refused one by one.

    A contract is named by insurer, party, domain and first day: a line that names one already known changes its last
    day, and changes nothing when it says the same. From its first line on, an insurer lists the domain: whoever it
    does not name is no longer shown its people there. A file of one line would stop a whole profession, so a listing
    begins only when `confirmed` repeats how many do.

    Raises:
        ListingHeldError: listings would begin unconfirmed; the caller undoes what was written. Not in a dry run.
    """
    counts = FeedCounts()
    listed = store.listed()
    insurers = store.insurers()
    chunk: list[ContractLine] = []
    for row in rows:
        try:
            if isinstance(row, FeedRow):
                chunk.append(read_contract(row.cells, row.line))
            else:
                _reject(row, counts, listener)
        except FieldError as error:
            _reject(Rejection.of(row.line, error), counts, listener)
        if len(chunk) >= CHUNK_LINES:
            _take(store, insurers, chunk, counts, listener)
            chunk = []
    _take(store, insurers, chunk, counts, listener)
    begun = store.listed() - listed
    if begun and confirmed != begun and not dry_run:
        raise ListingHeldError(begun)
    return counts


def _reject(rejection: Rejection, counts: FeedCounts, listener: Listener) -> None:
    counts.reject(rejection)
    listener.on_rejection(rejection)


def _take(
    store: ContractStore,
    insurers: Mapping[str, int],
    chunk: list[ContractLine],
    counts: FeedCounts,
    listener: Listener,
) -> None:
    numbers = _Numbers(
        insurers,
        store.establishments({one.number for one in chunk if one.party is Party.ESTABLISHMENT}),
        store.professionals({one.number for one in chunk if one.party is Party.PROFESSIONAL}),
    )
    # One statement cannot change a row twice: of two lines that name one contract, the later stands.
    settled: dict[tuple[int, ...], Contract] = {}
    good = 0
    for line in chunk:
        try:
            contract = _settle(line, numbers)
        except FieldError as error:
            _reject(Rejection.of(line.line, error), counts, listener)
            continue
        good += 1
        settled[contract.insurer, contract.party, contract.subject, contract.domain, contract.from_day] = contract
    changed = store.put(list(settled.values())) if settled else 0
    counts.taken += changed
    counts.unchanged += good - changed
    listener.on_lines(counts.read)


def _settle(line: ContractLine, numbers: _Numbers) -> Contract:
    insurer = numbers.insurers.get(line.amc)
    if insurer is None:
        refuse("amc", "aucun organisme n’a ce numéro.", "no insurer has this number.",
               "Prenez d’abord le fichier des organismes.", "Take in the insurers' file first.")  # fmt: skip
    if line.party is Party.PROFESSION:
        subject: int | None = Profession[line.number].value
    elif line.party is Party.ESTABLISHMENT:
        subject = numbers.establishments.get(line.number)
    else:
        subject = numbers.professionals.get(line.number)
    if subject is None:
        refuse("number", "l’annuaire ne connaît pas ce numéro.", "the directory does not know this number.",
               "Vérifiez-le, ou prenez d’abord l’annuaire.", "Check it, or take in the directory first.")  # fmt: skip
    return Contract(insurer, line.party, subject, line.domain, line.from_day, line.until_day)
