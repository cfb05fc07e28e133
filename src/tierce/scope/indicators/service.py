"""Answering another operator's question over the whole journal, under one checkpoint."""

import base64
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import duckdb
from psycopg import Connection

from tierce.journal.segments.store import segments
from tierce.kernel.clock import from_micros
from tierce.kernel.ids import DeviceId, EstablishmentId, ProfessionalId, SoftwareId
from tierce.policy.kept import Kept
from tierce.policy.retention import RETENTION
from tierce.scope import store as rows
from tierce.scope.engine.store import Said
from tierce.scope.errors import JournalBehindError, SegmentsMissingError
from tierce.scope.holes import find_holes_of
from tierce.scope.indicators import store
from tierce.scope.indicators.model import Answer, Hits, Indicator, Kind, Question, Subject, Why
from tierce.scope.indicators.rules import ANSWER_FORMAT, networks_of, verdict
from tierce.scope.model import SETTLE, Criteria
from tierce.scope.sources import Sealed

Pseudonyms = Callable[[str], frozenset[bytes]]
"""Gives the keyed pseudonyms of an address's network, as journal lines of each time bear it."""


def answer(
    connection: Connection,
    folder: Path,
    question: Question,
    pseudonyms: Pseudonyms,
    now: datetime,
    *,
    writing: datetime | None,
    operator: str,
    say: Said,
) -> Answer:
    """Answer every indicator of a question from one state of the database.

    Args:
        connection: in a transaction that has just begun, as a role that reads the journal and the registers.
        folder: where sealed segments are.
        question: what was sent.
        pseudonyms: under the keys of the processes that write the journal.
        now: the present instant.
        writing: since when an open transaction writes lines, as it was before this one began (`writing_since`).
        operator: the name of the log.
        say: told how far it is.

    Raises:
        JournalBehindError: the journal has no checkpoint yet.
        SegmentsMissingError: a segment that the manifest names cannot be read.
    """
    rows.freeze(connection)
    head = rows.tree_head(connection)
    if head is None:
        raise JournalBehindError
    settled = now - SETTLE
    pairs = [(one, subject) for one, subject in _subjects(connection, question, pseudonyms, now)]
    looked = [(one, subject) for one, subject in pairs if subject.values]
    found: dict[int, Hits] = {}
    gaps = []
    if looked:
        clauses = _clauses(looked)
        # One clause names them all to the database, whose filter passes over times.
        hot = rows.hot(connection, [_clause(looked)], head.size, settled)
        sealed = Sealed(folder, segments(connection))
        near = sealed.around(clauses)
        try:
            gaps = [*find_holes_of(sealed, near, hot.blocks, clauses).gaps, *hot.gaps]
            found = store.search(looked, sealed, near, hot, say)
        except (duckdb.Error, FileNotFoundError) as error:
            raise SegmentsMissingError from error
    reach = store.reach(connection, head.size, now if writing is None else min(now, writing))
    return Answer(
        format=ANSWER_FORMAT,
        operator=operator,
        question=question.digest.hex(),
        at=now.isoformat(timespec="seconds"),
        tree_size=head.size,
        tree_root=head.root.hex(),
        indicators=[verdict(one, subject, found.get(one.line, Hits()), reach, gaps) for one, subject in pairs],
    )


def _subjects(
    connection: Connection, question: Question, pseudonyms: Pseudonyms, now: datetime
) -> Iterable[tuple[Indicator, Subject]]:
    """What each indicator is looked for by, each register asked once."""
    named = {kind: [one.value for one in question.indicators if one.kind is kind] for kind in Kind}
    professionals = rows.professionals(connection, named[Kind.RPPS])
    establishments = rows.establishments(connection, named[Kind.FINESS])
    devices = store.devices(connection, [_thumbprint(one) for one in named[Kind.DEVICE]])
    software = store.software(connection, [one.lower() for one in named[Kind.SOFTWARE]])
    for one in question.indicators:
        if one.kind is Kind.RPPS:
            yield one, Subject(one.kind, _known(professionals.get(one.value)))
        elif one.kind is Kind.FINESS:
            yield one, Subject(one.kind, _known(establishments.get(one.value)))
        elif one.kind is Kind.DEVICE:
            kept = RETENTION[Kept.DEVICES].keep
            old = kept is not None and from_micros(one.from_us) < now - kept
            unknown = Why.FORGOTTEN if old else Why.NEVER_KNOWN
            yield one, Subject(one.kind, _known(devices.get(_thumbprint(one.value))), unknown)
        elif one.kind is Kind.SOFTWARE:
            yield one, Subject(one.kind, software.get(one.value.lower(), frozenset()), Why.NAME)
        else:
            ranges = networks_of(one.value)
            assert ranges is not None
            addresses, exact = ranges
            yield one, Subject(one.kind, frozenset().union(*map(pseudonyms, addresses)), exact=exact)


def _known(number: int | None) -> frozenset[int]:
    return frozenset() if number is None else frozenset({number})


def _thumbprint(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=")


def _clauses(looked: list[tuple[Indicator, Subject]]) -> list[Criteria]:
    """One clause for each window: what segments and holes are chosen by."""
    windows: dict[tuple[int, int], list[tuple[Indicator, Subject]]] = {}
    for one, subject in looked:
        windows.setdefault((one.from_us, one.until_us), []).append((one, subject))
    return [_clause(some) for some in windows.values()]


def _clause(looked: list[tuple[Indicator, Subject]]) -> Criteria:
    numbers: dict[Kind, set[int]] = {kind: set() for kind in Kind}
    networks: set[bytes] = set()
    for _, subject in looked:
        for value in subject.values:
            if isinstance(value, bytes):
                networks.add(value)
            else:
                numbers[subject.kind].add(value)
    return Criteria(
        professionals=frozenset(map(ProfessionalId, numbers[Kind.RPPS])),
        devices=frozenset(map(DeviceId, numbers[Kind.DEVICE])),
        sessions=frozenset(),
        establishments=frozenset(map(EstablishmentId, numbers[Kind.FINESS])),
        software=frozenset(map(SoftwareId, numbers[Kind.SOFTWARE])),
        networks=frozenset(networks),
        from_us=min(one.from_us for one, _ in looked),
        until_us=max(one.until_us for one, _ in looked),
    )
