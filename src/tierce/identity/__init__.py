"""Who is asking: sign-in, browser keys, sessions. Only a professional's own sign-in makes a Caller."""
