"""The league table: the same thieves against limits as others publish them, and against our rule without a part."""
