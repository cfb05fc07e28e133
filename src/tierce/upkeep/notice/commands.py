"""`tierce notice`: mandates, contact data lent, slices handed over, messages to people."""

import typer

from tierce.upkeep.notice import aside, chains, lending, mandates, messages, telling

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Prévenir les organismes et les personnes. / Tell insurers and people.",
)


@app.callback()
def notice() -> None:
    """Prévenir les organismes et les personnes. / Tell insurers and people."""


app.add_typer(mandates.app, name="mandate")
app.add_typer(chains.app, name="chain")
app.add_typer(aside.app, name="aside")
app.command(
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce notice run --settings tierce.toml"
        "\n\n  tierce notice run --settings tierce.toml --once --json -"
    )
)(telling.run)
app.command("lending-key", epilog="Exemple / example:  tierce notice lending-key --settings tierce.toml")(
    lending.lending_key
)
app.command(
    epilog=(
        "Exemple / example:"
        "\n\n  tierce notice lend 99100001.csv.age --insurer 99100001 --incident 5 --settings tierce.toml"
        "\n\nSortie / exit: 0 tout est pris / all taken, 1 des lignes laissées / lines left, 2 rien / nothing."
    )
)(lending.lend)
app.command(
    epilog="Exemple / example:  tierce notice forget-contacts --incident 5 --into certificats --settings tierce.toml"
)(lending.forget_contacts)
for _command in messages.app.registered_commands:
    app.registered_commands.append(_command)
