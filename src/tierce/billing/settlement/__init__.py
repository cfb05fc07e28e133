"""What is due, paid by grouped transfers: gathered by insurer, approved by two people, filed once (docs/adr/0099)."""
