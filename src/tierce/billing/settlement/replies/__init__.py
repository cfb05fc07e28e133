"""What the bank replied: its status reports and statements are read, shown to staff, and counted as nobody's word."""
