"""Professionals, establishments and activities: what public registers say of them, and which are clients."""
