"""Composition: how each process is put together from settings, explicitly, one module a process."""
