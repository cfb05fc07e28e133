"""`tierce notice`: mandates, contact data lent, slices handed over, messages to people."""

import typer

from tierce.upkeep.notice import mandates, messages

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Prévenir les organismes et les personnes. / Tell insurers and people.",
)


@app.callback()
def notice() -> None:
    """Prévenir les organismes et les personnes. / Tell insurers and people."""


app.add_typer(mandates.app, name="mandate")
for _command in messages.app.registered_commands:
    app.registered_commands.append(_command)
