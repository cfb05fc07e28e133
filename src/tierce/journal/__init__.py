"""The journal: every disclosure is written here, in a tamper-evident log, before it leaves.

`encoding` and `model` say what one entry is, `merkle`, `signing` and `note` what makes it evident that
an entry was changed, `store` and `service` keep the log in PostgreSQL, and `verifier` reads it back
without sharing any code with those who write. The specification is docs/reference/journal-entry-v1.md.
"""
