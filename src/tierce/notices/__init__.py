"""What the law asks to be told, and to whom: the insurers' notices and each person's own letter."""
