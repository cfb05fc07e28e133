"""What a command says when it is refused: French first, English second, what is wrong and what to do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import psycopg

from tierce.kernel.errors import FieldError, TierceError
from tierce.kernel.language import Phrase
from tierce.kernel.os_errors import os_reason
from tierce.storage.errors import AdministratorError, UpgradeRefusedError

_PASSWORD = Phrase(
    "PostgreSQL refuse le mot de passe de ce rôle : il a été remplacé depuis, ou SECRETS n’est pas le bon dossier "
    "(`tierce doctor`)",
    "PostgreSQL refuses this role's password: it was replaced since, or SECRETS is another folder (`tierce doctor`)",
)
_NO_DATABASE = Phrase(
    "cette base n’existe pas : corrigez [database] name, ou faites-la par `tierce upgrade`",
    "this database does not exist: correct [database] name, or make it with `tierce upgrade`",
)
_AWAY = Phrase(
    "la base ne répond pas : démarrez PostgreSQL, ou corrigez [database] host et port",
    "the database does not answer: start PostgreSQL, or correct [database] host and port",
)
_NOT_READY = Phrase(
    "PostgreSQL démarre, s’arrête ou relit son journal : attendez, son propre journal dit où il en est",
    "PostgreSQL is starting, stopping or reading its log again: wait, its own log says how far it is",
)
_UNVERIFIED = Phrase(
    "le serveur ne montre pas de certificat de cette autorité à ce nom : comparez [database] authority et host avec "
    "son ssl_cert_file",
    "the server shows no certificate of this authority for this name: compare [database] authority and host with its "
    "ssl_cert_file",
)
_NOT_LISTED = Phrase(
    "PostgreSQL n’admet pas ce rôle depuis cette machine : il y manque une ligne de pg_hba.conf, puis `systemctl "
    "reload postgresql`",
    "PostgreSQL does not let this role in from this machine: add a line of its pg_hba.conf, then `systemctl reload "
    "postgresql`",
)
_CROWDED = Phrase(
    "PostgreSQL n’a plus de connexion libre : `select usename, client_addr, count(*) from pg_stat_activity "
    "group by 1, 2` dit qui les tient ; libérez-les, ou augmentez max_connections",
    "PostgreSQL has no free connection: `select usename, client_addr, count(*) from pg_stat_activity "
    "group by 1, 2` says who holds them; free some, or raise max_connections",
)
_FULL = Phrase("le disque de PostgreSQL est plein : faites de la place", "PostgreSQL's disk is full: make room")
_DENIED = Phrase(
    "la base refuse ce droit à ce rôle : les droits ne sont pas ceux de cette version (`tierce upgrade`)",
    "the database refuses this to this role: its grants are not this version's (`tierce upgrade`)",
)
_OTHER_SCHEMA = Phrase(
    "la base n’est pas au schéma de ce programme : `tierce upgrade`",
    "the database is not at this program's schema: `tierce upgrade`",
)
_CUT = Phrase(
    "la base a coupé la connexion : regardez PostgreSQL, puis recommencez",
    "the database cut the connection: look at PostgreSQL, then run it again",
)
_HELD = Phrase(
    "un autre travail tient ce qu’il faut changer (une sauvegarde, un fichier en cours) : rien n’est fait, "
    "recommencez ensuite",
    "other work holds what is to be changed (a backup, a file being taken in): nothing was done, run it again "
    "afterwards",
)
_STATES: Final[Mapping[str, Phrase]] = {
    "28P01": _PASSWORD,
    "28000": _PASSWORD,
    "3D000": _NO_DATABASE,
    "53100": _FULL,
    "53300": _CROWDED,
    "55P03": _HELD,
    "42501": _DENIED,
    "42P01": _OTHER_SCHEMA,
    "42703": _OTHER_SCHEMA,
    "42883": _OTHER_SCHEMA,
    "3F000": _OTHER_SCHEMA,
    "57P01": _CUT,
    "57P02": _CUT,
}

_OF_CROWDS: Final = ("too many c", "connection slots", "trop de c", "emplacements de connexion")
_WORDS: Final[tuple[tuple[tuple[str, ...], Phrase], ...]] = (
    (("pg_hba.conf",), _NOT_LISTED),
    (("certificat", "support SSL", "supporte pas SSL"), _UNVERIFIED),
    (("password", "mot de passe", "28P01"), _PASSWORD),
    (("does not exist", "n'existe pas"), _NO_DATABASE),
    (_OF_CROWDS, _CROWDED),
    (("database system is", "système de bases de données"), _NOT_READY),
    (("terminat", "closed", "lost"), _CUT),
)
"""What a refusal to connect has in its text, English or French, and what it is; the first that is found."""
_OF_OBJECTS: Final = frozenset({"0A", "2B", "3F", "42", "55"})
"""Classes of refusals whose sentence names objects of the database and no row's values."""
_OF_ROWS: Final = "23"
"""That of rules that rows do not keep: the sentence may have their values, the names that come with it have none."""


