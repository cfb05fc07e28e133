"""The register of breaches, GDPR article 33(5): every event, notified or not, in rows that nobody changes."""
