"""A list of a window that went on is made again once it is over, by the office's own process (ADR 0124)."""
