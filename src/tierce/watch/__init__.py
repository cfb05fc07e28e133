"""What looks at the journal's new lines and moves the ladder by itself, for a bounded time."""
