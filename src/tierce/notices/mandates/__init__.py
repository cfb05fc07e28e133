"""Who writes to an insurer's people: a written mandate, with its paper and its dates."""
