"""Sessions of professionals read many at once, and remembered by whoever answers."""
