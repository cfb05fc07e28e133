"""What is promised of each agreement: decided apart from where it was asked for, by process `billing`."""
