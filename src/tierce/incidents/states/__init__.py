"""Where an incident stands: one table of stages, each reached at its own time, by somebody, for a reason."""
