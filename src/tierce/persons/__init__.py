"""A person's own space: who asked about her, what was shown, and "it was not me"."""
