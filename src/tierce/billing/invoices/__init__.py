"""Invoices that professionals send, read again and take back: each quotes what guarantees it, and names nobody."""
