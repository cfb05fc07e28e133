"""`tierce bench notices`: how fast notices are prepared; one small module for each part."""
