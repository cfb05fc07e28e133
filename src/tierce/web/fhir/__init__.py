"""FHIR R4 in front of the same use cases as `/v1`: words are translated here, and nothing is decided."""
