"""Assistants of a professional: named for one place until a day, signing in with a passkey of their own."""
