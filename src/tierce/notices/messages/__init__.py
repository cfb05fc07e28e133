"""What the messages of an incident say: facts frozen with a digest, every text made from them; who approved it."""
