"""The operator's hand on the register of vendor software."""
