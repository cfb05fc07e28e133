"""The letters and messages that were sent to her after an incident, in the very words that were sent."""
