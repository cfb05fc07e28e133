"""Care invoiced in her name: what peers say of it, and what places sent to us; and "it was not me"."""
