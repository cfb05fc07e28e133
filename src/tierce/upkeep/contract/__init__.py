"""The end of an insurer's contract: no more files, then its records and its keys deleted, with a certificate."""
