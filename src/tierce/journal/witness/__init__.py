"""Witnesses: somebody else, an insurer say, who checks that the log only grows, and cosigns its checkpoints.

After C2SP `tlog-witness` and `tlog-cosignature`. `cosignature` is the signature, `service` what a witness remembers
and refuses, `server` its one address, `feeding` how the worker asks it.
"""
