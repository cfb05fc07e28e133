"""Everybody comes back in the same minute: what those who are in feel of it, and how long the last one waits."""
