"""What an insurer pays for one invoiced line, by dated tables that the operator and its insurers send."""
