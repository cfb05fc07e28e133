"""The scope of a journal, computed in columns."""
