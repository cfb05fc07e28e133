"""The same attackers on a whole running platform, in a small country, beside their simulation."""
