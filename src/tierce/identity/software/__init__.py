"""The register of vendor software that may exchange its users' sign-ins for sessions."""
