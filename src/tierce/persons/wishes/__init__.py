"""Told by e-mail at a first look-up: off until she asks for it and proves her address; one button ends it."""
