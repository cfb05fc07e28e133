"""A professional's new device goes on with the places of one she already uses."""
