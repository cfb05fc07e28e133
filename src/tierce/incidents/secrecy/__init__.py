"""An authority asks that persons be told of an incident later: one member of staff writes it, another confirms."""
