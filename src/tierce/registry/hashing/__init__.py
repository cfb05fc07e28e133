"""Keyed indexes of whole chunks."""
