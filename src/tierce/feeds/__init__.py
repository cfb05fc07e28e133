"""Taking files in: reading them line by line, importing them, noting it in the journal."""
