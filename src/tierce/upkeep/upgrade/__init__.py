"""Bringing a database with data to this version of the program."""
