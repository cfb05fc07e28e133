"""The CNIL notification form: its fourteen sections as a typed schema, drafts, checks and differences."""
