"""`tierce notice`: what the operator does, by command, to tell insurers and people of an incident."""
