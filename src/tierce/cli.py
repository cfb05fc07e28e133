"""The root of the `tierce` command; each sub-command is imported only when it is run.

A package that has commands offers a Typer application named ``app`` in the module listed below.
A group with a single command (``tierce feed rights``) needs an ``@app.callback()``, or Typer makes
that command the whole application.
"""

import importlib
import importlib.util
from collections.abc import Callable
from typing import Final

import typer

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

_PANELS: Final = {
    "Découvrir / See it": ("demo", "drill"),
    "Faire tourner / Run it": (
        "serve", "health", "doctor", "status-page", "upkeep", "upgrade", "backup", "restore", "keys", "retention",
        "staff",
    ),
    "Prendre et relier / Take in and connect": ("feed", "directory", "software", "presence"),
    "Protéger / Protect": ("ladder", "deposits", "decoys", "policy", "controls"),
    "Incident": ("scope", "incident", "notice"),
    "Journal": ("journal", "witness"),
    "Construire / Develop": ("lab", "bench"),
}  # fmt: skip
"""Thirty commands in the order in which somebody needs them."""

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
        sub_app: typer.Typer = importlib.import_module(module).app
        sub_app(args=ctx.args, prog_name=f"tierce {name}")

    return open_command


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

if __name__ == "__main__":
    app()
