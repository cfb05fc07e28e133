"""Open sessions of the operator's own staff, listed and ended by whoever is on call."""
