"""Alerts that we send: staff say one, the office signs one token for each operator, `peers` carries it."""
