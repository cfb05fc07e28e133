"""Documents that a grant is subject to: declared by the place that keeps them, never held here."""
