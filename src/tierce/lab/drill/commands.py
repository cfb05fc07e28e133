"""`tierce drill`: a theft between two operators, then everything until each person is told, timed and checked."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.kernel.language import Language, Phrase
from tierce.lab.demo.commands import spoken
from tierce.lab.demo.stage import open_stage
from tierce.lab.demo.steps import Steps
from tierce.lab.drill import attack, operators, store
from tierce.lab.drill.chain import Chain, open_chain
from tierce.lab.drill.errors import DrillError
from tierce.lab.drill.packing import take_pack
from tierce.lab.drill.result import DrillReport, table
from tierce.notices.audience.model import State

PEOPLE = 200
COUNTRY_MIN = 3_000
MANY = 5_000
FEW_INSURERS, ALL_INSURERS = 12, 84

app = typer.Typer(add_completion=False)


@app.command(
    epilog="Exemples / examples:  tierce drill   ·   tierce drill --keep var/exercice --lang en"
    "   ·   tierce drill --people 100000 --json -"
)
def drill(
    *,
    people: Annotated[int, typer.Option(min=1, max=1_000_000, help="Personnes lues. / People read.")] = PEOPLE,
    keep: Annotated[
        Path | None,
        typer.Option(help="Dossier où laisser lettres, boîte, fichiers. / Folder that keeps the results."),
    ] = None,
    home: Annotated[Path, typer.Option(help="Dossier de l’installation. / Folder.")] = Path("var/drill"),
    seed: Annotated[int, typer.Option(help="Graine du tirage. / Of what is drawn.")] = 1,
    lang: Annotated[Language | None, typer.Option(help="fr, en ; selon LANG. / By LANG when left out.")] = None,
    json: Annotated[str, typer.Option(help="« - » : un objet JSON sur la sortie. / One JSON object.")] = "",
) -> None:
    """Un vol chez deux opérateurs, puis tout jusqu’aux lettres. / A theft at two operators, then everything."""
    language = lang or spoken()
    steps = Steps(Console(stderr=True), language)
    with ExitStack() as stack:
        folder = (keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tierce-drill-")))).absolute()
        try:
            report = play(home, folder, people, seed, steps)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except TierceError as error:
            steps.say(f"\n✗ {error}", "bold")
            raise typer.Exit(1) from None
        steps.console.print(table(report, language))
        if keep is not None:
            steps.say(_KEPT[language].format(folder=folder))
        if json == "-":
            typer.echo(msgspec.json.encode(report).decode())
        if not report.good:
            steps.say(_WRONG, "bold")
            raise typer.Exit(1)
        steps.say(_RIGHT, "bold")


_KEPT = Phrase("Tout est dans {folder}", "Everything is in {folder}")
_RIGHT = Phrase(
    "Tout ce qui a été lu est retrouvé, rien d’autre, et chacun est prévenu une fois.",
    "Everything that was read is found, nothing else, and each person is told once.",
)
_WRONG = Phrase("L’exercice a trouvé un écart : voyez le tableau.", "The drill found a difference: see the table.")


class _Timed:
    """Steps with their seconds, by a short name."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, fr: str, en: str) -> Iterator[list[str]]:
        """Say and time one step."""
        began = time.perf_counter()
        with self._steps.step(Phrase(fr, en)) as more:
            yield more
        self.seconds[name] = round(time.perf_counter() - began, 2)


