"""What a command says when it is refused: in French, then in English, with what to do, and without a traceback."""

import errno
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import typer

from tierce.cli import _run, in_french, main
from tierce.kernel.errors import FieldError, TierceError
from tierce.kernel.language import Phrase
from tierce.notices.deliveries.errors import (
    DeliveryError,
    DkimKeyError,
    LoginRefusedError,
    MailServerError,
    TlsMissingError,
)
from tierce.notices.errors import NoticeError
from tierce.storage.errors import SchemaNewerError
from tierce.storage.said import said


@pytest.mark.parametrize(
    ("error", "french", "english"),
    [
        (FileNotFoundError(errno.ENOENT, "x", "/nope"), "/nope : n’existe pas", "does not exist: check the path"),
        (IsADirectoryError(errno.EISDIR, "x", "/etc"), "/etc : est un dossier", "is a directory"),
        (OSError(errno.ENOSPC, "x", "/srv/backup"), "plus de place", "no room is left"),
        (OSError(errno.EADDRINUSE, "x"), "ce port est déjà pris", "this port is taken"),
        (OSError(errno.EIO, "odd"), "ne peut pas être lu ou écrit (EIO)", "cannot be read or written (EIO)"),
        (psycopg.errors.InvalidPassword(), "refuse le mot de passe", "refuses this role's password"),
        (psycopg.errors.DiskFull(), "disque de PostgreSQL est plein", "disk is full"),
        (psycopg.errors.LockNotAvailable(), "un autre travail tient", "a backup, a file being taken in"),
        (psycopg.errors.InsufficientPrivilege(), "`tierce upgrade`", "grants are not this version's"),
        (psycopg.errors.UndefinedTable(), "pas au schéma de ce programme", "not at this program's schema"),
        (psycopg.OperationalError("connection refused"), "démarrez PostgreSQL", "start PostgreSQL"),
        (psycopg.OperationalError('FATAL: database "x" does not exist'), "cette base n’existe pas", "does not exist"),
        (
            psycopg.OperationalError("FATAL: sorry, too many clients already"),
            "plus de connexion libre",
            "no free connec",
        ),
        (
            psycopg.OperationalError("FATAL: remaining connection slots are reserved"),
            "dit qui les tient",
            "who holds",
        ),
        (psycopg.OperationalError("password authentication failed"), "refuse le mot de passe", "password"),
        (
            psycopg.OperationalError("FATAL:  authentification par mot de passe échouée pour l'utilisateur « x »"),
            "refuse le mot de passe",
            "password",
        ),
        (
            psycopg.OperationalError("FATAL:  la base de données « x » n'existe pas"),
            "cette base n’existe pas",
            "does not exist",
        ),
        (
            psycopg.OperationalError("SSL error: certificate verify failed"),
            "pas de certificat de cette autorité",
            "no certificate of this authority",
        ),
        (
            psycopg.OperationalError('root certificate file "/etc/ssl/x.pem" does not exist'),
            "[database] authority",
            "compare [database] authority",
        ),
        (
            psycopg.OperationalError('no pg_hba.conf entry for host "10.0.0.21", user "tierce_api", SSL encryption'),
            "ligne de pg_hba.conf",
            "from this machine",
        ),
        (psycopg.OperationalError("FATAL: the database system is starting up"), "démarre", "wait"),
        (psycopg.OperationalError("SSL connection has been closed unexpectedly"), "a coupé", "cut the connection"),
        (
            psycopg.OperationalError("server does not support SSL, but SSL was required"),
            "pas de certificat",
            "shows no certificate",
        ),
        (psycopg.OperationalError("the connection is lost"), "a coupé la connexion", "cut the connection"),
        (psycopg.errors.UniqueViolation("Key (nir)=(1790441)"), "UniqueViolation, 23505", "the database refused"),
        (TierceError("une phrase / a sentence"), "une phrase", "a sentence"),
    ],
)
def test_a_refusal_is_said_in_both_languages(error: Exception, french: str, english: str) -> None:
    told = said(error)
    before, _, after = told.partition(" / ")
    assert french in before
    assert english in after
    assert "1790441" not in told, "a row's values are nobody's to print"


