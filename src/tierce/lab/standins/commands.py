"""`tierce lab standins`: the stand-in identity providers on this machine."""

import os
from pathlib import Path
from typing import Annotated

import typer
from granian import Granian
from granian.constants import Interfaces

from tierce.lab.standins.oidc import DIRECTORY_VARIABLE, PORT_VARIABLE
from tierce.lab.standins.provider import ProviderError, load_directory

app = typer.Typer(help="Stand-ins for outside identity providers, on this machine only.")


@app.callback(
    invoke_without_command=True,
    epilog="Exemple / example:  tierce lab standins --directory var/demo/standins.json --port 8090",
)
def standins(
    directory: Annotated[Path, typer.Option(help="JSON file of clients and invented identities.")],
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=1, max=65535)] = 8090,
) -> None:
    """Serve the three providers on 127.0.0.1 until stopped."""
    try:
        load_directory(directory.read_bytes())
    except (OSError, ProviderError) as error:
        typer.echo(f"{directory}: {error}", err=True)
        raise typer.Exit(2) from None
    os.environ[DIRECTORY_VARIABLE], os.environ[PORT_VARIABLE] = str(directory.resolve()), str(port)
    Granian(
        "tierce.lab.standins.oidc:from_environment",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=1,
        log_enabled=False,
    ).serve()
