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
    "demo": ("tierce.lab.demo.commands", "The four promises in five minutes, on this machine."),
    "drill": ("tierce.lab.drill.commands", "A theft at two operators, then everything until letters, checked."),
    "serve": ("tierce.web.commands", "Run one process of the platform, or all of them together."),
    "upkeep": ("tierce.upkeep.commands", "Make keys, bring the database to this version."),
    "health": ("tierce.upkeep.health.commands", "How each process is; figures for a collector."),
    "doctor": ("tierce.upkeep.doctor.commands", "Say what is wrong with an installation, and how to mend it."),
    "backup": ("tierce.upkeep.backup.commands", "Back the database up, and the keys apart."),
    "restore": ("tierce.upkeep.backup.restoring", "Bring a backup back, and hold it to the journal."),
    "upgrade": ("tierce.upkeep.upgrade.commands", "Bring a database with data to this version."),
    "keys": ("tierce.upkeep.rotation.commands", "Replace keys and passwords."),
    "controls": ("tierce.upkeep.controls", "What was promised, what holds it, how it stands and stood."),
    "retention": ("tierce.upkeep.retention.commands", "Remove what is past its duration; print the table."),
    "presence": ("tierce.upkeep.presence", "Keys that sign dynamic cards, and peers who report presence."),
    "feed": ("tierce.feeds.commands", "Take in what insurers and public registers send."),
    "software": ("tierce.feeds.software.commands", "Register vendor software that connects to the API."),
    "directory": ("tierce.upkeep.clients", "Who is a client, who stands in for whom, who was where on a day."),
    "staff": ("tierce.upkeep.staff", "Sessions of the operator's own staff: which are open, end somebody's."),
    "scope": ("tierce.scope.commands", "Who was exposed, to what, when; another operator's indicators."),
    "incident": ("tierce.upkeep.incident", "An incident's evidence pack, for whoever inspects it without us."),
    "notice": ("tierce.upkeep.notice.commands", "Tell insurers: mandates, contacts lent, slices handed over."),
    "journal": ("tierce.journal.commands", "Verify the journal; print and check proofs of its entries."),
    "witness": ("tierce.journal.witness.commands", "Check that somebody's log only grows, and cosign it."),
    "ladder": ("tierce.upkeep.ladder", "Close a part of the service for a bounded time, and open it again."),
    "decoys": ("tierce.upkeep.decoys", "Invented beneficiaries, which tell where a stolen list comes from."),
    "status-page": ("tierce.upkeep.status", "Write the static status page."),
    "deposits": ("tierce.upkeep.deposits", "Deposits left while closed: insurers' choices, counts, resolution."),
    "policy": ("tierce.gate.commands", "Print the decision table, made by the rules themselves."),
    "lab": ("tierce.lab.commands", "Make the synthetic country and play against it."),
    "bench": ("tierce.lab.bench.commands", "Measure on this machine; the figures are those of this run."),
}

app = typer.Typer(
    name="tierce",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # a local variable may hold what no terminal should show
    help="Tierce: a tiers payant platform that a stolen identity cannot drain.",
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
    """Print the version and nothing else."""
    typer.echo(__version__)


for _name, (_module, _help) in _COMMANDS.items():
    if _is_installed(_module):
        app.command(
            _name,
            help=_help,
            add_help_option=False,
            context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
        )(_opener(_name, _module))

if __name__ == "__main__":
    app()
