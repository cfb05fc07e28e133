"""An incident's next decision, for whoever is on call at night, and its counts, which must add up."""
