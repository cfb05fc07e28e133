"""What one insurer's staff may know: counts of their own people, and what became of their own files."""