def play(home: Path, folder: Path, people: int, seed: int, steps: Steps) -> DrillReport:
    """Play the whole drill; `folder` takes what it leaves.

    Raises:
        DrillError: a step did not do what it must.
        DemoError: a process did not start.
    """
    many = people >= MANY
    clock, timed = SystemClock(), _Timed(steps)
    folder.mkdir(parents=True, exist_ok=True)
    persons = max(COUNTRY_MIN, people * 5 // 4 + 2_000)
    with open_stage(home, steps, persons=persons, insurers=ALL_INSURERS if many else FEW_INSURERS) as stage:
        with timed.step("other", "le second opérateur : sa base, ses clés", "the second operator: database and keys"):
            shutil.rmtree(stage.home / "other", ignore_errors=True)
            other = operators.open_other(stage, stage.country)
        with timed.step(
            "theft", "vol : identité relayée, vraies identités essayées", "theft: true identities tried"
        ) as more:
            taken = attack.play(stage, clock, seed)
            more.append(f"{taken.over_http} / {taken.tries}")
        if people > taken.over_http:
            fr, en = (
                "… et en nombre : lignes signées, sans la borne",
                "… and in bulk: signed lines, without the bound",
            )
            with timed.step("bulk", fr, en) as more:
                attack.steal_in_bulk(stage, taken, people, clock, seed)
                more.append(f"{taken.in_bulk}")
        rpps = stage.truth["story"]["claire_morvan"]["rpps"]
        operators.steal_elsewhere(other, rpps, clock.now())
        with open_chain(stage, taken, folder) as chain:
            with timed.step(
                "insurers", "organismes : mandats et clés confirmées", "insurers: mandates, confirmed keys"
            ):
                chain.prepare_insurers()
            answer = _incident(chain, timed, other, rpps)
            take_pack(chain, timed)
            return _report(chain, timed, answer)


def _incident(chain: Chain, timed: _Timed, other: operators.Other, rpps: str) -> str:
    """From signal to letters."""
    with timed.step("aware", "signal, puis connaissance", "signal, then awareness"):
        chain.open()
    with timed.step("contained", "confinement", "containment") as more:
        more.append(chain.contain() or "—")
    with timed.step("scope", "liste exacte et populations", "exact list and cohorts") as more:
        more.append(f"{chain.scope()}")
    with timed.step(
        "indicators", "indicateurs à l’autre opérateur, réponse vérifiée", "indicators asked, answer verified"
    ) as more:
        began = chain.taken.began - timedelta(hours=1)
        found = operators.ask_indicators(other, chain.folder / "indicators", rpps, began, chain.clock.now())
        answer = _told(found)
        more.append(answer)
    with timed.step(
        "told_insurers", "organismes prévenus, accusés de réception", "insurers told, acknowledged"
    ) as more:
        more.append("{} / {}".format(*chain.tell_insurers()))
    with timed.step("lists", "listes déchiffrées et rapprochées", "lists decrypted and matched") as more:
        more.append("{} / {}".format(*chain.open_lists()))
    with timed.step("lent", "coordonnées prêtées pour cet incident", "contact data lent for this incident") as more:
        more.append(f"{chain.lend()}")
    with timed.step("form", "projet de notification à la CNIL", "draft of the notification to the CNIL"):
        chain.draft_form()
    with timed.step("approved", "destinataires figés, texte, deux approbations", "audience, text, two approvals"):
        chain.write_and_approve()
    with timed.step("emails", "messages par le serveur local", "e-mails by the local server") as more:
        more.append(f"{chain.send()}")
    with timed.step("letters", "lettres en PDF", "letters in PDF") as more:
        more.append(f"{chain.print_letters()}")
    return answer


def _told(answer: dict[str, Any]) -> str:
    one = answer["indicators"][0]
    if one["verdict"] != "touched" or one["persons"] != operators.TOUCHED_ELSEWHERE:
        msg = f"the other operator answered {one['verdict']} ({one['persons']}) instead of what was read there"
        raise DrillError(msg)
    return f"{one['verdict']} ({one['persons']})"


def _report(chain: Chain, timed: _Timed, answer: str) -> DrillReport:
    truth, listed = chain.taken.pairs, store.listed(chain.office, chain.incident)
    by_insurer, said = chain.truth_by_insurer(), store.insurer_counts(chain.office, chain.incident)
    error = sum(abs(by_insurer.get(one, 0) - said.get(one, 0)) for one in by_insurer.keys() | said.keys())
    counts = chain.counted()
    assert chain.audience is not None
    told = store.told_at(chain.notices, chain.audience.id)
    aware = chain.aware_at()
    hours = sorted((times[0] - aware).total_seconds() / 3_600 for times in told if times)
    handed = sum(len(one.listed) for one in chain.told)
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
        other_operator=answer,
        seconds=timed.seconds,
    )
