"""The cohorts of a list of people exposed: who shares data, controller and message; each counted exactly."""
