"""Prior agreements: asked of an insurer before the care. Each quotes an answer, and names nobody."""
