"""`tierce drill`: a theft between two operators, then the whole chain to letters, timed and held to ground truth."""
