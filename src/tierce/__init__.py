"""Tierce: a tiers payant platform that a stolen identity cannot drain."""

__version__ = "0.1.0"
