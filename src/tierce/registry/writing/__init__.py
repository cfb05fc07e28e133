"""Sealing and writing of whole chunks."""
