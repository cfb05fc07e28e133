"""Proof that a person was there: dynamic card, her own word, reports of peers, verifiers plugged in."""
