"""Insurers, products, persons and coverage, and the feeds that bring them in."""
