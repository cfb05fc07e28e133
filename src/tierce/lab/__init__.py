"""The laboratory: a synthetic country, attackers and measurements. Never in an operator's installation."""
