"""Contact data that an insurer lends for one incident: sealed apart, read to write to people, then deleted."""
