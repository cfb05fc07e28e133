"""The legal clocks of an incident: what runs, since when, until when, and what is late."""
