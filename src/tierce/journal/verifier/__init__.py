"""The independent reader of the journal: it shares no code with what writes."""
