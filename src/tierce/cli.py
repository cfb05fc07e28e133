"""The root of the `tierce` command; each sub-command is imported only when it is run.

A package that has commands offers a Typer application named ``app`` in the module listed below.
A group with a single command (``tierce feed rights``) needs an ``@app.callback()``, or Typer makes
that command the whole application.
"""

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import typer
from typer.core import TyperCommand, TyperGroup

from tierce import __version__

_COMMANDS: Final = {
    "demo": (
        "tierce.lab.demo.commands",
        "Les quatre promesses, sur cette machine. / The four promises, on this machine.",
    ),
    "drill": (
        "tierce.lab.drill.commands",
        "Un vol chez deux opérateurs, jusqu’aux lettres. / A theft at two operators, until letters.",
    ),
    "serve": (
        "tierce.web.commands",
        "Lancer la plateforme, ou un seul processus. / Run the platform, or one process.",
    ),
    "upkeep": ("tierce.upkeep.commands", "Clés et base d’une installation. / Keys and database of an installation."),
    "health": ("tierce.upkeep.health.commands", "État des processus, et chiffres. / How each process is; figures."),
    "doctor": (
        "tierce.upkeep.doctor.commands",
        "Ce qui ne va pas, et comment le réparer. / What is wrong, and how to mend it.",
    ),
    "backup": (
        "tierce.upkeep.backup.commands",
        "Sauvegarder la base, et les clés à part. / Back up the database, and the keys apart.",
    ),
    "restore": (
        "tierce.upkeep.backup.restoring",
        "Ramener une sauvegarde, tenue au journal. / Bring a backup back, held to the journal.",
    ),
    "upgrade": (
        "tierce.upkeep.upgrade.commands",
        "Mettre la base à cette version. / Bring the database to this version.",
    ),
    "keys": ("tierce.upkeep.rotation.commands", "Remplacer clés et mots de passe. / Replace keys and passwords."),
    "controls": (
        "tierce.upkeep.controls",
        "Mesures promises, et ce qui les tient. / Promised measures, and what holds them.",
    ),
    "retention": (
        "tierce.upkeep.retention.commands",
        "Retirer ce qui a fait son temps. / Remove what is past its duration.",
    ),
    "presence": (
        "tierce.upkeep.presence",
        "Qui signe les cartes, qui rapporte des présences. / Who signs cards, who reports presence.",
    ),
    "feed": ("tierce.feeds.commands", "Prendre les fichiers des organismes et de l’annuaire. / Take in files."),
    "price": ("tierce.upkeep.price", "Ce qu’une formule paie d’une ligne. / What a product pays for one line."),
    "remote": (
        "tierce.upkeep.remote",
        "Organismes qui tiennent eux-mêmes leurs assurés. / Insurers that keep their people themselves.",
    ),
    "contract": (
        "tierce.upkeep.contract.commands",
        "Fin de contrat d’un organisme. / The end of an insurer's contract.",
    ),
    "software": (
        "tierce.feeds.software.commands",
        "Logiciels d’éditeurs reliés à l’API. / Vendor software that connects to the API.",
    ),
    "directory": ("tierce.upkeep.clients", "Clients, remplaçants, histoire. / Clients, substitutes, history."),
    "staff": (
        "tierce.upkeep.staff",
        "Sessions des agents : les voir, les fermer. / Sessions of staff: see and end them.",
    ),
    "scope": ("tierce.scope.commands", "Qui a été exposé, à quoi, quand. / Who was exposed, to what, when."),
    "incident": (
        "tierce.upkeep.incident",
        "Les incidents et leur dossier de preuves. / Incidents and their evidence pack.",
    ),
    "notice": (
        "tierce.upkeep.notice.commands",
        "Prévenir les organismes et les personnes. / Tell insurers and people.",
    ),
    "billing": (
        "tierce.upkeep.billing",
        "Factures et comptes bancaires. / Invoices and bank accounts.",
    ),
    "journal": (
        "tierce.journal.commands",
        "Vérifier le journal, prouver ses lignes. / Verify the journal, prove its entries.",
    ),
    "witness": (
        "tierce.journal.witness.commands",
        "Vérifier qu’un journal ne fait que croître. / Check that a log only grows; cosign it.",
    ),
    "ladder": (
        "tierce.upkeep.ladder",
        "Fermer une partie du service, rouvrir. / Close a part of the service, open it again.",
    ),
    "alerts": (
        "tierce.upkeep.alerts",
        "Les opérateurs dont les alertes sont reçues. / Operators whose alerts are taken in.",
    ),
    "decoys": (
        "tierce.upkeep.decoys",
        "Bénéficiaires inventés, témoins d’une liste volée. / Invented people that betray a stolen list.",
    ),
    "status-page": ("tierce.upkeep.status", "Écrire la page d’état. / Write the status page."),
    "deposits": ("tierce.upkeep.deposits", "Les dépôts faits pendant une fermeture. / Deposits left while closed."),
    "policy": ("tierce.gate.commands", "La politique en vigueur. / The policy in force."),
    "lab": (
        "tierce.lab.commands",
        "Le laboratoire : pays inventé, attaques. / The laboratory: invented country, attacks.",
    ),
    "bench": ("tierce.lab.bench.commands", "Mesurer sur cette machine. / Measure on this machine."),
}

