"""Finding people by keyed numbers."""
