"""`python -m tierce`: the same as the `tierce` command."""

from tierce.cli import app

if __name__ == "__main__":
    app(prog_name="tierce")
