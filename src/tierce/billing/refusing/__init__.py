"""Invoices and agreements that nothing decides: why, since when, and how two of the staff refuse one."""
