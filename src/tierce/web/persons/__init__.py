"""The persons' space: what a person covered sees of herself, and of nobody else."""
