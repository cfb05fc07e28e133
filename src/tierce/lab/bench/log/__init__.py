"""`tierce bench journal`: sequencing, proving and verifying, beside a bare reading that only hashes."""