@pytest.mark.parametrize(
    "error", [DkimKeyError(), MailServerError(), TlsMissingError(), LoginRefusedError(), SchemaNewerError()]
)
def test_an_error_of_ours_is_said_in_french_and_in_english(error: TierceError) -> None:
    french, _, english = said(error).partition(" / ")
    assert french == error.in_french
    assert english == error.__doc__


def test_every_error_that_stops_a_sending_speaks_french() -> None:
    def below(kind: type[TierceError]) -> Iterator[type[TierceError]]:
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    silent = {one for root in (NoticeError, DeliveryError) for one in below(root) if "in_french" not in vars(one)}
    assert {one.__name__ for one in silent if "__init__" not in vars(one)} == set()


def test_a_field_is_named_with_its_remedy_in_both_languages() -> None:
    error = FieldError(
        "incident", Phrase("Aucun de ce nom.", "None has it."), Phrase("Voyez la liste.", "See the list.")
    )
    assert said(error) == "incident : Aucun de ce nom. Voyez la liste. / None has it. See the list."


@pytest.mark.parametrize(
    ("words", "french"),
    [
        ("witness show", "il manque 'folder'"),
        ("keys nope", "commande inconnue : 'nope'"),
        ("nope", "commande inconnue : 'nope'"),
        ("backup take --to", "l’option '--to' attend une valeur"),
        ("backup take --zzz", "option inconnue : --zzz"),
        ("backup open-keys /nope --to /tmp/x", "'file' : '/nope' n’existe pas"),
        ("backup open-keys /tmp --to /tmp/x", "'/tmp' est un dossier : donnez un fichier"),
        ("journal redact x --reason a --by b", "'seq' : il faut un nombre entier"),
        ("presence certify 1 --settings /nope", "'software' : il faut 2 au moins"),
        ("bench gate --workers 65", "'--workers' : il faut de 0 à 64"),
        ("lab population --persons a_few --out /nope", "'--persons' : il faut un nombre entier"),
        (
            "price --product 1/A --item X --price douze --date 2026-01-01 --settings /nope",
            "écrivez des euros : 30 ou",
        ),
        ("witness key a b --name x", "en trop : b"),
        ("directory show 1 --on 2026-99-99 --settings /nope", "n’est pas une date, AAAA-MM-JJ"),
        ("deposits choice 1 --domain ZZ --up-to 3 --from a --until b --by x --settings /nope", "choisissez parmi"),
        ("serve --settings /nope", "fichier de réglages /nope : n’existe pas : vérifiez le chemin"),
        ("restore run /nope --settings /nope", "'folder' : '/nope' n’existe pas"),
        ("restore run /etc/hostname --settings /nope", "'/etc/hostname' est un fichier : donnez un dossier"),
        ("demo --lang de", "'--lang' : il faut l’un de : 'fr', 'en'"),
        ("backup check /nope --settings /nope", "n’a pas de manifest.json lisible"),
    ],
)
def test_what_is_typed_wrong_is_told_in_french_first_and_nothing_is_traced(
    words: str, french: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words.split())
    assert ended.value.code == 2
    first = capsys.readouterr().err.splitlines()[0]
    assert french in first
    assert " / " in first[first.index(french) :], "and then in English"


def test_a_disk_that_refuses_where_no_command_expects_it_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["lab", "portal2024", "--country", str(tmp_path / "none")])
    assert ended.value.code == 2
    assert "n’existe pas" in capsys.readouterr().err


def test_what_typer_may_still_say_has_a_french_word() -> None:
    assert in_french("something new") == "valeur refusée"


def test_a_command_that_the_keyboard_stops_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    stopped = typer.Typer()

    @stopped.command()
    def stop() -> None:
        raise KeyboardInterrupt

    assert _run(stopped, [], "tierce stop") == 130
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("✗ interrompu : ce qui était confirmé est gardé")
    assert said.endswith("run the same command again")
    assert _run(stopped, [], "tierce") == 130
    assert capsys.readouterr().err == "", "the command within has said it"


@pytest.mark.parametrize("words", [["notice"], ["feed", "rights", "--help"], ["doctor", "--help"]])
def test_the_frame_of_a_help_is_in_french_too(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(words)
    shown = " ".join("".join(capsys.readouterr()).replace("│", " ").split())
    assert "Commandes / Commands" in shown or "[à donner / required]" in shown
    assert "Cette aide. / This help." in shown
    assert "[required]" not in shown
    assert "[env var" not in shown
