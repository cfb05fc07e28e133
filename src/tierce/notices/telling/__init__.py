"""Telling insurers of a breach, GDPR article 33(2): whom to warn, in what order, until somebody acknowledges."""
