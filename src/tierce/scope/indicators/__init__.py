"""Another operator's indicators, answered line by line: touched, not touched, cannot tell; signed, nobody in it."""
