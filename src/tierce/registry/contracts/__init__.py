"""Which insurer has which profession, establishment or professional under contract, by domain and dates."""
