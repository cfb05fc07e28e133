"""The demonstration: the four promises on one machine, over real HTTP, with figures measured in the run itself."""
