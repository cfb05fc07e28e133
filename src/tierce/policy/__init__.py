"""Every security decision of Tierce, as tables to read and pure functions."""
