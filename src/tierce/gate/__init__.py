"""The one door in front of every disclosure."""
