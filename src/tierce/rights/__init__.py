"""Rights look-up: is this person covered for this care, and under which engagement number."""
