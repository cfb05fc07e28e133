"""Scenarios played over seeds and processes, and their figures."""
