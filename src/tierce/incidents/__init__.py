"""Breach handling: from criteria and journal to the exact list of people exposed, reproducible by anybody."""
