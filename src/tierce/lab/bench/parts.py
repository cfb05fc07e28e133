"""The parts of a request that have no counter of their own, timed alone on real requests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Final, TypeVar

from tierce.gate.model import Ask, Read, Standing
from tierce.gate.rules import PAIR_PROVED, decide
from tierce.identity.dpop import ProofVerifier, digest_of
from tierce.identity.model import Assurance, Caller
from tierce.journal.engagement import format_engagement
from tierce.kernel.card import Route
from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.ids import (
    ActivityId,
    DeviceId,
    EntrySeq,
    EstablishmentId,
    InsurerId,
    LineId,
    LoginId,
    PersonId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    VendorId,
)
from tierce.kernel.language import Phrase
from tierce.lab.bench.load import read_requests
from tierce.lab.bench.proofs import RequestPress
from tierce.lab.bench.service import Stage
from tierce.lab.bench.store import Sealed, sample_coverage
from tierce.lab.bench.traffic import Traffic
from tierce.policy.acts import Act
from tierce.policy.seats import settled_line
from tierce.registry.records import decode_coverage
from tierce.rights.model import Shown
from tierce.rights.rules import answer_bytes, parse_question
from tierce.storage.cluster import SUPERUSER
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import Compartment, Purpose

REQUESTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Request:
    proof: bytes
    ath: str
    body: bytes


def measure_parts(stage: Stage, traffic: Traffic, press: RequestPress, directory: Path) -> dict[str, float]:
    """Return `verify`, `parse`, `rules` and `answer`: microseconds a request, caches warm, in this process alone."""
    path = directory / "parts.bin"
    press.press(traffic.draw(REQUESTS), path)
    requests = [_parsed(request) for request in read_requests(path)]
    path.unlink()
    with stage.database.connect(SUPERUSER) as connection:
        sealer = load_sealer(connection, stage.keyring, [Compartment.COVERAGE])
        sealed = sample_coverage(connection, REQUESTS)

    verifier = ProofVerifier(SystemClock())

    def verify(request: _Request) -> None:
        verifier.verify(
            request.proof, method="POST", url=press.target.url, ath=request.ath, body=request.body
        )  # fmt: skip

    today = date_of(paris_day(SystemClock().now()))
    index, pair = stage.keyring.hash(Purpose.INDEX), stage.keyring.hash(Purpose.PAIR)

    def parse(request: _Request) -> None:
        question = parse_question(request.body, today)
        who = question.who.canonical()
        index.uuid(who)
        pair.int64(bytes(8) + who)

    engagement = stage.keyring.raw(Purpose.ENGAGEMENT.value)
    guarantee = Phrase("100 % BR", "100% of BR")

    def answer(record: Sealed) -> None:
        plaintext = sealer.open_(Compartment.COVERAGE, record.insurer, record.person, record.sealed)
        covered = decode_coverage(plaintext)
        number = format_engagement(engagement, EntrySeq(record.person % 2**40))
        first, last = date_of(covered.from_day), date_of(covered.until_day)
        route = Route("99100001", covered.convention, covered.csr)
        answer_bytes(
            Shown(Domain.MEDG, first, last, guarantee, True, "Mutuelle de mesure", 1, False, number, last, route)
        )

    return {
        "verify": _microseconds(verify, requests),
        "parse": _microseconds(parse, requests),
        "rules": _microseconds(_by_the_rules(paris_day(SystemClock().now())), list(range(REQUESTS))),
        "answer": _microseconds(answer, sealed),
    }


def _by_the_rules(today: int) -> Callable[[int], None]:
    """The decision alone, of one ask in four about somebody new, on lines already brought to the day."""
    caller = Caller(
        ProfessionalId(1), LoginId(1), EstablishmentId(1), ActivityId(1), Profession.GP, SoftwareId(1), VendorId(1),
        SessionId(1), DeviceId(1), LineId(1), Assurance(2, signed=True), bytes(16),
    )  # fmt: skip
    ask = Ask(caller, Act.RIGHTS_ASK, Domain.MEDG, today, None, 1, None, None)
    first = Read(
        live=True, fresh=True, rung=0, person=PersonId(1), insurer=InsurerId(1), until_day=today, pair=1,
        pair_state=0, pair_day=0, seen_day=0, seen_line=0, from_day=today, standing=Standing.COVERED, others=False,
        engaged_until=0,
    )  # fmt: skip
    known = replace(first, pair_state=PAIR_PROVED, pair_day=today)
    line = settled_line(Profession.GP, today)
    place = replace(line)

    def rules(number: int) -> None:
        decide(ask, known if number % 4 else first, line, today, place, 1)

    return rules


def _parsed(request: bytes) -> _Request:
    head, _, body = request.partition(b"\r\n\r\n")
    headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    return _Request(headers[b"DPoP"], digest_of(headers[b"Authorization"].removeprefix(b"DPoP ")), body)


_Item = TypeVar("_Item")


def _microseconds(work: Callable[[_Item], None], items: Sequence[_Item]) -> float:
    """Time of one item, after one pass that fills the caches."""
    for item in items:
        work(item)
    started = perf_counter()
    for item in items:
        work(item)
    return round((perf_counter() - started) / len(items) * 1e6, 1)
