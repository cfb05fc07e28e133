"""One insurer's part of a list: counted, bound to its digest, handed over encrypted, reported back in counts."""
