"""The first proof that a key file is the database's: made where the file first serves."""
