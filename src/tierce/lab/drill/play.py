"""One drill from the first sign-in stolen to the pack verified, step by step, each timed."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from tierce.kernel.clock import SystemClock
from tierce.kernel.language import Phrase
from tierce.lab.demo.stage import Stage, open_stage
from tierce.lab.demo.steps import Steps
from tierce.lab.drill import attack, operators, store
from tierce.lab.drill.chain import Chain, open_chain
from tierce.lab.drill.errors import DrillError
from tierce.lab.drill.packing import Packed, take_pack
from tierce.lab.drill.result import DrillReport
from tierce.policy.reached import State

COUNTRY_MIN: Final = 3_000
MANY: Final = 5_000
FEW_INSURERS, ALL_INSURERS = 12, 84


class _Timed:
    """Steps with their seconds, by a short name."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self.seconds: dict[str, float] = {}
        self.words: dict[str, Phrase] = {}

    @contextmanager
    def step(self, name: str, fr: str, en: str) -> Iterator[list[str]]:
        """Say and time one step."""
        began = time.perf_counter()
        with self._steps.step(Phrase(fr, en)) as more:
            yield more
        self.seconds[name], self.words[name] = round(time.perf_counter() - began, 2), Phrase(fr, en)


def play(
    home: Path,
    folder: Path,
    people: int,
    seed: int,
    steps: Steps,
    *,
    live: int = attack.LIVE_MOST,
    only: tuple[str, ...] = (),
) -> tuple[DrillReport, dict[str, Phrase]]:
    """Play the whole drill; `folder` takes what it leaves, and is there. The report, and each stage in words.

    Of `people`, so many as `live` at most are read through the gate, the rest are written as its lines. `only` names
    the first operator's processes, every one when left out.

    Raises:
        DrillError: a step did not do what it must.
        DemoError: a process did not start.
    """
    many = people >= MANY
    clock, timed = SystemClock(), _Timed(steps)
    persons = max(COUNTRY_MIN, people * 5 // 4 + 2_000)
    with ExitStack() as stack:
        stage = stack.enter_context(
            open_stage(home, steps, persons=persons, insurers=ALL_INSURERS if many else FEW_INSURERS, only=only)
        )
        with timed.step("other", "le second opérateur, avec sa garde", "the second operator, with its gate"):
            beside = operators.open_other(
                home.with_name(f"{home.name}-other"), steps, persons=COUNTRY_MIN, insurers=FEW_INSURERS
            )
            other = stack.enter_context(beside)
        with timed.step(
            "elsewhere", "vol chez le second : identité relayée", "theft at the second: a sign-in relayed"
        ) as more:
            elsewhere = operators.steal_elsewhere(other, clock, seed)
            more.append(f"{elsewhere}")
        with timed.step(
            "theft", "vol chez le premier : vraies identités essayées", "theft at the first: true identities tried"
        ) as more:
            taken = asyncio.run(attack.play(stage, min(people, live), clock, seed))
            more.append(f"{taken.over_http} / {taken.tries}")
        if people > len({person for person, _ in taken.pairs}):
            fr, en = "… le reste écrit sans passer par la garde", "… the rest written without the gate"
            with timed.step("bulk", fr, en) as more:
                attack.steal_in_bulk(stage, taken, people, clock, seed)
                more.append(f"{taken.in_bulk}")
        chain = stack.enter_context(open_chain(stage, taken, folder))
        with timed.step("insurers", "organismes : mandats et clés confirmées", "insurers: mandates, confirmed keys"):
            chain.prepare_insurers()
        answer = _incident(chain, timed, other, elsewhere)
        packed = take_pack(chain, timed)
        return _report(chain, timed, answer, packed), timed.words


def _incident(chain: Chain, timed: _Timed, other: Stage, elsewhere: int) -> str:
    """From signal to letters."""
    with timed.step("aware", "signal, puis connaissance", "signal, then awareness"):
        chain.open()
    with timed.step("contained", "confinement : veille + à la main", "containment: watch + by hand") as more:
        more.append("{} + {}".format(*chain.contain()))
    with timed.step("scope", "liste exacte et populations", "exact list and cohorts") as more:
        more.append(f"{chain.scope()}")
    with timed.step(
        "indicators", "indicateurs à l’autre opérateur, réponse vérifiée", "indicators asked, answer verified"
    ) as more:
        began, rpps = chain.taken.began - timedelta(hours=1), chain.stage.truth["story"][attack.VICTIM]["rpps"]
        found = operators.ask_indicators(other, chain.folder / "indicators", rpps, began, chain.clock.now())
        answer = _told(found, elsewhere)
        more.append(answer)
    with timed.step(
        "told_insurers", "organismes prévenus, accusés de réception", "insurers told, acknowledged"
    ) as more:
        more.append("{} / {}".format(*chain.tell_insurers()))
    with timed.step("lists", "listes déchiffrées et rapprochées", "lists decrypted and matched") as more:
        more.append("{} / {}".format(*chain.open_lists()))
    with timed.step("lent", "coordonnées prêtées pour cet incident", "contact data lent for this incident") as more:
        more.append(f"{chain.lend()}")
    with timed.step("form", "registre, gravité, projets pour la CNIL", "register, severity, drafts for the CNIL"):
        chain.draft_forms()
    with timed.step("approved", "destinataires figés, texte, deux approbations", "audience, text, two approvals"):
        chain.write_and_approve()
    with timed.step("emails", "messages par le serveur local", "e-mails by the local server") as more:
        more.append(f"{chain.send()}")
    with timed.step("letters", "lettres en PDF", "letters in PDF") as more:
        more.append(f"{chain.print_letters()}")
    return answer


def _told(answer: dict[str, Any], elsewhere: int) -> str:
    one = answer["indicators"][0]
    if one["verdict"] != "touched" or one["persons"] != elsewhere:
        msg = f"the other operator answered {one['verdict']} ({one['persons']}) instead of what was read there"
        raise DrillError(msg)
    return f"{one['verdict']} ({one['persons']})"


def _report(chain: Chain, timed: _Timed, answer: str, packed: Packed) -> DrillReport:
    truth, listed = chain.taken.pairs, store.listed(chain.office, chain.incident)
    by_insurer, said = attack.by_insurer(truth), store.insurer_counts(chain.office, chain.incident)
    error = sum(abs(by_insurer.get(one, 0) - said.get(one, 0)) for one in by_insurer.keys() | said.keys())
    counts = chain.counted()
    assert chain.audience is not None
    told = store.told_at(chain.notices, chain.audience.id)
    aware = chain.aware_at()
    hours = sorted((times[0] - aware).total_seconds() / 3_600 for times in told if times)
    handed = sum(one.records for one in chain.told)
    return DrillReport(
        exposed_true=len(truth),
        listed=len(listed),
        recall=round(len(truth & listed) / len(truth), 6),
        false_confirmed=len(listed - truth),
        insurer_sum_error=error + abs(handed - len(listed)),
        insurers_told=len(chain.told),
        insurers_acknowledged=chain.acknowledged,
        records_handed_over=handed,
        records_matched=sum(one.matched for one in chain.told),
        adults=len(told),
        adults_told_once=sum(len(times) == 1 for times in told),
        emails=chain.in_mailbox(),
        letters=counts.states.get(State.PRINTED, 0) + counts.states.get(State.POSTED, 0),
        public_notice=counts.states.get(State.PUBLIC, 0),
        unexplained=counts.unexplained,
        seconds_signal_to_letters=round(chain.ready_seconds, 1),
        hours_to_told_p50=round(hours[len(hours) // 2], 4) if hours else 0.0,
        hours_to_told_p95=round(hours[len(hours) * 95 // 100], 4) if hours else 0.0,
        over_http=chain.taken.over_http,
        in_bulk=chain.taken.in_bulk,
        tries=chain.taken.tries,
        honest=chain.taken.honest,
        history=chain.taken.history,
        pack_seconds=packed.made.seconds,
        pack_peak_mib=packed.made.peak_mib,
        verify_seconds=packed.verified.seconds,
        verify_peak_mib=packed.verified.peak_mib,
        other_operator=answer,
        seconds=timed.seconds,
    )
