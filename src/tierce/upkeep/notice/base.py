"""What every `tierce notice` command shares: its role and keys, how an insurer or a day is named, how it refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import urlsplit

import psycopg
import typer

from tierce.incidents.store import named
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock, read_date
from tierce.kernel.errors import FieldError, TierceError
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.kernel.language import Phrase
from tierce.notices.model import Operator
from tierce.notices.store import insurer_of
from tierce.notices.telling.service import Telling
from tierce.settings import Settings, SettingsError, load
from tierce.storage.keys import Keyring
from tierce.storage.said import said
from tierce.storage.version import insist_on_schema
from tierce.upkeep.notice.words import FRENCH

ROLE = "tierce_notices"
INSTANCE = "notices"
KEYS = ("contact", "coverage")
"""The key files that these commands are given: contact data lent, and the member numbers of whoever is on a list."""

Insurer = Annotated[str, typer.Option(help="Numéro AMC de l’organisme. / The insurer's AMC number.")]
Incident = Annotated[
    str, typer.Option(help="Référence ou numéro de l’incident. / The incident's reference or number.")
]


@dataclass(frozen=True, slots=True)
class Desk:
    """An autocommit connection of role tierce_notices with its appender and keys."""

    settings: Settings
    connection: psycopg.Connection
    appender: Appender
    keyring: Keyring

    def insurer(self, amc: str) -> InsurerId:
        """The insurer with an AMC number.

        Raises:
            FieldError: there is none.
        """
        found = insurer_of(self.connection, amc)
        if found is None:
            raise FieldError(
                "insurer",
                Phrase("Aucun organisme n’a ce numéro AMC.", "No insurer has this AMC number."),
                Phrase("Prenez d’abord le fichier des organismes.", "Take in the insurers' file first."),
            )
        return found

    def incident(self, text: str) -> IncidentId:
        """The incident of a reference or a number.

        Raises:
            FieldError: there is none.
        """
        found = named(self.connection, text)
        if found is None:
            raise FieldError(
                "incident",
                Phrase("Aucun incident de ce nom.", "No incident has this name."),
                Phrase("Voyez `tierce incident list`.", "See `tierce incident list`."),
            )
        return found


def telling_of(one: Desk) -> Telling:
    """What tells insurers, on a desk."""
    given = one.settings.operator
    operator = Operator(given.name, given.address, given.phone, given.officer, given.officer_email)
    return Telling(one.appender, operator, SystemClock(), urlsplit(one.settings.insurers.url).netloc)


@contextmanager
def desk(settings: Path, *, pieces: bool = False) -> Iterator[Desk]:
    """Open the desk; a refusal is said in one sentence, and the command ends with 2.

    Work in `pieces` keeps each as it is done, so that a refusal within it cannot say that nothing was written.
    """
    began = False
    try:
        read = load(settings)
        keyring = Keyring(read.key_directory(), KEYS)
        with read.connection().connect(ROLE, autocommit=True) as connection:
            insist_on_schema(connection)
            one = Desk(read, connection, Appender.enrol(connection, INSTANCE, keyring.instance(INSTANCE)), keyring)
            began = pieces
            yield one
    except FieldError as error:
        refuse(said(error))  # what is typed is read before the first piece
    except SettingsError as error:
        refuse(f"--settings : {error}", began=began)
    except (TierceError, OSError, psycopg.Error) as error:
        french = FRENCH.get(type(error))
        refuse(f"{french} / {error}" if french else said(error), began=began)


def refuse(why: str, *, began: bool = False) -> NoReturn:
    """End with 2; nothing was written, or what was done before stays where the work `began` and is kept in pieces."""
    kept = "arrêté, et ce qui fut fait avant reste / stopped, and what was done before stays"
    typer.echo(f"{kept if began else 'rien n’a été écrit / nothing was written'}: {why}", err=True)
    raise typer.Exit(2) from None


def day_of_text(text: str, field: str) -> date:
    """Read a day.

    Raises:
        FieldError: it is not YYYY-MM-DD.
    """
    try:
        return read_date(text)
    except ValueError:
        raise FieldError(
            field,
            Phrase("Ce n’est pas une date.", "This is not a date."),
            Phrase("Écrivez AAAA-MM-JJ.", "Write YYYY-MM-DD."),
        ) from None
