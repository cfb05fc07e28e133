"""Ask the gate about one person's rights, and turn what it releases into an answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tierce.gate.model import Answer, Ask, AskInsurer, Release, Remote, Revealed, StepUp
from tierce.gate.service import Gate
from tierce.identity.model import Caller
from tierce.journal.encoding import decode
from tierce.journal.engagement import format_engagement, parse_engagement
from tierce.kernel.card import Route, Routing
from tierce.kernel.care import Domain
from tierce.kernel.clock import Clock, date_of, day_of, paris_day, seconds_left_today
from tierce.kernel.ids import EntrySeq, EstablishmentId, InsurerId, PersonId, new_id
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act, Outcome, Presence
from tierce.policy.evidence import hint_of
from tierce.presence.errors import ProofRefusedError
from tierce.presence.model import Claim, Reason
from tierce.presence.model import Shown as Proof
from tierce.presence.service import Proofs
from tierce.registry.records import CoverageRecord, decode_coverage, encode_record
from tierce.rights.errors import QuestionError
from tierce.rights.model import ByCard, NotShown, Question, Refused, RightsAnswer, Shown
from tierce.rights.reasons import REASONS
from tierce.rights.remote.errors import Failure, NoAnswerError
from tierce.rights.remote.model import Asked, Cover, Declared, Said, Settled
from tierce.rights.remote.service import Insurers, Judged
from tierce.rights.remote.store import load_declared, load_products
from tierce.rights.rules import parse_question, routed
from tierce.rights.store import (
    Compartment,
    Keyring,
    Purpose,
    SealBrokenError,
    Sealer,
    load_coverage_sealer,
    load_guarantees,
    load_insurers,
    load_responsible,
    load_routing,
    pair_number,
)

PLACES_KEPT = 8_192
"""Keyed départements kept in memory: an establishment sees few."""


@dataclass(slots=True)
class Shelf:
    """What answers are worded with; read at the start, now and then, and when an insurer or product is new."""

    insurers: dict[InsurerId, tuple[str, str]]
    """By insurer: its name and its own AMC number."""
    guarantees: dict[tuple[int, Domain], Phrase]
    responsible: dict[int, bool]
    """By product: whether the contract is « responsable »."""
    sealer: Sealer
    routing: Routing
    declared: Mapping[str, Declared] = field(default_factory=dict)
    """By AMC number: insurers that keep their people themselves."""
    products: Mapping[tuple[InsurerId, str], int] = field(default_factory=dict)

    @classmethod
    async def load(cls, connection: AsyncConnection[Any], keyring: Keyring) -> "Shelf":
        """Read it all; a few thousand rows."""
        return cls(
            await load_insurers(connection),
            await load_guarantees(connection),
            await load_responsible(connection),
            await load_coverage_sealer(connection, keyring),
            await load_routing(connection),
            await load_declared(connection),
            await load_products(connection),
        )


class Rights:
    """The use cases of a professional about rights."""

    def __init__(
        self,
        gate: Gate,
        keyring: Keyring,
        shelf: Shelf,
        clock: Clock,
        reload: Callable[[], Awaitable[Shelf]] | None = None,
        *,
        proofs: Proofs | None = None,
        insurers: Insurers | None = None,
    ) -> None:
        """Answer with what `gate` releases; `reload` reads the shelf again.

        Without `proofs` no proof of presence is accepted; without `insurers` none is asked on the way.
        """
        self.proofs = proofs
        self._insurers = insurers
        self._gate = gate
        self._index = keyring.hash(Purpose.INDEX)
        self._pair = keyring.hash(Purpose.PAIR)
        self._origin = lru_cache(PLACES_KEPT)(self._keyed)
        self._engagement = keyring.raw(Purpose.ENGAGEMENT.value)
        self.shelf = shelf
        self._reload = reload
        self._clock = clock

    async def ask(
        self,
        caller: Caller,
        body: bytes,
        once: UUID | None,
        issued: int,
        mark: bytes,
    ) -> RightsAnswer:
        """Ask whether one person is covered.

        `once` and `issued` are those of the browser's proof; `mark` is that of `replays`. Presence is what a proof
        in the question proves to us, never what the asker says.

        Raises:
            QuestionError: a field is missing or malformed; nothing was looked up.
            GateError: the gate could not answer; nothing was shown.
        """
        today = paris_day(self._clock.now())
        question = parse_question(body, date_of(today))  # 2. parse and normalise
        named = routed(question.who, self.shelf.routing)
        who = named.canonical()
        pair = pair_number(self._pair, caller.establishment, who)
        claim = None
        if question.proof is not None and not self._gate.is_spent(caller.line):
            claim = await self._claim(question.proof, caller, who)
        ask = Ask(
            caller=caller, act=Act.RIGHTS_ASK, domain=question.domain, care_day=day_of(question.care_date),
            person=self._index.uuid(who), pair=pair, engagement=None, once=once, label=question.label,
            issued=issued, lane=caller.lane,
            card=named.amc, payer=question.payer, mark=mark,
            presence=Presence.NONE if claim is None else claim.grade, claim=claim,
            hint=self._hint(caller, named.origin()),
        )  # fmt: skip
        if self._insurers is not None and isinstance(named, ByCard) and question.payer == 1:
            declared = self.shelf.declared.get(named.amc)
            if declared is not None:
                return await self._on_the_way(self._insurers, ask, declared, question, named)
        answer = await self._gate.ask(ask)
        try:
            return self._worded(answer, question.domain)
        except (KeyError, SealBrokenError):
            return await self._told_again(answer, question.domain)

    async def _on_the_way(
        self, insurers: Insurers, ask: Ask, declared: Declared, question: Question, named: ByCard
    ) -> RightsAnswer:
        """Have her insurer answer, which keeps its people itself; told at the end of a slot, whatever it is."""
        insurer, typed = declared.insurer, question.who

        def sealed(person: PersonId, product: int, cover: Cover | None) -> bytes:
            record = _record(named, product, cover, question)
            return self.shelf.sealer.seal(Compartment.COVERAGE, insurer, person, encode_record(record))

        def asked(answer: Answer) -> Asked:
            csr = typed.csr if isinstance(typed, ByCard) else ""
            return Asked(
                self.number(answer.seq), declared.amc, csr, named.member_number, named.birth_date,
                question.domain, question.care_date,
            )  # fmt: skip

        def judge(said: Said, answer: Answer) -> Judged:
            if said.cover is None:
                return Judged(said.outcome)
            product = self.shelf.products.get((insurer, said.cover.product))
            if product is None:
                raise NoAnswerError(Failure.PRODUCT, heard=True)
            if not answer.contracted:
                return Judged(Outcome.NOT_CONTRACTED)
            if (product, question.domain) not in self.shelf.guarantees:
                return Judged(Outcome.NOT_ELIGIBLE)
            return Judged(said.outcome, said.cover, sealed(decode(answer.line).person, product, said.cover))

        ask.remote = Remote(insurer, PersonId(new_id()), lambda person: sealed(person, 0, None))
        answer, settled = await insurers.ask(declared, ask.caller.line, lambda: self._gate.ask(ask), asked, judge)
        if not isinstance(answer.decision, AskInsurer):
            return self._worded(answer, question.domain)
        if settled is None or settled.cover is None:
            outcome = Outcome.NOT_ANSWERED if settled is None else settled.outcome
            return NotShown(REASONS[outcome] if ask.presence >= Presence.CONFIRMED else None)
        return self._answered(answer, settled, settled.cover, declared, question)

    def _answered(
        self, answer: Answer, settled: Settled, cover: Cover, declared: Declared, question: Question
    ) -> Shown:
        """Word what an insurer answered, by what it declared here; its line is on disk."""
        product = self.shelf.products[declared.insurer, cover.product]
        name, own = self.shelf.insurers[declared.insurer]
        csr = question.who.csr if isinstance(question.who, ByCard) else ""
        return Shown(
            question.domain,
            cover.first,
            cover.last,
            self.shelf.guarantees[product, question.domain],
            self.shelf.responsible[product],
            name,
            cover.priority,
            False,
            self.number(settled.seq),
            date_of(answer.engaged_until),
            Route(question.who.amc or own, cover.convention, csr),
        )

    def _hint(self, caller: Caller, origin: tuple[str, str] | None) -> int:
        """What the watch may know of the identifiers, keyed for this establishment: none is compared across."""
        if origin is None:
            return 0
        area, prefix = origin
        return hint_of(self._origin(caller.establishment, area), self._keyed(caller.establishment, prefix))

    def _keyed(self, establishment: EstablishmentId, part: str) -> int:
        return self._pair.int64(b"origin" + establishment.to_bytes(8, "big") + part.encode("ascii"))

    async def _claim(self, proof: Proof, caller: Caller, who: bytes) -> Claim:
        try:
            if self.proofs is None:
                raise ProofRefusedError(Reason.MEANS)
            return await self.proofs.claim(proof, caller.establishment, caller.software, who)
        except ProofRefusedError as error:
            raise QuestionError(error.field, error.reason, error.remedy) from None

    async def revisit(
        self,
        caller: Caller,
        engagement: str,
        domain: Domain,
        once: UUID | None,
        issued: int,
        mark: bytes,
    ) -> RightsAnswer:
        """Open again an answer of the establishment's own history; counts among the people of the day.

        Raises:
            EngagementFormatError: the number is mistyped.
            GateError: the gate could not answer.
        """
        seq = parse_engagement(self._engagement, engagement)
        engagement = self.number(seq)  # as it is printed, however it was typed
        answer = await self._gate.ask(
            Ask(
                caller=caller, act=Act.RIGHTS_REVISIT, domain=domain, care_day=paris_day(self._clock.now()),
                person=None, pair=None, engagement=seq, once=once, issued=issued, lane=caller.lane, mark=mark,
            )
        )  # fmt: skip
        try:
            return self._worded(answer, domain, engagement)
        except (KeyError, SealBrokenError):
            return await self._told_again(answer, domain, engagement)

    def number(self, seq: EntrySeq) -> str:
        """The engagement number of an entry."""
        return format_engagement(self._engagement, seq)

    async def reread(self) -> None:
        """Read again what answers are worded with; what was read before stands when this fails."""
        if self._reload is not None:
            self.shelf = await self._reload()

    async def _told_again(self, answer: Answer, domain: Domain, engagement: str | None = None) -> RightsAnswer:
        """Word an answer about an insurer or a product that came since the shelf was read."""
        await self.reread()
        return self._worded(answer, domain, engagement)

    def _worded(self, answer: Answer, domain: Domain, engagement: str | None = None) -> RightsAnswer:
        if isinstance(answer.decision, Release) and answer.revealed is not None:
            return self._shown(answer, answer.revealed, domain, engagement or self.number(answer.seq))
        if isinstance(answer.decision, StepUp) and answer.decision.precise:
            return NotShown(REASONS[answer.decision.outcome])
        if isinstance(answer.decision, Release | StepUp | AskInsurer):
            return NotShown()
        retry = answer.decision.retry_day
        code = answer.decision.outcome.name.lower()
        if retry is None:
            return Refused(code, None)
        return Refused(code, date_of(retry), seconds_left_today(self._clock.now()))

    def _shown(self, answer: Answer, revealed: Revealed, domain: Domain, engagement: str) -> Shown:
        plaintext = self.shelf.sealer.open_(Compartment.COVERAGE, revealed.insurer, revealed.person, revealed.sealed)
        record = decode_coverage(plaintext)
        name, own = self.shelf.insurers[revealed.insurer]
        return Shown(
            domain,
            date_of(revealed.from_day),
            date_of(revealed.until_day),
            self.shelf.guarantees[record.product, domain],
            self.shelf.responsible[record.product],
            name,
            record.priority,
            answer.others,
            engagement,
            date_of(answer.engaged_until),
            Route(record.card_amc or own, record.convention, record.csr),
        )


def _record(named: ByCard, product: int, cover: Cover | None, question: Question) -> CoverageRecord:
    """What is kept of somebody whose insurer answers: her member number, and what was answered of one domain."""
    member, typed = named.member_number.reveal(), question.who
    day, bit = day_of(question.care_date), 0 if cover is None else question.domain.bit
    first, last = (day, day) if cover is None else (day_of(cover.first), day_of(cover.last))
    return CoverageRecord(
        version=1, product=product, product_code="" if cover is None else cover.product, contract_number="",
        member_number=member, holder_member_number=member, relationship=1, domains=bit,
        from_day=first, until_day=last, priority=1 if cover is None else cover.priority, status=1, is_former=False,
        left_day=None, effective_day=day,
        card_amc=typed.amc if isinstance(typed, ByCard) and typed.amc != named.amc else "",
        convention="" if cover is None else cover.convention, csr=typed.csr if isinstance(typed, ByCard) else "",
    )  # fmt: skip
