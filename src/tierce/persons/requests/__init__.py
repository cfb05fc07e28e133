"""What a person asks of the operator, and what staff answer: reports "it was not me", access, correction, erasure."""
