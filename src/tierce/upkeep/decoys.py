"""`tierce decoys`: invented people in one vendor's files, which tell where a list comes from; sex-flipped twins."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from psycopg import Connection

from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock, micros
from tierce.kernel.errors import FieldError, TierceError
from tierce.kernel.ids import staff_id
from tierce.kernel.language import Phrase
from tierce.kernel.nir import BirthDate, Nir, Rank, nir_key, normalise
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.settings import Settings, load
from tierce.storage.command_line import SettingsFile
from tierce.storage.keys import Keyring, Purpose
from tierce.storage.lookup_keys import take_to_write
from tierce.storage.said import said
from tierce.watch import store
from tierce.watch.model import TWINS

DECOYS_MAX = 10_000
_EPILOG = """
Exemple / example:

  tierce decoys plant leurres.csv --vendor 3 --note "fichier patients de mars" --settings tierce.toml

Le fichier commence par nir,birth_date,rank. Seuls sont acceptés des numéros qui ne sont ceux de personne.
The file begins with nir,birth_date,rank. Only numbers that can be nobody's are accepted.

Sortie / exit: 0 fait / done, 2 refusé, rien n’est posé / refused, nothing was planted.
"""

_EPILOG_TWINS = """
Exemple / example:

  tierce decoys twins 99100001.csv --one-in 100 --note "fichier de novembre" --settings tierce.toml

Le fichier est celui de tierce feed rights : right_holder_nir, own_nir, birth_date, birth_rank.
The file is that of tierce feed rights: these columns at least.

Un numéro dont le premier chiffre dit l’autre sexe n’est celui de personne : qui le demande en essaie.
The number with the other sex's first digit is nobody's: asking for it betrays whoever tries numbers out.

Sans cette commande, aucun jumeau n’est posé. / Without this command no twin is planted.
"""
TWINS_AT_ONCE = 5_000
BORN_SINCE = 1950
"""Orders of birth were given otherwise before: whether such a twin is free is not known."""
_TWIN_COLUMNS = ("right_holder_nir", "own_nir", "birth_date", "birth_rank")
_TWIN_SEX = {"1": "2", "2": "1"}

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Bénéficiaires inventés. / Invented beneficiaries."
)


@app.callback()
def _group() -> None:
    """Bénéficiaires inventés, propres à un éditeur. / Invented beneficiaries of one vendor's files."""


def _error(line: int, field: str, reason: tuple[str, str], remedy: tuple[str, str]) -> FieldError:
    return FieldError(f"{field} (ligne / line {line})", Phrase(*reason), Phrase(*remedy))


@contextmanager
def _refusing() -> Iterator[None]:
    """Say in one line what was refused, and end with 2; nothing of what a file says is repeated."""
    try:
        yield
    except (TierceError, OSError, UnicodeDecodeError, psycopg.Error) as error:
        typer.echo(f"✗ {said(error)}", err=True)
        raise typer.Exit(2) from None


def _check_columns(names: Iterable[str] | None, needed: Sequence[str]) -> None:
    """Refuse a file whose header lacks a column: every line of it would be left out, in silence."""
    missing = ", ".join(name for name in needed if name not in set(names or ()))
    if missing:
        raise _error(
            1, "file",
            (f"colonnes manquantes : {missing}.", f"missing columns: {missing}."),
            ("Mettez en première ligne les noms des colonnes, ceux que dit --help.",
             "Put the names of the columns in the first line, those that --help says."),
        )  # fmt: skip


def read_decoys(path: Path) -> list[bytes]:
    """Read a file of decoys into canonical bytes.

    Raises:
        FieldError: naming line and field, never a value; a number that might be somebody's is refused.
    """
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        _check_columns(rows.fieldnames, ("nir", "birth_date"))
        for number, row in enumerate(rows, start=2):
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


def twin_of(nir: Nir, birth: BirthDate) -> Nir | None:
    """The number with the other sex's first digit and its own key; None where it might be somebody's.

    One series of orders serves both sexes of a month and a commune, so that the twin of a number that was given is
    not. That is taken as sure for nobody born before BORN_SINCE, overseas or abroad, nor for provisional numbers.
    """
    text = nir.reveal()
    sex, place = _TWIN_SEX.get(text[0]), text[5:7]
    if sex is None or int(birth.reveal()[:4]) < BORN_SINCE or place > "90" or place == "20":
        return None
    body = sex + text[1:13]
    return Nir.parse(f"{body}{nir_key(body):02d}")


