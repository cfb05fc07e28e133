"""Words that every package may use: identifiers, clock, categories, care, NIR. Imports nothing of ours."""
