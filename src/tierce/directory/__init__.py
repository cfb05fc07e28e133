"""Professionals, establishments and activities, as the open national directory tells them."""
