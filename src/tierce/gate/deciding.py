"""Decides a batch: one verdict for each ask, in order, and everything that the database must then write."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tierce.gate.leases import Key, Leases
from tierce.gate.model import Ask, AskInsurer, DeclaredLines, PairSeen, Read, Refuse, Release, StepUp, Verdict
from tierce.gate.rules import (
    HOLD_SEATS,
    LOOKED_UP,
    PAIR_BLANK,
    counted_by,
    decide,
    evidence_of,
    is_seated,
    says_nothing,
    seen,
    settle_claim,
)
from tierce.gate.store import Closing, Minted, Noted, Opened, PairKept
from tierce.journal.encoding import pack_entry
from tierce.journal.merkle import leaf_hash
from tierce.journal.model import SALT_BYTES, EntryKind
from tierce.journal.signing import sign_batch
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import Clock, micros, ordinal_of
from tierce.kernel.ids import NOBODY, LineId, PersonId
from tierce.policy.acts import Act, Outcome
from tierce.policy.evidence import HINT_AGAIN, HINT_FIRST
from tierce.policy.ladder import Level
from tierce.policy.lines import declared_place, place_of
from tierce.policy.rights import engagement_until
from tierce.policy.seats import DECLARED_UNSEEN, effective_limit

_SOFTWARE, _VENDOR, _CELL, _NATION = (
    level.value for level in (Level.SOFTWARE, Level.VENDOR, Level.CELL, Level.NATION)
)
_SHOWN = frozenset({Outcome.RELEASED, Outcome.ASKED})
"""Whom an insurer is asked about counts under the ceilings as shown: what it answers is known later."""


class Decider:
    """Decides batches and signs their lines as one instance; it reads no database."""

    def __init__(self, instance: int, key: Ed25519PrivateKey, clock: Clock, policy: bytes, leases: Leases) -> None:
        """`policy` is the 16-byte digest of the rendered policy; `leases`, what is held of lines that many share."""
        self._instance = instance
        self._key = key
        self._clock = clock
        self._policy = policy
        self._leases = leases

    def decide(self, opened: Opened, asks: Sequence[Ask], day: int) -> tuple[list[Verdict], Closing]:
        """Decide the asks in order: the second mention of a person in a batch is a known pair."""
        if opened.proofs:
            asks, opened = _settled(asks, opened)
        lines, declared = dict(opened.lines), dict(opened.declared)
        leases, cells = self._leases, opened.cells
        verdicts, places = list[Verdict](), list[LineId]()
        pairs: dict[int, PairKept] = {}
        taken: Counter[Key] = Counter()
        short, hints = list[Key](), list[int]()
        for ask, read_first in zip(asks, opened.reads, strict=True):
            before = pairs.get(read_first.pair)
            read = read_first if before is None else seen(read_first, before.pair, day, before.last)
            caller, line = ask.caller, ask.caller.line
            place = LineId(place_of(caller.establishment, caller.profession))
            places.append(place)
            keys = (
                (_SOFTWARE, caller.software), (_VENDOR, caller.vendor), (_CELL, cells[place]), (_NATION, 0)
            )  # fmt: skip
            room = is_seated(read, day) or leases.room(keys, day)
            second = DeclaredLines(declared.get(line, DECLARED_UNSEEN), declared.get(place, DECLARED_UNSEEN))
            verdict = decide(
                ask, read, lines[line], day, lines[place], opened.desks[place], declared=second, common=room
            )
            lines[line], lines[place] = verdict.line, verdict.place
            if verdict.seats:
                leases.take(keys)
                taken.update(keys)
            elif verdict.outcome is Outcome.COMMON_FULL:
                short.extend(keys)
            if verdict.declared is not None:
                declared[line], declared[place] = verdict.declared
            pair = verdict.pair
            if pair is not None and pair.key != 0:
                # The lines that gave the seat keep it, whoever of the batch sees the person after.
                last = LineId(counted_by(ask, read, day))
                if before is not None and before.pair == pair:
                    pairs[pair.key] = before._replace(last=last)
                elif verdict.declared is not None:
                    pairs[pair.key] = PairKept(pair, line, last, declared_place(place))
                elif verdict.seats:
                    pairs[pair.key] = PairKept(pair, line, last, place, caller.software, caller.vendor)
                else:
                    pairs[pair.key] = PairKept(pair, line, last)
            verdicts.append(verdict)
            first = pair is not None and (pair.state, pair.day) != (read.pair_state, read.pair_day)
            again = not first and says_nothing(read, line, day)
            hints.append(ask.hint | (HINT_FIRST if first else HINT_AGAIN if again else 0))
        minted = self._minted(asks, opened, verdicts, taken, day)
        bodies = self._bodies(asks, opened.reads, verdicts)
        closing = Closing(
            self._instance,
            sign_batch(self._key, self._instance, opened.block, [leaf_hash(body) for body in bodies]),
            lines,
            pairs | _blanks(verdicts),
            asks,
            [read.pair for read in opened.reads],
            [engaged_until(ask, read, day) for ask, read in zip(asks, opened.reads, strict=True)],
            bodies,
            hints,
            day,
            sum(verdict.outcome in _SHOWN for verdict in verdicts),
            places,
            taken,
            short,
            declared,
            _noted(asks, opened, verdicts) if opened.proofs else (),
            minted,
        )
        return verdicts, closing

    def _minted(
        self, asks: Sequence[Ask], opened: Opened, verdicts: Sequence[Verdict], taken: Counter[Key], day: int
    ) -> tuple[Minted, ...]:
        """Whom insurers are asked about; where one cannot be sealed, what the batch took is given back."""
        try:
            return _minted(asks, opened.reads, verdicts) if opened.distant else ()
        except Exception:
            self._leases.undo(taken, day)
            raise

    def _bodies(self, asks: Sequence[Ask], reads: Sequence[Read], verdicts: Sequence[Verdict]) -> list[bytes]:
        """The journal's lines, each with a salt: the ask's own mark, or drawn; dated once for the batch."""
        salts = os.urandom(SALT_BYTES * len(asks))
        now = micros(self._clock.now())
        return [
            self._body(ask, read, verdict, now, ask.mark or salts[SALT_BYTES * n : SALT_BYTES * (n + 1)])
            for n, (ask, read, verdict) in enumerate(zip(asks, reads, verdicts, strict=True))
        ]

    def _body(self, ask: Ask, read: Read, verdict: Verdict, now: int, salt: bytes) -> bytes:
        caller, decision, line = ask.caller, verdict.decision, verdict.line
        fields = DataCategory.NONE
        if isinstance(decision, Release | AskInsurer):
            fields = decision.fields
        elif isinstance(decision, StepUp) and decision.precise and read.insurer:
            fields = DataCategory.GUARANTEES  # a reason that is said tells something of one insurer's cover
        return pack_entry(
            kind_of(ask, verdict.outcome),
            ask.act,
            ask.lane,
            verdict.outcome,
            ask.presence,
            evidence_of(line),
            ask.domain,
            now,
            caller.professional,
            caller.establishment,
            caller.session,
            caller.device,
            caller.activity,
            caller.software,
            caller.vendor,
            read.insurer if fields else 0,
            max(0, effective_limit(line) - line.open),
            caller.network,
            NOBODY if isinstance(decision, Refuse) else read.person,
            fields,
            self._policy,
            ordinal_of(read.from_day) if isinstance(decision, Release) else 0,
            salt,
        )


def _settled(asks: Sequence[Ask], opened: Opened) -> tuple[list[Ask], Opened]:
    """The batch once the claims in it are settled; the rest of it is as it was."""
    new_asks, reads = list(asks), list(opened.reads)
    for place, looked_up in opened.proofs.items():
        new_asks[place], reads[place] = settle_claim(new_asks[place], reads[place], looked_up)
    return new_asks, replace(opened, reads=reads)


def _noted(asks: Sequence[Ask], opened: Opened, verdicts: Sequence[Verdict]) -> tuple[Noted, ...]:
    """The proofs that stand, of pairs that hold a seat; an ask that is refused names nobody, and gives none back."""
    return tuple(
        Noted(claim.once, read.pair, read.person, asks[place].caller.establishment)
        for place in opened.proofs
        if (claim := asks[place].claim) is not None
        and claim.once is not None
        and (read := opened.reads[place]).unproved is None
        and read.pair_state in HOLD_SEATS
        and not isinstance(verdicts[place].decision, Refuse)
    )


def _minted(asks: Sequence[Ask], reads: Sequence[Read], verdicts: Sequence[Verdict]) -> tuple[Minted, ...]:
    """The number of each person whose insurer is about to be asked; one for all the asks of a batch about her."""
    drawn: dict[tuple[int, UUID], PersonId] = {}
    found = []
    for ask, read, verdict in zip(asks, reads, verdicts, strict=True):
        remote, distant = ask.remote, read.distant
        if not isinstance(verdict.decision, AskInsurer) or remote is None or distant is None or ask.person is None:
            continue
        if not distant.known:
            read.person = drawn.setdefault((remote.insurer, ask.person), remote.number)
        number = read.person
        found.append(Minted(ask.person, remote.insurer, number, not distant.known, remote.seal(number)))
    return tuple(found)


def _blanks(verdicts: Sequence[Verdict]) -> dict[int, PairKept]:
    """A row under a drawn key for each ask that is told like a miss and whose pair is not remembered.

    What is written decides how soon a batch is answered: a miss that alone wrote a pair would be told by its time.
    """
    count = sum(verdict.pair is None and isinstance(verdict.decision, StepUp) for verdict in verdicts)
    drawn = os.urandom(8 * count)
    keys = [int.from_bytes(drawn[8 * n : 8 * n + 8], "big", signed=True) for n in range(count)]
    return {key: PairKept(PairSeen(key, PAIR_BLANK, 0), LineId(0), LineId(0)) for key in keys}


def engaged_until(ask: Ask, read: Read, day: int) -> int:
    """The last day of the engagement: its first answer's when one is opened again, else the insurer's at most."""
    if ask.engagement is not None:
        return read.engaged_until
    most = engagement_until(ask.domain, ask.care_day, day)
    return min(most, read.engaged_until) if read.engaged_until else most


def kind_of(ask: Ask, outcome: Outcome) -> EntryKind:
    """What the journal's line tells."""
    if outcome is Outcome.ASKED:
        return EntryKind.ASKED
    if outcome is Outcome.RELEASED:
        return EntryKind.REVISIT if ask.act is Act.RIGHTS_REVISIT else EntryKind.DISCLOSURE
    if outcome in LOOKED_UP:
        return EntryKind.MISS
    return EntryKind.REFUSAL
