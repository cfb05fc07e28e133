"""Backups of the database, and of the keys apart; bringing them back, and holding what came back to the journal."""
