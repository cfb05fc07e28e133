"""Counts of audiences of millions, kept with their time: a page that counted them itself would be minutes away."""
