"""Finished stretches of the journal, sealed into columns, bound to the tree, and read as one with the rest."""
