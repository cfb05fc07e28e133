"""Insurers that keep their people themselves: asked on the way, between two commits."""
