"""Requests of persons that were sent on to one insurer: seen, opened and answered on its own site."""
