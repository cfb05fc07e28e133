"""The `tierce lab` commands; each group keeps its own beside its code."""

from tierce.lab.country.commands import app
from tierce.lab.drill.matching import app as insurer_app
from tierce.lab.live.commands import app as live_app
from tierce.lab.runs.commands import app as runs_app
from tierce.lab.standins.commands import app as standins_app
from tierce.lab.standins.portal2024 import app as portal2024_app

app.registered_commands += (
    runs_app.registered_commands
    + live_app.registered_commands
    + insurer_app.registered_commands
    + portal2024_app.registered_commands
)
app.add_typer(standins_app, name="standins")

__all__ = ["app"]
