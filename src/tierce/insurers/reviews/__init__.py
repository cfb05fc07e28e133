"""Requests for agreements that an insurer's own people review: listed, read, granted or refused. Nobody is named."""
