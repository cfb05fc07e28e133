"""What insurers' cards print, and which insurer that leads to."""
