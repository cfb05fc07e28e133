"""The `tierce lab` commands; each group keeps its own beside its code."""

from tierce.lab.country.commands import app
from tierce.lab.standins.commands import app as standins_app

app.add_typer(standins_app, name="standins")

__all__ = ["app"]
