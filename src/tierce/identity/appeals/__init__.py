"""What holds a professional, in her own session, and what she says against it; nobody covered appears here."""
