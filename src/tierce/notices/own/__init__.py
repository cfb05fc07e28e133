"""E-mails to a professional of what is done in her name: where her place is paid, and who gets in."""
