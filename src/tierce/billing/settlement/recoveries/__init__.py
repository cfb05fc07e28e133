"""Recoveries: what was paid of an invoice and is not due, taken from next transfers once two people said so."""