_ALONE: Final[Mapping[tuple[str, ...], str]] = {
    ("lab", "standins"): "tierce.lab.standins.commands",
    ("lab", "portal2024"): "tierce.lab.standins.portal2024",
}
"""Servers that each demonstration starts: they import what they serve, and nothing else of their group."""

REFUSED: Final = 2
STOPPED: Final = 130
"""As a shell says of what Ctrl-C ended."""
_AGAIN: Final = (
    "interrompu : ce qui était confirmé est gardé, le reste n’est pas fait ; relancez la même commande / "
    "stopped: what was committed is kept, the rest is not done; run the same command again"
)
"""Every command can be run again: what is long goes on from its last commit, what is short begins again."""
_SAID: Final = ("tierce", "tierce demo")
"""Nothing more to say once stopped: the command within has said it, or leaves nothing to go on from."""
_PANELS: Final = {
    "Découvrir / See it": ("demo", "drill"),
    "Faire tourner / Run it": (
        "serve", "health", "doctor", "status-page", "upkeep", "upgrade", "backup", "restore", "keys", "retention",
        "staff",
    ),
    "Prendre et relier / Take in and connect": ("feed", "contract", "remote", "directory", "software", "presence"),
    "Payer / Pay": ("billing", "price"),
    "Protéger / Protect": ("ladder", "deposits", "alerts", "decoys", "policy", "controls"),
    "Incident": ("scope", "incident", "notice"),
    "Journal": ("journal", "witness"),
    "Construire / Develop": ("lab", "bench"),
}  # fmt: skip
"""Every command, in the order in which somebody needs them."""

app = typer.Typer(
    name="tierce",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # a local variable may hold what no terminal should show
    help="Tiers payant qu’une identité volée ne vide pas. / Tiers payant that a stolen identity cannot drain.",
)


def _is_installed(module: str) -> bool:
    """Tell whether the module can be found; the lab is left out of an operator's installation."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _opener(name: str, module: str) -> Callable[[typer.Context], None]:
    """Make the command that imports the module's application and hands it every argument."""

    def open_command(ctx: typer.Context) -> None:
        alone = _ALONE.get((name, *ctx.args[:1]))
        words, rest = ([name], ctx.args) if alone is None else ([name, ctx.args[0]], ctx.args[1:])
        application = importlib.import_module(alone or module).app
        raise typer.Exit(_run(application, rest, " ".join(["tierce", *words])))

    return open_command


def _run(application: typer.Typer, arguments: list[str], named: str) -> int:
    """Run one command and say in both languages why it ends otherwise than well; never a traceback for a refusal.

    What a command foresees it says itself; here is what else there is: arguments that do not read, a keyboard that
    stops it, a disk or a database that fails where it does not expect it. The rest is a fault of ours, shown whole.
    """
    command = typer.main.get_command(application)
    assert isinstance(command, TyperCommand | TyperGroup)
    if not arguments or "--help" in arguments:
        _frame_in_french(command)
    try:
        ended = command(args=arguments, prog_name=named, standalone_mode=False)
    except typer.TyperException as error:
        if error.__class__.__name__ == "NoArgsIsHelpError":  # its text is the whole help
            typer.echo(error.format_message(), err=True)
        else:
            said = error.format_message()
            typer.echo(f"✗ {in_french(said)} / {said}\n  → {_where(error, named)} --help", err=True)
        return error.exit_code
    except typer.Abort:
        typer.echo("✗ interrompu : rien n’a été confirmé / stopped: nothing was confirmed", err=True)
        return STOPPED
    except Exception as error:
        told = _foreseen(error)
        if told is None:
            raise
        typer.echo(f"✗ {told}", err=True)
        return REFUSED
    if ended == STOPPED and named not in _SAID:
        typer.echo(f"✗ {_AGAIN}", err=True)
    return ended if isinstance(ended, int) else 0


