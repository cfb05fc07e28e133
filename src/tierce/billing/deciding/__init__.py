"""What an insurer pays of each invoice: decided apart from where it was sent, by process `billing`."""
