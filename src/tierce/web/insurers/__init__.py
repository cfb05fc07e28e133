"""The insurers' site: an insurer's staff read counts of their own people and what became of their own files."""
