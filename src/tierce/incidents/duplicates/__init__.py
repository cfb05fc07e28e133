"""Two incidents that are one event: the second is closed as the first, and no clock starts later for it."""
