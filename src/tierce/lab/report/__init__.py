"""The report of a run: one page a language, with its drain curve; it loads nothing."""
