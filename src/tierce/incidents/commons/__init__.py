"""Lines and pools that many share, as staff see them: how full, and who fills them."""
