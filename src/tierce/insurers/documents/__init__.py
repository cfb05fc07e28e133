"""Documents declared for agreements of an insurer's own people: kinds, days, digests. Nobody and no place is named."""
