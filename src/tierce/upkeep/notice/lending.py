"""`tierce notice lend`, `forget-contacts`: contact data that an insurer lends for one incident."""

from pathlib import Path
from typing import Annotated

import msgspec
import pyrage
import typer

from tierce.feeds.rejects import rejects_beside
from tierce.kernel.clock import SystemClock
from tierce.kernel.durable import replace
from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase
from tierce.kernel.os_errors import os_reason
from tierce.notices.contacts import store
from tierce.notices.contacts.service import Lending
from tierce.notices.slices.store import Cover
from tierce.notices.store import insurers
from tierce.settings import Settings, load
from tierce.storage.command_line import Json, SettingsFile
from tierce.upkeep.notice.base import INSTANCE, Desk, Incident, Insurer, desk
from tierce.upkeep.progress import bar
from tierce.upkeep.service import LENDING_KEY, make_lending_key


def lending_of(one: Desk) -> Lending:
    """What takes contact data in, on a desk."""
    return Lending(one.appender, store.Contacts(one.keyring), Cover(one.keyring), SystemClock())


def lending_identity(settings: Settings) -> str:
    """The keys with which lent files open, one a line, the present one first.

    An installation that is older than it makes it when it is first needed.
    """
    path = settings.key_directory() / LENDING_KEY
    if not path.exists():
        make_lending_key(path.parent)
    return path.read_text("ascii").strip()


def public_of(identity: str) -> str:
    """The public half of the present key, to which others encrypt."""
    return str(pyrage.x25519.Identity.from_str(identity.split(maxsplit=1)[0]).to_public())


def lending_key(*, settings: SettingsFile) -> None:
    """Imprimer la clé publique age à laquelle chiffrer. / Print the public age key that insurers encrypt to."""
    typer.echo(public_of(lending_identity(load(settings))))


def lend(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Fichier chiffré. / Encrypted file.")],
    *,
    insurer: Insurer,
    incident: Incident,
    settings: SettingsFile,
    json: Json = "",
) -> None:
    """Prendre les coordonnées prêtées pour un incident. / Take in contact data lent for one incident."""
    with desk(settings) as one, rejects_beside(file) as rejects, bar(f"{insurer}") as advance:
        seen = 0

        def progress(lines: int) -> None:
            nonlocal seen
            advance(lines - seen)
            seen = lines

        done = lending_of(one).lend(
            one.connection,
            one.incident(incident),
            one.insurer(insurer),
            file,
            identity=lending_identity(one.settings),
            refuse=rejects.add,
            progress=progress,
        )
    figures = {name: getattr(done, name) for name in ("read", "taken", "unchanged", "refused", "outside", "again")}
    if json == "-":
        typer.echo(msgspec.json.encode(figures))
    else:
        again = " (déjà pris / taken before)" if done.again else ""
        typer.echo(
            f"{done.read} lignes / lines{again}: {done.taken} prises / taken,"
            f" {done.unchanged} inchangées / unchanged,"
            f" {done.outside} hors de sa liste / not on its list, {done.refused} refusées / refused"
        )
    raise typer.Exit(1 if done.refused or done.outside else 0)


def forget_contacts(
    *,
    incident: Incident,
    settings: SettingsFile,
    into: Annotated[Path, typer.Option(help="Dossier des certificats. / Folder of the certificates.")] = Path(),
    insurer: Annotated[str, typer.Option(help="Numéro AMC ; tous / AMC number; all.")] = "",
) -> None:
    """Supprimer les coordonnées prêtées, avec un certificat. / Delete lent contact data, with a certificate."""
    with desk(settings, pieces=True) as one:
        number = one.incident(incident)
        names = insurers(one.connection)
        chosen = [one.insurer(insurer)] if insurer else store.loans(one.connection, number)
        key = one.keyring.instance(INSTANCE)
        _make(into)  # before anything is deleted, for the certificate to have its place
        for each in chosen:
            text = lending_of(one).forget(one.connection, number, each, names[each][0], key)
            if text is None:
                typer.echo(f"{names[each][0]} : rien n’a été prêté / nothing was lent", err=True)
                continue
            path = into / f"certificat-{number}-{names[each][0]}.json"
            replace(path, f"{text}\n".encode())
            typer.echo(f"✓ {path}")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = os_reason(error)
        raise FieldError(
            "into",
            Phrase(f"Ce dossier ne peut pas être fait ({why.fr}).", f"It cannot be made ({why.en})."),
            Phrase("Donnez-en un où écrire.", "Give a folder that you may write."),
        ) from None
