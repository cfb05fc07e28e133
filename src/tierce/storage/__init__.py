"""PostgreSQL, keys and sealing. Only store.py modules and the wiring of a process import this package."""
