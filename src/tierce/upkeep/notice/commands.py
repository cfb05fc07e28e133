"""`tierce notice`: mandates, contact data lent, slices handed over."""

import typer

from tierce.upkeep.notice import mandates

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Prévenir les organismes et les personnes. / Tell insurers and people.",
)


@app.callback()
def notice() -> None:
    """Prévenir les organismes et les personnes. / Tell insurers and people."""


app.add_typer(mandates.app, name="mandate")
