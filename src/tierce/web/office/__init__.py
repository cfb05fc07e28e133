"""The office: what the operator's staff see and do, on the internal network."""
