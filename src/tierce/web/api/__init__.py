"""The API: the only process that asks the gate."""
