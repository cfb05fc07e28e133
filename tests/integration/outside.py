"""Small readers in Go, compiled from Debian's sources alone: nothing is downloaded."""

import os
import shutil
import subprocess
from pathlib import Path

SOURCES = Path(__file__).parents[1] / "outside/go"
MODULES = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")


def built(name: str, home: Path) -> Path:
    """The program of one source file, compiled in `home`."""
    compiler = shutil.which("go")
    assert compiler is not None, "`./dev test` installs Debian's golang-go"
    assert MODULES.is_dir(), "`./dev test` installs Debian's golang-golang-x-mod-dev"
    program = home / name
    offline = {
        "GO111MODULE": "off",
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOPATH": f"{home}:/usr/share/gocode",
        "GOCACHE": str(home / "cache"),
        "HOME": str(home),
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        [compiler, "build", "-o", str(program), str(SOURCES / f"{name}.go")],
        env=offline,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip - one call
    assert done.returncode == 0, done.stderr
    return program
