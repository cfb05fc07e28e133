"""Taking the directory in from files: the national extraction, FINESS, and the operator's own."""