def read_twins(path: Path, chosen: Callable[[bytes], bool]) -> Iterator[bytes]:
    """The twins of the adults of a rights file whose canonical bytes are `chosen`, as canonical bytes.

    A line that cannot be read is left out: the import of the file says what is wrong with it.

    Raises:
        FieldError: the header lacks columns that it names.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline()
        names = next(csv.reader([head], delimiter="|" if "|" in head else ","), [])
        _check_columns(names, _TWIN_COLUMNS)
        for row in csv.DictReader(file, names, delimiter="|" if "|" in head else ","):
            with suppress(FieldError):
                nir, birth = (
                    Nir.parse(row.get("right_holder_nir") or ""),
                    BirthDate.parse(row.get("birth_date") or ""),
                )
                rank = Rank.parse(row.get("birth_rank") or "1")
                own = row.get("own_nir") == row.get("right_holder_nir")
                twin = twin_of(nir, birth) if own and chosen(normalise(nir, birth, rank)) else None
                if twin is not None:
                    yield normalise(twin, birth, rank)


@app.command(epilog=_EPILOG_TWINS)
def twins(
    file: Annotated[Path, typer.Argument(help="Fichier de droits (CSV). / Rights file (CSV).")],
    *,
    one_in: Annotated[int, typer.Option(min=1, help="Un adulte sur tant. / One adult in so many.")],
    note: Annotated[str, typer.Option(help="Quel fichier. / Which file.")],
    settings: SettingsFile,
) -> None:
    """Poser les jumeaux d’un fichier de droits. / Plant the sex-flipped twins of a rights file."""
    with _refusing():
        configured = load(settings)
        keyring = Keyring(configured.key_directory(), (Purpose.INDEX.value,))
        _in_force(configured, keyring)
        index = keyring.hash(Purpose.INDEX)
        # A keyed coin: whoever has the file cannot tell whose twin is a decoy.
        found = read_twins(file, lambda who: index.uuid(b"twin" + who).int % one_in == 0)
        indexes = list({index.uuid(who) for who in found})

        def put(connection: Connection, at: datetime) -> int:
            parts = (indexes[n : n + TWINS_AT_ONCE] for n in range(0, len(indexes), TWINS_AT_ONCE))
            return sum(store.plant_twins(connection, part, note.strip(), at) for part in parts)

        planted = _written(configured, keyring, TWINS, put)
        typer.echo(f"{planted} jumeaux posés. / twins planted.")


def _in_force(configured: Settings, keyring: Keyring) -> None:
    """Have `keyring` look up by the key that is in force; `_written` refuses should another be by then."""
    with configured.connection().connect("tierce_feed") as connection:
        take_to_write(connection, keyring, [Purpose.INDEX])


def _written(configured: Settings, keyring: Keyring, vendor: int, put: Callable[[Connection, datetime], int]) -> int:
    """Plant, with a line in the journal, in one transaction; returns how many."""
    clock = SystemClock()
    with configured.connection().connect("tierce_feed") as connection:
        appender = Appender.enrol(connection, "feed", keyring.instance("feed"))
        take_to_write(connection, keyring, [Purpose.INDEX])
        planted = put(connection, clock.now())
        entry = Entry(
            kind=EntryKind.KEY_OR_POLICY_CHANGE,
            act=Act.DECOYS_PLANT,
            outcome=Outcome.DONE,
            time_us=micros(clock.now()),
            professional=staff_id("command:decoys"),
            policy=policy_digest(),
            reference=vendor,
        )
        appender.write(connection, [entry])
        connection.commit()
    return planted


@app.command(epilog=_EPILOG)
def plant(
    file: Annotated[Path, typer.Argument(help="CSV nir,birth_date,rank.")],
    *,
    vendor: Annotated[int, typer.Option(min=1, help="Éditeur. / Vendor.")],
    note: Annotated[str, typer.Option(help="Où ils sont laissés. / Where they are left.")],
    settings: SettingsFile,
) -> None:
    """Poser des leurres. / Plant decoys."""
    with _refusing():
        people = read_decoys(file)
        configured = load(settings)
        keyring = Keyring(configured.key_directory(), (Purpose.INDEX.value,))
        _in_force(configured, keyring)
        indexes = [keyring.hash(Purpose.INDEX).uuid(who) for who in people]
        planted = _written(
            configured,
            keyring,
            vendor,
            lambda connection, at: store.plant(connection, indexes, vendor, note.strip(), at),
        )
        typer.echo(f"{planted} leurres posés pour l’éditeur {vendor}. / decoys planted for vendor {vendor}.")
