"""Whether what a file of the bank's says fits what was sent; pure. One thing that does not: nothing of it is kept."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, Never

from tierce.billing.settlement.pain import message_id, reference
from tierce.billing.settlement.replies.model import (
    UNKNOWN_MARK,
    Claim,
    Entry,
    Known,
    Report,
    SentBatch,
    Statement,
    Totals,
    What,
)
from tierce.billing.settlement.replies.stream import wrong
from tierce.billing.settlement.replies.values import batch_of, transfer_of

TAKEN: Final = frozenset({"ACTC", "ACCP", "ACSP", "ACSC", "ACWC", "PART"})
"""Statuses by which the bank takes a file, or some of it; what it only received says nothing yet."""
WAITING: Final = frozenset({"RCVD", "PDNG"})
REFUSED: Final = "RJCT"


def named(message: Report | Statement) -> tuple[set[int], set[int]]:
    """The batches and the transfers that a message names."""
    if isinstance(message, Report):
        batch = batch_of(message.message)
        transfers = {transfer_of(one.reference) for one in message.transfers}
        return ({batch} if batch is not None else set()), {one for one in transfers if one is not None}
    batches, found = set[int](), set[int]()
    for entry in message.entries:
        batches |= entry.batches.union(*(one.batches for one in entry.details))
        found |= {one for each in entry.details if (one := transfer_of(each.reference)) is not None}
    return batches, found


def claims_of(message: Report | Statement, known: Known) -> list[Claim]:
    """What a message says, once it fits.

    Raises:
        BankFileError: something in it is not of a file of ours, or is of another sum.
    """
    read = list(_of_report(message, known) if isinstance(message, Report) else _of_statement(message, known))
    for key, times in Counter(one.key for one in read).items():
        if times > 1:
            _wrong(_name(read, key[0]), "le fichier en dit deux fois la même chose.",
                   "the file says the same of it twice.")  # fmt: skip
    return read


def unsaid(read: Sequence[Claim], known: Known) -> list[Claim]:
    """What earlier files did not say already.

    A debit that another message states again is the same where the bank's own reference of the entry is, or where the
    first was read before references were kept; else it may have left twice, and that is said.

    Raises:
        BankFileError: an earlier file said otherwise: booked on another day, or taken and refused at once.
    """
    before = {one.key: one for one in known.said}
    for one in read:
        said = before.get(one.key)
        if said is not None and one.what in {What.BOOKED, What.RETURNED} and (said.day, said.amount) != (
            one.day, one.amount,
        ):  # fmt: skip
            _wrong(_name(read, one.subject), "un autre relevé l’a déjà, à un autre jour ou pour une autre somme.",
                   "another statement has it already, on another day or for another sum.")  # fmt: skip
    fresh = [one for one in read if one.key not in before] + [
        replace(one, what=What.TWICE)
        for one in read
        if one.what is What.BOOKED and one.key in before and not _same_entry(one, before[one.key])
        and (one.subject, What.TWICE) not in before
    ]  # fmt: skip
    every = [*known.said, *fresh]
    for batch in {one.batch for one in fresh}:
        of = [one for one in every if one.batch == batch]
        booked = sum(one.amount for one in of if one.what is What.BOOKED)
        whole = any(one.what is What.REJECTED and one.subject == batch for one in of)
        if booked > known.batches[batch].total or (whole and booked):
            _wrong(message_id(batch), "la banque dit l’avoir rejeté et passé, ou passé plus d’une fois.",
                   "the bank says that it rejected and booked it, or booked it more than once.")  # fmt: skip
    return fresh


def _same_entry(one: Claim, other: Claim) -> bool:
    return UNKNOWN_MARK in other.marks or not set(one.marks).isdisjoint(other.marks)


def ends(fresh: Sequence[Claim], known: Known) -> list[int]:
    """The batches that these would end, as the database finds it (bank.wholly_booked): by a debit, or a rejection."""
    found = []
    for batch in sorted({one.batch for one in fresh if one.what in {What.BOOKED, What.REJECTED}} & known.waiting):
        of = [one for one in (*known.said, *fresh) if one.batch == batch]
        booked = sum(one.amount for one in of if one.what is What.BOOKED)
        alone = {one.subject for one in of if one.what is What.BOOKED}
        rejected = sum(one.amount for one in of if one.what is What.REJECTED and one.subject not in {batch, *alone})
        if booked and known.batches[batch].total in {booked, booked + rejected}:
            found.append(batch)
    return found


def _of_report(report: Report, known: Known) -> Iterator[Claim]:
    batch = batch_of(report.message)
    sent = None if batch is None else known.batches.get(batch)
    if batch is None or sent is None or not sent.filed:
        _wrong("OrgnlMsgId", "aucun fichier d’ici n’a ce numéro.", "no file of ours has this number.")
    if report.original and not report.original.startswith("pain.001"):
        _wrong("OrgnlMsgNmId", "il parle d’un autre message qu’un pain.001.",
               "it is about another message than a pain.001.")  # fmt: skip
    if any(one != message_id(batch) for one in report.payments):
        _wrong("OrgnlPmtInfId", "ce n’est pas le nôtre.", "it is not ours.")
    for totals in report.totals:
        _fits(totals, sent.sent, sent.total)
    unknown = set(report.statuses) - TAKEN - WAITING - {REFUSED}
    if unknown or (REFUSED in report.statuses and set(report.statuses) != {REFUSED}):
        _wrong("GrpSts", "son état est inconnu, ou il en dit deux qui s’excluent.",
               "its status is unknown, or it says two that exclude each other.")  # fmt: skip
    if REFUSED in report.statuses:
        yield Claim(batch, batch, What.REJECTED, report.day, sent.total, report.code)
        return
    for one in report.transfers:
        number = transfer_of(one.reference)
        transfer = None if number is None else known.transfers.get(number)
        if number is None or transfer is None or transfer.batch != batch or not transfer.sent:
            _wrong(one.where, "ce virement n’est pas dans le fichier dont il parle.",
                   "this transfer is not in the file which it is about.")  # fmt: skip
        if one.amount is not None and one.amount != transfer.amount:
            _wrong(one.where, "ce virement est d’un autre montant.", "this transfer is of another amount.")
        if one.status == REFUSED:
            yield Claim(batch, number, What.REJECTED, report.day, transfer.amount, one.code)
    some_refused = any(one.status == REFUSED for one in report.transfers)
    if TAKEN.intersection(report.statuses) or (some_refused and not report.statuses):
        yield Claim(batch, batch, What.ACCEPTED, report.day, sent.total, "")


def _of_statement(statement: Statement, known: Known) -> Iterator[Claim]:
    rejected = [one for one in known.said if one.what is What.REJECTED and one.subject != one.batch]
    booked = {one.subject for one in known.said if one.what is What.BOOKED} | known.ended
    # What came back is looked at last: one message may state the debit and its return.
    for entry in sorted(statement.entries, key=lambda one: one.credit):
        batch = _batch(entry, known)
        sent = known.batches[batch]
        amounts = _amounts(entry, known)
        if entry.credit:
            if not amounts:
                _wrong(entry.where, "de l’argent revient sans que l’on sache de quel virement.",
                       "money comes back, and it does not say of which transfer.")  # fmt: skip
            if batch not in booked and not booked.issuperset(number for number, _ in amounts):
                _wrong(entry.where, "un virement revient, et aucun relevé n’a son départ.",
                       "a transfer came back, and no statement has its departure.")  # fmt: skip
            codes = [one.code for one in entry.details]
            for (number, cents), code in zip(amounts, codes, strict=True):
                yield Claim(batch, number, What.RETURNED, entry.day, cents, code)
        elif entry.reversal:
            _wrong(entry.where, "elle défait une autre écriture.", "it undoes another entry.")
        elif amounts:
            booked.update(number for number, _ in amounts)
            for number, cents in amounts:
                yield Claim(batch, number, What.BOOKED, entry.day, cents, marks=entry.marks)
        else:
            refused = [one.amount for one in rejected if one.batch == batch]
            if not any(
                entry.amount == total and (entry.totals.number in {None, count})
                for total, count in (
                    (sent.total, sent.sent), (sent.total - sum(refused), sent.sent - len(refused))
                )
            ):  # fmt: skip
                _wrong(entry.where, "la somme ou le nombre n’est pas celui de notre fichier.",
                       "the sum or the number is not that of our file.")  # fmt: skip
            booked.add(batch)
            yield Claim(batch, batch, What.BOOKED, entry.day, entry.amount, marks=entry.marks)


def _batch(entry: Entry, known: Known) -> int:
    """The one batch of which an entry is."""
    if not entry.euros:
        _wrong(entry.where, "elle n’est pas en euros.", "it is not in euros.")
    numbers = [number for one in entry.details if (number := transfer_of(one.reference)) is not None]
    of = [known.transfers.get(number) for number in numbers]
    if any(one is None or not one.sent for one in of):
        _wrong(entry.where, "elle nomme un virement qui n’est dans aucun de nos fichiers.",
               "it names a transfer that is in no file of ours.")  # fmt: skip
    every = entry.batches.union(*(one.batches for one in entry.details), {one.batch for one in of if one is not None})
    found = next(iter(every), None)
    sent: SentBatch | None = None if found is None else known.batches.get(found)
    if len(every) != 1 or found is None or sent is None or not sent.filed:
        _wrong(entry.where, "elle n’est pas d’un de nos fichiers, ou de plusieurs.",
               "it is of no file of ours, or of several.")  # fmt: skip
    if entry.totals.amount is not None and entry.totals.amount != entry.amount:
        _wrong(entry.where, "le total du lot n’est pas celui de l’écriture.",
               "the total of its batch is not the entry's.")  # fmt: skip
    return found


def _amounts(entry: Entry, known: Known) -> list[tuple[int, int]]:
    """The transfers that an entry of one batch names one by one, each for its own amount, and all of the entry's."""
    numbers = [transfer_of(one.reference) for one in entry.details]
    if all(number is None for number in numbers):
        return []
    found = []
    for number, one in zip(numbers, entry.details, strict=True):
        if number is None:
            _wrong(entry.where, "elle nomme des virements et en tait d’autres.",
                   "it names some transfers and not others.")  # fmt: skip
        sent = known.transfers[number]
        if one.amount is not None and one.amount != sent.amount:
            _wrong(entry.where, f"{reference(number)} est d’un autre montant.",
                   f"{reference(number)} is of another amount.")  # fmt: skip
        found.append((number, sent.amount))
    if sum(cents for _, cents in found) != entry.amount or entry.totals.number not in {None, len(found)}:
        _wrong(entry.where, "ses virements ne font pas sa somme, ou pas leur nombre.",
               "its transfers do not make its sum, or their number.")  # fmt: skip
    return found


def _fits(totals: Totals, number: int, amount: int) -> None:
    if totals.number not in {None, number} or totals.amount not in {None, amount}:
        _wrong(totals.where, "le nombre ou la somme n’est pas celui de notre fichier.",
               "the number or the sum is not that of our file.")  # fmt: skip


def _name(read: Sequence[Claim], subject: int) -> str:
    return next(
        message_id(subject) if one.batch == subject else reference(subject) for one in read if one.subject == subject
    )


def _wrong(where: str, fr: str, en: str) -> Never:
    raise wrong(where, fr, en, "Rien n’en est gardé : appelez la banque.", "Nothing of it is kept: call the bank.")
