"""Whom the operator writes to after an incident: frozen, with a digest, and counts that add up."""
