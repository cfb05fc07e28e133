"""Care that peers say was invoiced in her name, whether anybody had asked about her or not; and "it was not me"."""
