"""The sites: each folder translates a protocol into a use case and back, and holds no rule of its own."""
