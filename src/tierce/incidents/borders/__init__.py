"""Whether people of an incident live in other member states, and which authority leads: a person's answer."""
