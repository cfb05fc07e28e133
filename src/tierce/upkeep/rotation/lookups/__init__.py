"""Look-up keys replaced by a further layer over what is stored (docs/adr/0120)."""
