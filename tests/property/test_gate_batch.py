"""A batch is a sequence: asks decided together end as the same asks decided one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tests.gate_cases import LINES, TODAY, ask_of, caller, domain_of, line_of, read_of
from tierce.gate.deciding import Decider
from tierce.gate.leases import Draw, Leases
from tierce.gate.model import Ask, Read
from tierce.gate.rules import PAIR_BLANK, decide
from tierce.gate.store import Opened
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import LineId
from tierce.policy.acts import Outcome
from tierce.policy.lines import PLACE_UNSEEN, place_of
from tierce.policy.seats import DAY_LIMITS, Line

PROFESSION = Profession.GP


def lent() -> Leases:
    """More than any test spends, of every line that many share."""
    leases = Leases()
    draws = [Draw(key, 1) for key in [(5, 1), (6, 1), (7, 0), (9, 0)]]
    leases.add(draws, TODAY, [10**9] * len(draws))
    return leases


DECIDER = Decider(1, Ed25519PrivateKey.generate(), SystemClock(), bytes(16), lent())


@dataclass
class Memory:
    """What the database would keep between batches."""

    lines: dict[LineId, Line]
    pairs: dict[int, tuple[int, int, int, LineId]] = field(default_factory=dict)
    holders: dict[int, LineId] = field(default_factory=dict)
    """The line whose seat each pair holds: kept, as gate.close keeps it, while the pair stays what it was."""
    blanks: int = 0
    """Rows of nobody's pair: each has a drawn key, so how many there are is all that two memories share."""

    def opened(self, asks: Sequence[Ask], rungs: Sequence[int]) -> Opened:
        """What gate.open would read: a person exists unless her number divides by 3."""
        reads: list[Read] = []
        for ask, rung in zip(asks, rungs, strict=True):
            key = ask.pair or 0
            state, day, seen_day, seen_line = self.pairs.get(key, (0, 0, 0, LineId(0)))
            exists = key % 3 != 0
            reads.append(
                read_of(
                    pair=key, person=key if exists else 0, insurer=1 if exists and key % 2 else 0, state=state,
                    day=day, rung=rung, seen_day=seen_day, seen_line=seen_line,
                )
            )  # fmt: skip
        lines = {}
        for ask in asks:
            place = LineId(place_of(ask.caller.establishment, PROFESSION))
            lines[ask.caller.line] = self.lines[ask.caller.line]
            lines[place] = self.lines.get(place, PLACE_UNSEEN)
        return Opened(1, lines, reads, dict.fromkeys(lines, 1), dict.fromkeys(lines, 0))

    def batch(self, asks: Sequence[Ask], rungs: Sequence[int]) -> list[tuple[Outcome, EntryKind, int]]:
        """Decide a batch, keep what it leaves, and give the outcomes with what the journal says of each."""
        verdicts, closing = DECIDER.decide(self.opened(asks, rungs), asks, TODAY)
        self.lines |= closing.lines
        for key, (pair, holder, last, *_) in closing.pairs.items():
            if pair.state == PAIR_BLANK:
                self.blanks += 1
                continue
            if self.pairs.get(key, ())[:2] != (pair.state, pair.day):
                self.holders[key] = holder
            self.pairs[key] = (pair.state, pair.day, closing.day, last)
        entries = [decode(body) for body in closing.bodies]
        assert [entry.outcome for entry in entries] == [verdict.outcome for verdict in verdicts]
        return [(entry.outcome, entry.kind, entry.seats_after or 0) for entry in entries]


@st.composite
def questions(draw: st.DrawFn) -> tuple[Ask, int]:
    """An ask on one of three lines about one of a few people, with the rung its caller stands on."""
    who = caller(PROFESSION, line=draw(st.sampled_from(LINES)), signed=draw(st.sampled_from([True, True, False])))
    domain = draw(st.sampled_from([domain_of(PROFESSION)] * 5 + [Domain.OPTI]))
    rung = draw(st.sampled_from([0, 0, 0, 0, 2, 3, 4]))
    return ask_of(who, pair=draw(st.integers(1, 5)), domain=domain), rung


def start(attempts: int, known: int, taken: int) -> Memory:
    """Three lines, one of them new."""
    line = line_of(PROFESSION, attempts=attempts, known=known, today=taken)
    lines = {LineId(number): line for number in LINES}
    lines[LineId(3)] = replace(line, since=TODAY)
    return Memory(lines)


@given(
    st.lists(questions(), min_size=6, max_size=64),
    st.sampled_from([0, DAY_LIMITS[PROFESSION].attempts - 3]),
    st.sampled_from([0, 13, DAY_LIMITS[PROFESSION].known - 2]),
    st.integers(0, 3),
    st.data(),
)
def test_a_batch_is_a_sequence(
    asked: list[tuple[Ask, int]], attempts: int, known: int, taken: int, data: st.DataObject
) -> None:
    asks, rungs = [ask for ask, _ in asked], [rung for _, rung in asked]
    whole, singly, cut = (start(attempts, known, taken) for _ in range(3))
    together = whole.batch(asks, rungs)
    one_by_one = [told for ask, rung in asked for told in singly.batch([ask], [rung])]
    middle = data.draw(st.integers(0, len(asks)))
    in_two = [
        told
        for part in (slice(0, middle), slice(middle, None))
        for told in (cut.batch(asks[part], rungs[part]) if asks[part] else [])
    ]
    assert together == one_by_one == in_two
    assert whole == singly == cut


@given(st.lists(questions(), min_size=1, max_size=40))
def test_what_is_signed_is_what_was_decided(asked: list[tuple[Ask, int]]) -> None:
    memory = start(0, 0, 0)
    asks = [ask for ask, _ in asked]
    opened = memory.opened(asks, [rung for _, rung in asked])
    verdicts, closing = DECIDER.decide(opened, asks, TODAY)
    for ask, verdict, body in zip(asks, verdicts, closing.bodies, strict=True):
        entry = decode(body)
        assert (entry.professional, entry.session) == (ask.caller.professional, ask.caller.session)
        if verdict.outcome is Outcome.RELEASED:
            assert entry.person == ask.pair
            assert entry.categories
        else:
            assert not entry.categories
            assert not entry.insurer
        if verdict.outcome in (Outcome.UNKNOWN, Outcome.OUT_OF_ATTEMPTS, Outcome.NOT_ALLOWED):
            assert not entry.person


def test_a_batch_of_one_is_what_the_rules_say() -> None:
    memory = start(0, 0, 0)
    ask = ask_of(caller(PROFESSION), pair=1)
    read = memory.opened([ask], [0]).reads[0]
    expected = decide(ask, read, memory.lines[LineId(1)], TODAY)
    memory.batch([ask], [0])
    assert memory.lines[LineId(1)] == expected.line
    assert expected.pair is not None
    assert memory.pairs[1][:2] == (expected.pair.state, expected.pair.day)
