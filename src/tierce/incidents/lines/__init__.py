"""Journal lines as staff read them: who asked, where, what came of it, and never about whom."""
