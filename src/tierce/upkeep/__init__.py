"""What an operator does to an installation: make keys, bring the database to this version."""
