"""Care that professionals invoice: what insurers pay for it, and to which account."""