def _frame_in_french(command: TyperCommand | TyperGroup) -> None:
    """Have the frame of a help, which Typer words in English alone, say both; the sentences in it are ours."""
    from typer import rich_utils

    for one in _with_all_below(command):
        if (asked := one.get_help_option(typer.Context(one))) is not None:
            asked.help = "Cette aide. / This help."

    rich_utils.COMMANDS_PANEL_TITLE = "Commandes / Commands"
    rich_utils.REQUIRED_LONG_STRING = "[à donner / required]"
    rich_utils.DEFAULT_STRING = "[sinon / default: {}]"
    rich_utils.ENVVAR_STRING = "[variable / env var: {}]"


def _with_all_below(command: TyperCommand | TyperGroup) -> Iterator[TyperCommand | TyperGroup]:
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from _with_all_below(below)


def _foreseen(error: Exception) -> str | None:
    """What to say of a refusal, a disk or a database; None of a fault of ours."""
    from psycopg import Error as DatabaseError

    from tierce.kernel.errors import TierceError
    from tierce.storage.said import said

    return said(error) if isinstance(error, TierceError | OSError | DatabaseError) else None


def _where(error: typer.TyperException, named: str) -> str:
    """The command whose help tells more."""
    context = getattr(error, "ctx", None)
    return context.command_path if context is not None else named


_VALUE: Final = re.compile(r"Invalid value(?: for (?P<field>.+?))?: (?P<why>.+)", re.S)
_USAGE: Final = (
    (r"Missing (?:option|argument|parameter) (.+?)\.(?: .*)?", "il manque {0}"),
    (r"No such option: (\S+)(.*)", "option inconnue : {0}"),
    (r"No such command (.+?)\.(.*)", "commande inconnue : {0}"),
    (r"Option (.+) requires .+", "l’option {0} attend une valeur"),
    (r"Option (.+) does not take a value\.", "l’option {0} n’attend pas de valeur"),
    (r"Got unexpected extra argument\(s\) \((.+)\)", "en trop : {0}"),
    (r"(?:file|dir(?:ectory)?|path) (.+) does not exist\.", "{0} n’existe pas"),
    (r"(?:file|path) (.+) is a dir(?:ectory)?\.", "{0} est un dossier : donnez un fichier"),
    (r"(?:dir(?:ectory)?|path) (.+) is a file\.", "{0} est un fichier : donnez un dossier"),
    (r"(?:file|dir(?:ectory)?|path) (.+) is not (?:readable|writable)\.", "{0} : accès refusé"),
    (r".+ is not a valid int(?:eger)?\.", "il faut un nombre entier"),
    (r".+ is not a valid float\.", "il faut un nombre"),
    (r"(.+) does not match the formats? .+", "{0} n’est pas une date, AAAA-MM-JJ"),
    (r".+ is not in the range x>=(.+)\.", "il faut {0} au moins"),
    (r".+ is not in the range x<=(.+)\.", "il faut {0} au plus"),
    (r".+ is not in the range (.+)<=x<=(.+)\.", "il faut de {0} à {1}"),
    (r".+ is not one of (.+?)\.?", "il faut l’un de : {0}"),
    (r"(.+?) / .+", "{0}"),  # a text of ours, which is in both languages
)


def in_french(said: str) -> str:
    """What Typer says in English of an argument, in French."""
    if found := _VALUE.fullmatch(said):
        why = in_french(found["why"])
        return f"{found['field']} : {why}" if found["field"] else why
    for pattern, french in _USAGE:
        if found := re.fullmatch(pattern, said, re.S | re.I):
            return french.format(*found.groups())
    return "valeur refusée"


@app.callback()
def root() -> None:
    """Keep the root a group even when a single command is installed."""


@app.command("version")
def version() -> None:
    """Dire la version. / Print the version."""
    typer.echo(__version__)


for _panel, _name in [(panel, name) for panel, names in _PANELS.items() for name in names]:
    _module, _help = _COMMANDS[_name]
    if _is_installed(_module):
        app.command(
            _name,
            help=_help,
            rich_help_panel=_panel,
            add_help_option=False,
            context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
        )(_opener(_name, _module))


def main(arguments: list[str] | None = None) -> None:
    """The `tierce` command; its arguments are those of the process when left out."""
    sys.exit(_run(app, sys.argv[1:] if arguments is None else arguments, "tierce"))


if __name__ == "__main__":
    main()
