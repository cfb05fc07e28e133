"""Measurements on this machine, each beside a reference taken in the same run; nothing here is a test of time."""