@contextmanager
def upgrading(admin: str) -> Iterator[None]:
    """Tell what the database refuses of an upgrade by its reason: to tell of the upgrade would lead round in a ring.

    Raises:
        AdministratorError: `admin` is none.
        UpgradeRefusedError: what a step wants of the database is not there, or something is in its place.
    """
    try:
        yield
    except psycopg.errors.InsufficientPrivilege:
        raise AdministratorError(admin) from None
    except psycopg.errors.LockNotAvailable:
        raise
    except psycopg.Error as error:
        if named := _named(error):
            raise UpgradeRefusedError(f"{named}, {error.sqlstate}") from None
        raise


def _named(error: psycopg.Error) -> str | None:
    """What a refusal of a step names; None of one that has its remedy elsewhere, as a full disk has."""
    kind, said_by_server = (error.sqlstate or "")[:2], error.diag
    if kind in _OF_OBJECTS:
        return f"« {said_by_server.message_primary} »"
    if kind == _OF_ROWS:
        names = said_by_server.schema_name, said_by_server.table_name, said_by_server.constraint_name
        return " ".join(name for name in (*names, said_by_server.column_name) if name)
    return None


def is_crowded(error: psycopg.OperationalError) -> bool:
    """Whether the server runs, and has no connection left for this role."""
    return any(word in str(error) for word in _OF_CROWDS)


def said(error: Exception) -> str:
    """One refusal in both languages; of the database, never a text that may hold a row's values."""
    if isinstance(error, FieldError):
        reason, remedy = error.reason, error.remedy
        return f"{error.field} : {reason.fr} {remedy.fr} / {reason.en} {remedy.en}"
    if isinstance(error, TierceError):
        return str(error)
    if isinstance(error, psycopg.Error):
        told = refused(error)
        return f"{told.fr} / {told.en}"
    if isinstance(error, OSError):
        told = os_reason(error)
        where = f"{error.filename} : " if error.filename is not None else ""
        return f"{where}{told.fr} / {told.en}"
    return type(error).__name__


def refused(error: psycopg.Error) -> Phrase:
    """What the database refused, and what to do, without a text that may hold a row's values."""
    if told := _STATES.get(error.sqlstate or ""):
        return told
    if error.sqlstate is None and isinstance(error, psycopg.OperationalError):
        # Before a session is there the driver gives a text and no state; the server's words depend on its language.
        text = str(error)
        return next((told for words, told in _WORDS if any(word in text for word in words)), _AWAY)
    if isinstance(error, psycopg.errors.RaiseException) and error.diag.message_primary:
        ours = error.diag.message_primary  # our own functions' sentence; they name no value
        return Phrase(f"la base a refusé : {ours}", f"the database refused: {ours}")
    named = f"{type(error).__name__}, {error.sqlstate or '?'}"
    return Phrase(f"la base a refusé ({named})", f"the database refused ({named})")
