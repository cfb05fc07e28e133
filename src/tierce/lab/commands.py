"""The `tierce lab` commands; each group keeps its own beside its code."""

from tierce.lab.country.commands import app

__all__ = ["app"]
