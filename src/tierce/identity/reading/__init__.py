"""Reads the sessions of professionals, many at once, and remembers them in the process that answers."""
