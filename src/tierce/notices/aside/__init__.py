"""What of messages was set aside: named without anybody, tried again or settled with a reason."""
