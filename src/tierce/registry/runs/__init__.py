"""What became of each file taken in, as pages tell it: how far, counts, reasons of refusal; never a value."""
