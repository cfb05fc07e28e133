"""One person who can be nobody, for tests that need an identifier in clear."""

from tierce.kernel.nir import nir_key

_BODY = "1800103955001"
SYNTHETIC_NIR = f"{_BODY}{nir_key(_BODY):02d}"
"""A man born in January 1980 in a commune number never assigned."""
