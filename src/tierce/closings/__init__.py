"""Closing a part of the service for a bounded time, seeing who is hindered before, and opening it again."""
