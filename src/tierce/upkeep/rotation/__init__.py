"""Keys and passwords replaced by command: each can be stopped at any step and run again, while everybody goes on."""
