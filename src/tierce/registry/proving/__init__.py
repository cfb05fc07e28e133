"""The first proof that a look-up key file is the database's: made where the file first serves."""
