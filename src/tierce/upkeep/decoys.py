"""`tierce decoys`: invented beneficiaries in one vendor's files, which tell where a stolen list comes from."""

import csv
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock, micros
from tierce.kernel.errors import FieldError, TierceError
from tierce.kernel.ids import staff_id
from tierce.kernel.language import Phrase
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.settings import load
from tierce.storage.keys import Keyring, Purpose
from tierce.watch import store

DECOYS_MAX = 10_000
_EPILOG = """
Exemple / example:

  tierce decoys plant leurres.csv --vendor 3 --note "fichier patients de mars" --settings tierce.toml

Le fichier commence par nir,birth_date,rank. Seuls sont acceptés des numéros qui ne sont ceux de personne.
The file begins with nir,birth_date,rank. Only numbers that can be nobody's are accepted.

Sortie / exit: 0 fait / done, 2 refusé, rien n’est posé / refused, nothing was planted.
"""

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Bénéficiaires inventés. / Invented beneficiaries."
)


@app.callback()
def _group() -> None:
    """Bénéficiaires inventés, propres à un éditeur. / Invented beneficiaries of one vendor's files."""


def _error(line: int, field: str, reason: tuple[str, str], remedy: tuple[str, str]) -> FieldError:
    return FieldError(f"{field} (ligne / line {line})", Phrase(*reason), Phrase(*remedy))


def read_decoys(path: Path) -> list[bytes]:
    """Read a file of decoys into canonical bytes.

    Raises:
        FieldError: naming line and field, never a value; a number that might be somebody's is refused.
    """
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                nir = Nir.parse(row.get("nir") or "")
                birth, rank = BirthDate.parse(row.get("birth_date") or ""), Rank.parse(row.get("rank") or "1")
            except FieldError as error:
                raise FieldError(f"{error.field} (ligne / line {number})", error.reason, error.remedy) from None
            if not nir.is_synthetic():
                raise _error(
                    number, "nir",
                    ("ce numéro pourrait être celui de quelqu’un.", "this number might be somebody's."),
                    ("Prenez une commune de naissance de 950 à 979.", "Use a commune of birth from 950 to 979."),
                )  # fmt: skip
            found.append(normalise(nir, birth, rank))
    if not 1 <= len(found) <= DECOYS_MAX or len(set(found)) < len(found):
        raise _error(
            1, "file",
            ("le fichier est vide, trop long, ou nomme deux fois le même.",
             "the file is empty, too long, or names one twice."),
            (f"Donnez de 1 à {DECOYS_MAX} leurres différents.", f"Give 1 to {DECOYS_MAX} different decoys."),
        )  # fmt: skip
    return found


@app.command(epilog=_EPILOG)
def plant(
    file: Annotated[Path, typer.Argument(help="CSV nir,birth_date,rank.")],
    *,
    vendor: Annotated[int, typer.Option(min=1, help="Éditeur. / Vendor.")],
    note: Annotated[str, typer.Option(help="Où ils sont laissés. / Where they are left.")],
    settings: Annotated[
        Path, typer.Option("--settings", envvar="TIERCE_SETTINGS", help="Réglages. / Settings file.")
    ],
) -> None:
    """Poser des leurres. / Plant decoys."""
    try:
        people = read_decoys(file)
        configured = load(settings)
        keyring = Keyring(configured.key_directory(), (Purpose.INDEX.value,))
        index, clock = keyring.hash(Purpose.INDEX), SystemClock()
        with configured.connection().connect("tierce_feed") as connection:
            appender = Appender.enrol(connection, "feed", keyring.instance("feed"))
            planted = store.plant(connection, [index.uuid(who) for who in people], vendor, note.strip(), clock.now())
            appender.write(
                connection,
                [
                    Entry(
                        kind=EntryKind.KEY_OR_POLICY_CHANGE,
                        act=Act.DECOYS_PLANT,
                        outcome=Outcome.DONE,
                        time_us=micros(clock.now()),
                        professional=staff_id("command:decoys"),
                        policy=policy_digest(),
                        reference=vendor,
                    )
                ],
            )
            connection.commit()
        typer.echo(f"{planted} leurres posés pour l’éditeur {vendor}. / decoys planted for vendor {vendor}.")
    except (TierceError, OSError, UnicodeDecodeError, psycopg.Error) as error:
        said = str(error) if isinstance(error, TierceError | OSError) else type(error).__name__
        typer.echo(f"✗ {said}", err=True)
        raise typer.Exit(2) from None
