"""`tierce policy`: print the decision table, made by the rules themselves."""

from typing import Annotated

import typer

from tierce.gate.matrix import render
from tierce.kernel.language import Language
from tierce.policy.digest import policy_text

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def root() -> None:
    """La politique en vigueur. / The policy in force."""


@app.command("show", epilog="Exemple / example:  tierce policy show --language en")
def show(language: Annotated[Language, typer.Option(help="fr, en.")] = Language.FR) -> None:
    """Qui obtient quoi, en Markdown. / Print who obtains what, in Markdown."""
    typer.echo(render(language), nl=False)


@app.command("text", epilog="Exemple / example:  tierce policy text | sha256sum")
def text() -> None:
    """Le texte dont chaque ligne du journal porte l’empreinte. / The text whose digest lines bear."""
    typer.echo(policy_text())
