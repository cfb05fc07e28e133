"""The bare COPY that an import is measured beside."""
