"""How an incident was handled, in counts and delays that name nobody: for whoever inspects the operator."""
