"""Keys to which insurers' lists are encrypted, and the staff of the operator who vouch for them."""
