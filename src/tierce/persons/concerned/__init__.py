"""« Suis-je concerné ? »: answered in a person's own space alone, with one shape for every answer."""
