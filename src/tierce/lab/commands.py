"""The `tierce lab` commands; each group keeps its own beside its code."""

from tierce.lab.country.commands import app
from tierce.lab.standins.commands import app as standins_app
from tierce.lab.standins.portal2024 import portal2024

app.add_typer(standins_app, name="standins")
app.command("portal2024")(portal2024)

__all__ = ["app"]
