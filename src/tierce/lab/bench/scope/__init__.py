"""How long a scope takes, beside the bare engine."""
