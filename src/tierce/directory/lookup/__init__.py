"""Finding somebody or some place of the directory by a name or a number."""
