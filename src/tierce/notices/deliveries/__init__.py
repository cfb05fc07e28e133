"""Messages leave and letters are printed: once each, through crashes; what came of each is a step that stays."""
