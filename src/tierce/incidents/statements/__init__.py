"""What is said not to be concerned: of one cohort, on a proof that can be opened, and never without."""
