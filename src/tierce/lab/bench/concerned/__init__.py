"""`tierce bench concerned`: how many look-ups of « Suis-je concerné ? » a second, over a list of so many people."""
