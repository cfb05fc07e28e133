"""Whether each process lives and could serve, and the installation's figures, by command."""
