"""Runs PostgreSQL's own programs, those of the server's major version: another's may not read what it wrote."""

import errno
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Collection
from pathlib import Path

import psycopg

from tierce.storage.cluster import program_folders, version_of
from tierce.storage.database import Database
from tierce.upkeep.backup import store
from tierce.upkeep.backup.errors import BackupError

Progress = Callable[[int], None]
LOOK_SECONDS = 0.2
JOBS = 2
_IN_ENGLISH = {"LC_ALL": "C"}
"""For PostgreSQL's programs: what they say of a failure is read."""
_NO_ROOM = os.strerror(errno.ENOSPC)
_THERE = (_NO_ROOM, "Aucun espace disponible"), ("ERROR:", "ERREUR:")
"""What the server's own refusal has of a full disk; it speaks its own language."""
_CATALOG_GRANT = re.compile(r"^\d+; \d+ \d+ ACL pg_catalog ")
"""A line of `pg_restore --list`: what was granted or taken away on a function of PostgreSQL's own."""


def major_of(connection: psycopg.Connection) -> int:
    """The major version of a server: 15 for 15.18."""
    return connection.info.server_version // 10_000


def program(name: str, major: int) -> str:
    """Where a program of PostgreSQL is, of the server's own major version.

    An earlier one does not read a later server. A later one writes archives that the server's own cannot read, and
    says to an earlier server what that does not know: `pg_restore` 17 and later fail on 15 and 16.

    Raises:
        BackupError: there is none; the message says which package brings it.
    """
    on_path = shutil.which(name)
    places = [folder / name for folder in program_folders()] + ([Path(on_path)] if on_path else [])
    found = {version_of(place): str(place) for place in reversed(places) if place.exists()}
    if major in found:
        return found[major]
    others = ", ".join(str(version) for version in sorted(found) if version)
    msg = (
        f"{name} {major} est introuvable{f' (trouvé : {others})' if others else ''}, et le serveur est en {major} : "
        f"installez le paquet `postgresql-client-{major}` / "
        f"{name} {major} was not found{f' (found: {others})' if others else ''}, and the server is at {major}: "
        f"install the package `postgresql-client-{major}`"
    )
    raise BackupError(msg)


def dump(database: Database, admin: str, major: int, snapshot: str, to: Path, progress: Progress) -> None:
    """Write what one snapshot of the database shows into the folder `to`."""
    left_out = [f"--exclude-table-data={name}" for name in store.UNSAVED]
    command = [
        program("pg_dump", major),
        "--format=directory",
        f"--jobs={JOBS}",
        f"--snapshot={snapshot}",
        f"--file={to}",
        *left_out,
        *_where(database, admin),
    ]  # fmt: skip - a command line reads as one
    run_program(command, database, admin, to, progress)


def bring_back(database: Database, admin: str, major: int, folder: Path, progress: Progress) -> None:
    """Fill an empty database from a dump, but for what was granted on PostgreSQL's own functions.

    Those have other arguments in another version, so that a backup would come back on the version that it was taken
    on and on no other. `migrate` grants and takes away anew, by the names that the server has.
    """
    restoring = program("pg_restore", major)
    listed = subprocess.run(
        [restoring, "--list", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **_IN_ENGLISH},
    )
    if listed.returncode:
        raise BackupError(_failed("pg_restore", listed.stderr, listed.returncode))
    kept = [line for line in listed.stdout.splitlines() if not _CATALOG_GRANT.match(line)]
    # A file in memory: a restore that is killed leaves none behind.
    with os.fdopen(os.memfd_create("wanted.list"), "w", encoding="utf-8") as wanted:
        wanted.write("\n".join(kept) + "\n")
        wanted.flush()
        command = [
            restoring,
            "--exit-on-error",
            f"--jobs={JOBS}",
            f"--use-list=/proc/self/fd/{wanted.fileno()}",
            *_where(database, admin)[:-1],
            f"--dbname={database.name}",
            str(folder),
        ]  # fmt: skip - a command line reads as one
        run_program(command, database, admin, None, progress, handed=[wanted.fileno()])


def _where(database: Database, admin: str) -> list[str]:
    return [f"--host={database.host}", f"--port={database.port}", f"--username={admin}", database.name]


def run_program(
    command: list[str],
    database: Database,
    admin: str,
    growing: Path | None,
    progress: Progress,
    handed: Collection[int] = (),
) -> None:
    """Run a program of PostgreSQL with a role's password, and say in both languages that it failed.

    `handed` are the open files that it is given under the numbers that they have here.
    """
    password = (database.secrets / f"{admin}.password").read_text().strip()
    held = {f"PG{name.upper()}": value for name, value in database.verified().items()}
    with subprocess.Popen(
        command,
        env={**os.environ, **_IN_ENGLISH, "PGPASSWORD": password, **held},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=tuple(handed),
    ) as process:
        seen = 0
        try:
            while process.poll() is None:
                time.sleep(LOOK_SECONDS)
                if growing is not None and growing.is_dir():
                    size = sum(file.stat().st_size for file in growing.iterdir())
                    progress(size - seen)
                    seen = size
        except BaseException:
            process.kill()
            raise
        said = process.stderr.read().decode(errors="replace") if process.stderr else ""
    if process.returncode:
        raise BackupError(_failed(Path(command[0]).name, said, process.returncode))


def _failed(name: str, said: str, code: int) -> str:
    """That a program failed, by what it named: the rest of its words may hold what the database holds."""
    begins = f"{name}: error: "
    kinds = [line.removeprefix(begins).split(":")[0] for line in said.splitlines() if line.startswith(begins)]
    told = "; ".join(kinds[:2]) or code
    if any(all(any(word in line for word in words) for words in _THERE) for line in said.splitlines()):
        return (
            f"{name} a échoué ({told}), rien n’est gardé : plus de place sur le disque de PostgreSQL, faites-en, "
            f"puis recommencez / {name} failed ({told}), nothing was kept: no room is left on PostgreSQL's disk, "
            "make some, then run it again"
        )
    if _NO_ROOM in said:
        return (
            f"{name} a échoué ({told}), rien n’est gardé : plus de place sur le disque de ce dossier, faites-en, "
            f"puis recommencez / {name} failed ({told}), nothing was kept: no room is left on this folder's disk, "
            "make some, then run it again"
        )
    return (
        f"{name} a échoué ({told}), rien n’est gardé : voyez le disque et le journal de PostgreSQL / "
        f"{name} failed ({told}), nothing was kept: look at the disk's room and at PostgreSQL's log"
    )
