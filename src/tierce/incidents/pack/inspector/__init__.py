"""What goes into each pack for whoever opens it: how to check, and the script that does."""
