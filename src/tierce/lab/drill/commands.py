"""`tierce drill`: a theft between two operators, then everything until each person is told, timed and checked."""

import signal
from pathlib import Path
from types import FrameType
from typing import Annotated, Final, NoReturn

import msgspec
import psycopg
import typer
from rich.console import Console

from tierce.kernel.errors import FieldError, TierceError
from tierce.kernel.language import Language, Phrase
from tierce.lab.demo.commands import spoken
from tierce.lab.demo.steps import Steps
from tierce.lab.drill import kept
from tierce.lab.drill.play import play
from tierce.lab.drill.result import stages, table
from tierce.storage.command_line import Json

PEOPLE: Final = 200
REPORT: Final = "report.json"

app = typer.Typer(add_completion=False)
_EPILOG = """
Exemples / examples:

  tierce drill

  tierce drill --keep /tmp/exercice --lang en

  tierce drill --people 2000 --json -

Sortie / exit: 0 tout tient / everything holds; 1 un écart ou un échec / a difference or a failure; 2 une option ne
peut pas être prise / an option cannot be taken; 130 interrompu, tout est arrêté / interrupted, all is stopped.
"""
_RIGHT = Phrase(
    "✓ Tout ce qui a été lu est retrouvé, rien d’autre, et chacun est prévenu une fois.",
    "✓ Everything that was read is found, nothing else, and each person is told once.",
)
_WRONG = Phrase(
    "✗ L’exercice a trouvé un écart : voyez le tableau.", "✗ The drill found a difference: see the table."
)
_STOPPING = Phrase("Arrêt : tout ce qui a été lancé est arrêté…", "Stopping everything that was started…")
_KEPT = Phrase("Ce que l’exercice laisse, et la suite :", "What the drill leaves, and what to do next:")
_LOGS = Phrase("Les journaux des processus sont dans {logs}", "The logs of the processes are in {logs}")
_TITLE = Phrase(
    "D’un vol d’identité aux lettres, chez deux opérateurs. Tout le monde ici est inventé.",
    "From a stolen identity to letters, at two operators. Everybody in it is invented.",
)


@app.command(epilog=_EPILOG)
def drill(
    *,
    people: Annotated[int, typer.Option(min=1, max=1_000_000, help="Personnes lues. / People read.")] = PEOPLE,
    keep: Annotated[
        Path, typer.Option(help="Dossier où laisser lettres, boîte, fichiers. / Folder that keeps the results.")
    ] = Path("var/exercice"),
    home: Annotated[Path, typer.Option(help="Dossier de l’installation. / Folder.")] = Path("var/drill"),
    seed: Annotated[int, typer.Option(help="Graine du tirage. / Of what is drawn.")] = 1,
    lang: Annotated[Language | None, typer.Option(help="fr, en ; selon LANG. / By LANG when left out.")] = None,
    json: Json = "",
) -> None:
    """Un vol chez deux opérateurs, puis tout jusqu’aux lettres. / A theft at two operators, then everything."""
    language = lang or spoken()
    steps = Steps(Console(stderr=True), language, spinning=True)
    folder = keep.absolute()
    try:
        kept.check_room(home, people)
        kept.prepare(folder)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _leave)
        steps.say(_TITLE, "bold")
        report, words = play(home.absolute(), folder, people, seed, steps)
    except KeyboardInterrupt:
        steps.say(_STOPPING, "bold")
        raise typer.Exit(130) from None
    except FieldError as error:
        steps.say(f"✗ {error.field} : {error.reason[language]} {error.remedy[language]}", "bold")
        raise typer.Exit(2) from None
    except (TierceError, OSError, psycopg.Error) as error:
        _fail(steps, error, home)
    written = msgspec.json.encode(report)
    (folder / REPORT).write_bytes(msgspec.json.format(written) + b"\n")
    steps.console.print(stages(report, words, language))
    steps.console.print(table(report, language))
    steps.say(_KEPT, "bold")
    steps.say(kept.where(folder, language))
    steps.say("")
    if json == "-":
        typer.echo(written.decode())
    steps.say(_RIGHT if report.good else _WRONG, "bold")
    raise typer.Exit(0 if report.good else 1)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """Stop once; asking again while everything is being stopped leaves nothing half-stopped."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _fail(steps: Steps, error: Exception, home: Path) -> NoReturn:
    text = str(error).strip() or type(error).__name__
    steps.say(f"\n✗ {text}", "bold")
    steps.say(_LOGS[steps.language].format(logs=home / "logs"))
    raise typer.Exit(1) from None
