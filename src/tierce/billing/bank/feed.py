"""The operator's own file of accounts: what it collected when each establishment became a client."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from psycopg import Connection

from tierce.billing.bank import store
from tierce.billing.bank.copying import Seals
from tierce.billing.bank.errors import AccountFieldError
from tierce.billing.bank.lines import account_line
from tierce.billing.bank.model import AccountState
from tierce.billing.bank.rules import read_account
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import FeedCounts, FeedRow, Rejection, must
from tierce.kernel.ids import new_id
from tierce.kernel.language import Phrase
from tierce.policy.accounts import due_at
from tierce.policy.acts import Act

COLUMNS: Final = (
    must(
        "establishment",
        "FINESS, SIRET or structure number",
        "990000001",
        "L’établissement, par le numéro que l’annuaire lui donne.",
        "The establishment, by the number that the directory gives it.",
    ),
    must(
        "iban",
        "IBAN, SEPA area",
        "FR89 9999 9000 0100 0000 0000 172",
        "Le compte, avec ou sans espaces. Celui-ci est inventé : aucune banque n’a le code 99999.",
        "The account, with or without spaces. This one is invented: no bank has the code 99999.",
    ),
    must(
        "holder",
        "2 to 70 characters",
        "SELARL des Tilleuls",
        "Le titulaire, comme le relevé d’identité bancaire l’imprime.",
        "The holder, as the bank's statement of account prints it.",
    ),
)
"""The columns of the file, from which the published page is rendered."""
CHUNK_LINES: Final = 60
"""Accounts taken at once, each with its line of the journal, in one signed batch."""


class Heard(Protocol):
    """Who is told as a file is read (registry.service.Listener)."""

    def on_rejection(self, rejection: Rejection, /) -> None:
        """A line was refused."""

    def on_lines(self, lines: int, /) -> None:
        """So many lines were read."""


@dataclass(frozen=True, slots=True)
class Taking:
    """What taking a file needs: to whom accounts are sealed, and whether they are real ones here."""

    seals: Seals
    appender: Appender
    clock: Clock
    real: bool


def take_accounts(
    connection: Connection, rows: Iterable[FeedRow | Rejection], heard: Heard, taking: Taking
) -> FeedCounts:
    """Take in every good line in the caller's transaction, which commits; the others are refused one by one.

    An account of an establishment that has another ask under way is refused: somebody decides on that one first.
    Nothing comes into force here (`billing.bank.service.Mover`).
    """
    counts, chunk = FeedCounts(), list[FeedRow]()
    for row in rows:
        if isinstance(row, Rejection):
            _reject(row, counts, heard)
            continue
        chunk.append(row)
        if len(chunk) >= CHUNK_LINES:
            _take(connection, chunk, counts, heard, taking)
            chunk = []
    _take(connection, chunk, counts, heard, taking)
    return counts


def _take(connection: Connection, chunk: list[FeedRow], counts: FeedCounts, heard: Heard, taking: Taking) -> None:
    known = store.establishments(connection, {row.cells["establishment"].strip() for row in chunk})
    now, lines = taking.clock.now(), []
    for row in chunk:
        try:
            place, number = _one(connection, row, known, taking)
        except FieldError as error:
            _reject(Rejection.of(row.line, error), counts, heard)
            continue
        counts.taken += 1
        lines.append(
            account_line(
                Act.ACCOUNT_ASK,
                now,
                who=taking.appender.instance,
                establishment=place,
                account=number,
                state=AccountState.ASKED,
            )
        )
    if lines:
        taking.appender.write(connection, lines)
    heard.on_lines(counts.read)


def _one(connection: Connection, row: FeedRow, known: dict[str, int], taking: Taking) -> tuple[int, int]:
    place = known.get(row.cells["establishment"].strip())
    if place is None:
        raise AccountFieldError(
            "establishment",
            Phrase("l’annuaire ne connaît pas ce numéro.", "the directory does not know this number."),
            Phrase("Vérifiez-le, ou prenez d’abord l’annuaire.", "Check it, or take in the directory first."),
        )
    typed, number = read_account(row.cells["iban"], row.cells["holder"], real=taking.real), new_id()
    sealed = taking.seals.seal(place, number, typed.iban)
    if not store.take(connection, place, number, sealed, typed, due_at(taking.clock.now())):
        raise AccountFieldError(
            "establishment",
            Phrase("un autre compte y est déjà demandé.", "another account is asked for there already."),
            Phrase("Décidez d’abord de celui-là, au bureau.", "Decide about that one first, in the office."),
        )
    return place, number


def _reject(rejection: Rejection, counts: FeedCounts, heard: Heard) -> None:
    counts.reject(rejection)
    heard.on_rejection(rejection)
