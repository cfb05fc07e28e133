"""The register of controls: each promised measure, what holds it, who answers for it, how it stands today."""
