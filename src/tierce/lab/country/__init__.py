"""The synthetic country: invented insurers, families and professionals, the same for the same seed."""
