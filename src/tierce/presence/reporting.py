"""Taking in a peer's file: the peer is who signed the file, whatever the file says.

A proof frees the seat of the pair (establishment, person) that it names and marks it proved; the worker does that. A
pair that nobody asked about stays unknown: a peer that invents invoices makes nobody known anywhere.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from tierce.kernel.clock import day_of, read_date
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import FeedCounts, FeedRow, Rejection
from tierce.kernel.ids import InsurerId
from tierce.kernel.language import Phrase
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.presence import store
from tierce.presence.errors import FileUnsignedError
from tierce.presence.signing import file_signed_by

CHUNK_LINES: Final = 1_000
CARE_DAYS_MAX: Final = 822
"""Care older than two years and three months is not invoiced any more: two years of limitation, and three months."""
PROOF, WITHDRAWAL = "proof", "withdrawal"
_EVIDENCE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class Peer:
    """Who may report, and for whose people: an insurer's peer for its own, a concentrator for everybody."""

    number: int
    name: str
    insurer: InsurerId | None
    public_key: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """One good line: keyed numbers alone."""

    line: int
    evidence: UUID
    proof: bool
    finess: str = ""
    who: bytes = b""
    care_day: int = 0
    again: bool = False
    """Taken by an import of this file that was interrupted behind it."""


def check_signature(peer: Peer, file: Path, signature: Path) -> None:
    """Refuse a file that the peer did not sign.

    Raises:
        FileUnsignedError: no signature, or another one.
    """
    try:
        content = signature.read_bytes()
        raw = content if len(content) == _SIGNATURE_BYTES else b64decode(content.strip(), validate=True)
        good = len(raw) == _SIGNATURE_BYTES and file_signed_by(peer.public_key, file.read_bytes(), raw)
    except (OSError, ValueError):
        good = False
    if not good:
        msg = (
            f"{signature.name} : ce fichier n’est pas signé par {peer.name} / not signed by {peer.name}; "
            "rien n’a été lu / nothing was read"
        )
        raise FileUnsignedError(msg)


class Reports:
    """Takes in the lines of one peer's file, in the caller's transaction."""

    def __init__(self, rows: store.ReportRows, peer: Peer, today: int, chunk_lines: int) -> None:
        """Report as `peer`; `today` is the day number in Paris; so many good lines are settled at once."""
        self._rows = rows
        self._peer = peer
        self._today = today
        self._chunk_lines = chunk_lines

    def take(
        self,
        lines: Iterable[FeedRow | Rejection],
        listener: store.Listener,
        before: FeedCounts | None,
        reached: Callable[[FeedCounts], None],
    ) -> FeedCounts:
        """Take in every good line; the others are refused one by one. A document taken before changes nothing.

        Args:
            lines: the file's, from its first on.
            listener: hears of every refused line, those of the part taken before included.
            before: how far an interrupted import of the same file came: those lines are read, and not taken again.
            reached: is told how far it came after each chunk, to commit it.
        """
        done = before.read if before else 0
        counts = FeedCounts(before.taken, before.unchanged) if before else FeedCounts()
        chunk: list[Report] = []
        for number, line in enumerate(lines, start=1):
            try:
                if isinstance(line, FeedRow):
                    chunk.append(self._read(line, again=number <= done))
                else:
                    counts.reject(line)
                    listener.on_rejection(line)
            except FieldError as error:
                rejection = Rejection.of(line.line, error)
                counts.reject(rejection)
                listener.on_rejection(rejection)
            if len(chunk) >= self._chunk_lines or number == done:
                self._settle(chunk, counts, listener)
                chunk = []
                if number > done:
                    reached(counts)
        self._settle(chunk, counts, listener)
        return counts

    def _read(self, row: FeedRow, *, again: bool) -> Report:
        cells = row.cells
        if not _EVIDENCE.fullmatch(cells["evidence"]):
            raise _wrong("evidence", "le numéro de la pièce n’a pas la forme attendue.",
                         "the document's number has not the expected form.",
                         "De 1 à 64 lettres, chiffres, tirets.", "1 to 64 letters, digits, dashes.")  # fmt: skip
        evidence = self._rows.evidence(self._peer.number, cells["evidence"])
        if cells["kind"] == WITHDRAWAL:
            return Report(row.line, evidence, proof=False, again=again)
        if cells["kind"] != PROOF:
            raise _wrong("kind", "ce n’est ni une preuve ni un retrait.", "neither a proof nor a withdrawal.",
                         "Écrivez proof ou withdrawal.", "Write proof or withdrawal.")  # fmt: skip
        if not cells["finess"]:
            raise _wrong("finess", "l’établissement manque.", "the establishment is missing.",
                         "Donnez son numéro FINESS.", "Give its FINESS number.")  # fmt: skip
        who = normalise(
            Nir.parse(cells["nir"]), BirthDate.parse(cells["birth_date"]), Rank.parse(cells["rank"] or "1")
        )
        care_day = self._care(cells["care_date"])
        return Report(row.line, evidence, True, cells["finess"], who, care_day, again)

    def _care(self, text: str) -> int:
        try:
            day = day_of(read_date(text))
        except ValueError:
            raise _wrong("care_date", "le jour des soins n’est pas une date.", "the day of care is not a date.",
                         "Écrivez AAAA-MM-JJ.", "Write YYYY-MM-DD.") from None  # fmt: skip
        if day > self._today or day < self._today - CARE_DAYS_MAX:
            raise _wrong("care_date", "le jour des soins est à venir, ou trop ancien.",
                         "the day of care is to come, or too long ago.",
                         "Vérifiez la date.", "Check the date.")  # fmt: skip
        return day

    def _settle(self, chunk: list[Report], counts: FeedCounts, listener: store.Listener) -> None:
        """Write the good lines of a chunk, in their order: a withdrawal may follow its proof in one file."""
        places = self._rows.places({one.finess for one in chunk if one.proof})
        for one in chunk:
            if one.proof and one.finess not in places:
                rejection = Rejection(
                    one.line,
                    "finess",
                    Phrase("l’annuaire ne connaît pas ce numéro.", "the directory does not know this number."),
                    Phrase("Vérifiez-le, ou prenez d’abord l’annuaire.", "Check it, or take in the directory first."),
                )
                counts.reject(rejection)
                listener.on_rejection(rejection)
                continue
            if one.again:
                continue
            if one.proof:
                place = places[one.finess]
                changed = self._rows.report(self._peer.number, one.evidence, place, one.who, one.care_day)
            else:
                changed = self._rows.withdraw(self._peer.number, one.evidence)
            counts.taken += changed
            counts.unchanged += not changed
        listener.on_lines(counts.read)


def _wrong(field: str, fr: str, en: str, remedy_fr: str, remedy_en: str) -> FieldError:
    return FieldError(field, Phrase(fr, en), Phrase(remedy_fr, remedy_en))
