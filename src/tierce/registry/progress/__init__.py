"""How far an import has come, what it refused and what it puts off."""
