"""Documents declared for agreements of an insurer's own people: kinds, days, digests; no place, and nobody."""
