"""What a tired person decides next, and the counts of an incident that must add up."""
