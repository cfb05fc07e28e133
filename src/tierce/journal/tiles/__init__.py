"""The tree's hashes as static files, after C2SP `tlog-tiles`: what is published, and what proofs are made from.

`layout` says which file holds what, `edge` grows the tree, `folder` keeps the files, `tree` reads proofs out of them.
"""
