"""Imported last by the process that every fork comes from: what any command loads, and a memory that stays shared.

A collection of garbage in a fork writes to every object that there is, and so copies the memory of all modules.
"""

import gc
from importlib import import_module

import_module("typer._adapters")  # imported by Typer itself as a command reads its arguments, with all of pydantic
gc.collect()
gc.freeze()
