"""Invoices that nothing decides: why, since when, and how two of the staff refuse one."""
