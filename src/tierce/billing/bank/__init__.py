"""Establishments' bank accounts: asked, told, waited for, confirmed by another way; sealed to `billing` alone."""
