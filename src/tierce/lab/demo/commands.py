"""`tierce demo`: the four promises in five minutes; `--once` plays them unattended and checks each."""

import asyncio
import importlib
import os
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Annotated, Final, NoReturn

import msgspec
import typer
from rich.console import Console

from tierce.kernel.clock import Clock, SystemClock
from tierce.kernel.errors import TierceError
from tierce.kernel.language import Language, Phrase
from tierce.lab.demo import guide
from tierce.lab.demo.attack import TRIES, Attack
from tierce.lab.demo.errors import DemoError
from tierce.lab.demo.paying import Paid
from tierce.lab.demo.picture import recording_console, save_picture
from tierce.lab.demo.result import Result
from tierce.lab.demo.show import told
from tierce.lab.demo.stage import Stage, open_stage, start_unprotected
from tierce.lab.demo.steps import Steps
from tierce.storage.command_line import Json

PERSONS: Final = 20_500
"""More people than are tried, so that every try is a true identity."""

app = typer.Typer(add_completion=False, help="The four promises in five minutes, on this machine.")

_TITLE = Phrase(
    "Tierce : les quatre promesses en cinq minutes. Tout le monde est inventé.\n"
    "(In English: --lang en. Options: --help.)",
    "Tierce: the four promises in five minutes. Everybody is invented.\n(En français : --lang fr. Options : --help.)",
)
_NO_GATE = Phrase("un portail sans garde, pour comparer", "a portal without a gate, to compare with")
_READY = Phrase("Prêt en {seconds:.0f} s.", "Ready in {seconds:.0f} s.")
_FAILED = Phrase("La démonstration a échoué", "The demonstration failed")
_NOBODY = Phrase(
    "personne n’est au clavier ; ajoutez --once, ou lancez-la dans un terminal",
    "nobody is at the keyboard: add --once, or start it in a terminal",
)
_STOPPED = Phrase("\n  Arrêté : plus rien ne tourne.", "\n  Stopped: nothing runs any more.")
_LOGS = Phrase("Les journaux des processus sont dans", "The logs of the processes are in")
_DONE = Phrase(
    "Les six temps ont montré ce qu’ils devaient, en {seconds:.0f} s. Images : {shots}",
    "The six beats showed what they must, in {seconds:.0f} s. Pictures: {shots}",
)


@app.command(epilog="Exemples / examples:\n\n  tierce demo\n\n  tierce demo --once --lang en --json -")
def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Sans personne, tout vérifier. / Unattended, checked.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Garder la base à la fin. / Keep the database.")] = False,
    home: Annotated[Path, typer.Option(help="Dossier de l’installation. / Folder.")] = Path("var/demo"),
    lang: Annotated[Language | None, typer.Option(help="fr, en ; selon LANG. / By LANG when left out.")] = None,
    json: Json = "",
    picture: Annotated[Path | None, typer.Option(help="Image SVG du terminal. / The terminal as SVG.")] = None,
) -> None:
    """Les quatre promesses, sur cette machine. / The four promises, on this machine."""
    language = lang or spoken()
    console = Console(stderr=True) if picture is None else recording_console()
    steps = Steps(console, language, spinning=not once and picture is None)
    signal.signal(signal.SIGTERM, _leave)
    if not once and not sys.stdin.isatty():
        _fail(steps, DemoError(_NOBODY[language]), None)
    began = time.perf_counter()
    try:
        steps.say(_TITLE, "bold")
        with ExitStack() as stack:
            stage = stack.enter_context(open_stage(home, steps, persons=PERSONS, keep=keep))
            with steps.step(_NO_GATE):
                start_unprotected(stack, stage)
            ready = time.perf_counter() - began
            steps.say(_READY[language].format(seconds=ready))
            result, paid = _play(stage, steps, SystemClock(), once=once)
    except (KeyboardInterrupt, EOFError):  # Ctrl-C, or Ctrl-D where Enter is waited for
        steps.say(_STOPPED)
        raise typer.Exit(130) from None
    except TierceError as error:
        _fail(steps, error, home)
    if not once:
        steps.say(_STOPPED)
    else:
        whole = time.perf_counter() - began
        steps.say(_DONE[language].format(seconds=whole, shots=home / "shots"), "bold")
    if picture is not None:
        save_picture(console, picture)
    if json == "-":
        seconds = {"ready_seconds": round(ready, 1), "whole_seconds": round(time.perf_counter() - began, 1)}
        typer.echo(msgspec.json.encode({**seconds, **result.as_json(), **paid.as_json()}))


def _play(stage: Stage, steps: Steps, clock: Clock, *, once: bool) -> tuple[Result, Paid]:
    attack = Attack(TRIES)
    if not once:
        return guide.play(stage, steps, attack, clock)
    # The browser is asked for here alone: a person brings her own.
    unattended = importlib.import_module("tierce.lab.demo.unattended")
    result: Result
    paid: Paid
    result, paid = asyncio.run(unattended.play(stage, steps, attack, clock))
    steps.say(f"{told(result, steps.language)}\n{paid.told(steps.language)}")
    return result, paid


def spoken() -> Language:
    """French, unless the machine speaks another language."""
    spoken = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    other = spoken and not spoken.startswith(("fr", "C", "POSIX"))
    return Language.EN if other else Language.FR


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """Stop as Ctrl-C does, so that everything that runs is stopped."""
    raise KeyboardInterrupt


def _fail(steps: Steps, error: TierceError, home: Path | None) -> NoReturn:
    steps.say(f"\n✗ {_FAILED[steps.language]}: {error}", "bold")
    if home is not None:
        steps.say(f"  {_LOGS[steps.language]} {home / 'logs'}")
    raise typer.Exit(1)
