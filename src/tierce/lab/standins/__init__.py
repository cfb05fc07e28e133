"""Faithful stand-ins for outside services, for demonstration and tests; never in an operator's installation."""
