"""The attack shown while it lasts, side by side, and its figures in words once it is over."""

import asyncio

from rich.live import Live
from rich.table import Table

from tierce.kernel.clock import Clock
from tierce.kernel.language import Language, Phrase
from tierce.lab.demo import store
from tierce.lab.demo.attack import Attack, play
from tierce.lab.demo.result import Bound, Result
from tierce.lab.demo.stage import Stage
from tierce.lab.demo.steps import Steps, number

_REFRESH_SECONDS = 0.2
_TITLE = Phrase("{tries} identités vraies, essayées à grande vitesse", "{tries} true identities, tried at speed")
_NO_GATE = Phrase("sans garde", "no gate")
_TRIED = Phrase("identités essayées", "identities tried")
_LEARNED = Phrase("personnes apprises", "people learned")
_LAST = Phrase("dernière réponse utile", "last useful answer")
_LAST_TOLD = Phrase("demande n° {ask}, {seconds} s", "ask no. {ask}, {seconds} s")
_HELD = Phrase("appareil freiné", "device held")
_NEVER = Phrase("jamais", "never")
_OPTICIAN = Phrase("une opticienne, ailleurs", "an optician elsewhere")
_SERVED = Phrase("servie {shown} fois sur {asked}", "served {shown} times of {asked}")


async def played(stage: Stage, attack: Attack, clock: Clock, steps: Steps) -> None:
    """Play the attack, with a live table when a person looks on."""
    if not steps.console.is_terminal:
        await play(stage, attack, clock, _nothing)
        return
    with (
        stage.database.connect("tierce_office", autocommit=True) as connection,
        Live(table(attack, steps.language), console=steps.console, auto_refresh=False) as live,
    ):

        async def refresh() -> None:
            while not attack.over:
                attack.held = attack.held or store.held_since(connection, attack.device)
                live.update(table(attack, steps.language), refresh=True)
                await asyncio.sleep(_REFRESH_SECONDS)

        await play(stage, attack, clock, refresh)
        live.update(table(attack, steps.language), refresh=True)


async def _nothing() -> None:
    """Show nothing: nobody looks on."""


def seconds(value: float, language: Language) -> str:
    """A duration's number as it is written in the language."""
    text = f"{value:.1f}"
    return text.replace(".", ",") if language is Language.FR else text


def table(attack: Attack, language: Language) -> Table:
    """The two sides as they stand."""
    made = Table(title=_TITLE[language].format(tries=number(attack.tries, language)), title_justify="left")
    made.add_column("")
    made.add_column(_NO_GATE[language], justify="right")
    made.add_column("Tierce", justify="right", style="bold")
    sides = (attack.unprotected, attack.tierce)
    made.add_row(_TRIED[language], *(number(side.asked, language) for side in sides))
    made.add_row(_LEARNED[language], *(number(len(side.learned), language) for side in sides))
    made.add_row(_LAST[language], *(_last(side.last_learned, language) for side in sides))
    made.add_row(_HELD[language], _NEVER[language], _last(attack.held_at, language))
    served = _SERVED[language].format(shown=attack.optician.shown, asked=attack.optician.asked)
    made.add_row(_OPTICIAN[language], "", served)
    return made


def _last(moment: tuple[int, float] | None, language: Language) -> str:
    ask, at = moment or (0, 0.0)
    if not ask:
        return ""
    return _LAST_TOLD[language].format(ask=number(ask, language), seconds=seconds(at, language))


def told(result: Result, language: Language) -> str:
    """The figures of an attack in sentences; each was measured in this run, the bound comes from the policy."""
    bound = Bound()
    words = {
        "tried": number(result.tried, language),
        "open_tried": number(result.unprotected_tried, language),
        "open_learned": number(result.unprotected_learned, language),
        "open_seconds": seconds(result.unprotected_seconds, language),
        "learned": result.learned,
        "bound": result.bound,
        "first_time": bound.first_time,
        "known": bound.known,
        "last_ask": number(result.last_learned_ask, language),
        "last_seconds": seconds(result.last_learned_seconds, language),
        "held_ask": number(result.held_ask, language),
        "held_seconds": seconds(result.held_seconds, language),
        "shown": result.optician_shown,
        "asked": result.optician_asked,
        "slowest": number(round(result.optician_seconds_max * 1000), language),
    }
    return _TOLD[language].format(**words)


_TOLD = Phrase(
    "  Sans garde : {open_learned} personnes apprises en {open_tried} demandes et {open_seconds} s.\n"
    "  Tierce     : {learned} personnes apprises en {tried} demandes.\n"
    "               La borne d’un appareil neuf pour la journée est de {bound} :\n"
    "               {first_time} jamais vues, {known} déjà connues du cabinet.\n"
    "               Dernière personne à la demande n° {last_ask} ({last_seconds} s) ;\n"
    "               appareil freiné à la demande n° {held_ask} ({held_seconds} s).\n"
    "               Le journal compte les mêmes {learned} personnes.\n"
    "  Ailleurs   : l’opticienne a été servie {shown} fois sur {asked}, en {slowest} ms au plus.",
    "  No gate    : {open_learned} people learned in {open_tried} asks and {open_seconds} s.\n"
    "  Tierce     : {learned} people learned in {tried} asks.\n"
    "               The bound of a new device for the day is {bound}:\n"
    "               {first_time} never seen, {known} already known to the practice.\n"
    "               Last person at ask no. {last_ask} ({last_seconds} s);\n"
    "               device held at ask no. {held_ask} ({held_seconds} s).\n"
    "               The journal counts the same {learned} people.\n"
    "  Elsewhere  : the optician was served {shown} times of {asked}, in {slowest} ms at most.",
)
