"""What one insurer reads and does of an incident: its notice, its list, its report, its key."""
