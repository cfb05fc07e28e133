"""`tierce presence`: the keys that sign dynamic cards, and the peers who report that care was invoiced."""

from pathlib import Path
from typing import Annotated

import msgspec
import psycopg
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from rich.console import Console

from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock, micros
from tierce.kernel.errors import TierceError
from tierce.kernel.ids import InsurerId
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.presence import store
from tierce.presence.errors import KeyFormatError
from tierce.presence.signing import signing_key
from tierce.settings import load
from tierce.storage.command_line import Json, SettingsFile, refuse, refusing, whole_table
from tierce.storage.database import Database
from tierce.storage.keys import SIGNER_KEY, Keyring
from tierce.upkeep.lines import INSTANCE, ROLE, journalled

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Qui signe les cartes, qui rapporte des présences. / Who signs cards, who reports presence.",
)


@app.callback()
def presence() -> None:
    """Inscrire et révoquer ce qui prouve une présence. / Register and revoke what proves presence."""


@app.command(epilog="Exemple / example:  tierce presence signers --settings tierce.toml")
def signers(*, settings: SettingsFile, json: Json = "") -> None:
    """Donner à chaque organisme sa clé de cartes, et les lister. / Give each insurer a key, list all."""
    with refusing("rien n’a été inscrit / nothing was registered"):
        read = load(settings)
        made = register_signers(read.connection(), read.key_directory())
        with read.connection().connect(ROLE) as connection:
            found = store.signers(connection)
    if json == "-":
        rows = [{"signer": n, "amc": amc, "insurer": name, "signs": signs} for n, amc, name, signs in found]
        typer.echo(msgspec.json.encode({"made": made, "signers": rows}))
        return
    table = whole_table("clé / key", "AMC", "organisme / insurer", "signe / signs")
    for number, amc, name, signs in found:
        table.add_row(str(number), amc, name, "oui / yes" if signs else "révoquée / revoked")
    Console().print(table)
    typer.echo(f"✓ {made} clés inscrites / keys registered", err=True)


@app.command(epilog='Exemple / example:  tierce presence revoke 12 --why "copied disk" --settings tierce.toml')
def revoke(
    *,
    signer: Annotated[int, typer.Argument(help="Numéro de la clé, dans `signers`. / Number of the key.")],
    why: Annotated[str, typer.Option(help="Pourquoi, gardé avec la clé. / The reason, kept.")],
    settings: SettingsFile,
) -> None:
    """Révoquer une clé ; ses cartes ne servent plus. / Revoke a key; its cards serve no more."""
    with refusing("rien n’a été révoqué / nothing was revoked"):
        read = load(settings)
        with journalled(read) as (connection, appender):
            insurer = store.revoke_signer(connection, signer, why)
            if insurer is not None:
                appender.append(connection, [_line(insurer, signer)])
    if insurer is None:
        typer.echo(
            f"✗ aucune clé {signer} ne signe : voyez `tierce presence signers` / no key {signer} signs: see it",
            err=True,
        )
        raise typer.Exit(1)
    typer.echo(
        f"✓ clé {signer} révoquée ; `tierce presence signers` en donne une autre à son organisme / "
        f"key {signer} is revoked; `tierce presence signers` gives its insurer another one"
    )


@app.command(epilog="Exemple / example:  tierce presence peer oct-merle --key oct-merle.pub --settings tierce.toml")
def peer(
    *,
    name: Annotated[str, typer.Argument(help="Son nom de pair. / The name under which it reports.")],
    key: Annotated[Path, typer.Option(help="Sa clé publique Ed25519, PEM. / Its public key.")],
    settings: SettingsFile,
    insurer: Annotated[str | None, typer.Option(help="Numéro AMC, pour un organisme. / For an insurer.")] = None,
) -> None:
    """Inscrire qui rapporte des soins facturés. / Register a peer that reports invoiced care."""
    with refusing("rien n’a été inscrit / nothing was registered"):
        read = load(settings)
        public = read_public_key(key)
        with journalled(read) as (connection, appender):
            added = store.add_peer(connection, name, insurer, public)
            if added:
                appender.append(connection, [_line(InsurerId(0), 0)])
    if not added:
        typer.echo(
            "✗ --insurer : aucun organisme n’a ce numéro AMC ; prenez d’abord le fichier des organismes / "
            "no insurer has this AMC number; take in the insurers' file first",
            err=True,
        )
        raise typer.Exit(1)
    typer.echo(f"✓ {name} peut rapporter / may report: tierce feed presence FILE --peer {name}")


@app.command(
    epilog='Exemple / example:  tierce presence end-peer oct-merle --why "contract ended" --settings tierce.toml'
)
def end_peer(
    *,
    name: Annotated[str, typer.Argument(help="Le pair. / The peer.")],
    why: Annotated[str, typer.Option(help="Pourquoi, gardé avec lui. / The reason, kept.")],
    settings: SettingsFile,
) -> None:
    """Ne plus admettre un pair ; ce qu’il a rapporté demeure. / Let a peer report no more."""
    changing = refusing("rien n’a été changé / nothing was changed")
    with changing, journalled(load(settings)) as (connection, appender):
        ended = store.revoke_peer(connection, name, why)
        if ended:
            appender.append(connection, [_line(InsurerId(0), 0)])
    if not ended:
        typer.echo(
            f"✗ aucun pair {name} ne rapporte ; vérifiez son nom / no peer {name} reports; check the name", err=True
        )
        raise typer.Exit(1)
    typer.echo(f"✓ {name} ne rapporte plus / reports no more")


@app.command(epilog="Exemple / example:  tierce presence certify 7 --settings tierce.toml")
def certify(
    *,
    software: Annotated[int, typer.Argument(help="Numéro du logiciel. / The software's number.", min=2)],
    settings: SettingsFile,
    end: Annotated[bool, typer.Option("--end", help="Ne plus l’admettre. / No more, from the next ask on.")] = False,
) -> None:
    """Admettre qu’un logiciel déclare ses lectures (grade C). / Let software declare readings."""
    try:
        with journalled(load(settings)) as (connection, appender):
            if end:
                done = store.end_certificate(connection, software)
            else:
                store.certify(connection, software)
                done = True
            if done:
                appender.append(connection, [_line(InsurerId(0), software, Act.PRESENCE_CERTIFIED)])
    except psycopg.errors.ForeignKeyViolation:
        typer.echo(
            "✗ aucun logiciel n’a ce numéro ; inscrivez-le par `tierce software add` / "
            "no software has this number; register it with `tierce software add`",
            err=True,
        )
        raise typer.Exit(1) from None
    except (TierceError, OSError, psycopg.Error) as error:
        refuse(error, undone="rien n’a été changé / nothing was changed")
    if not done:
        typer.echo("✗ il ne déclare déjà rien / it may declare nothing already", err=True)
        raise typer.Exit(1)
    typer.echo(
        f"✓ le logiciel {software} ne déclare plus rien / software {software} may declare no more"
        if end
        else f"✓ le logiciel {software} déclare ses lectures / software {software} may declare readings"
    )


def read_public_key(file: Path) -> bytes:
    """The 32 bytes of a peer's public key.

    Raises:
        KeyFormatError: the file holds no Ed25519 public key in PEM.
    """
    try:
        found = load_pem_public_key(file.read_bytes())
    except ValueError:
        raise KeyFormatError from None
    if not isinstance(found, Ed25519PublicKey):
        raise KeyFormatError
    return found.public_bytes_raw()


def register_signers(database: Database, keys: Path) -> int:
    """Give each insurer without a live signer one, whose key is derived from its number; returns how many."""
    keyring = Keyring(keys, (SIGNER_KEY,))
    with database.connect(ROLE) as connection:
        appender = Appender.enrol(connection, INSTANCE, keyring.instance(INSTANCE))
        wanting = store.insurers_without_signer(connection)
        for insurer in wanting:
            number = store.add_signer(connection, insurer)
            key = signing_key(keyring.raw(SIGNER_KEY), number, insurer)
            store.set_signer_key(connection, number, key.public_key().public_bytes_raw())
            appender.write(connection, [_line(insurer, number)])
    return len(wanting)


def _line(insurer: InsurerId, number: int, act: Act = Act.PRESENCE_SIGNER) -> Entry:
    return Entry(
        kind=EntryKind.KEY_OR_POLICY_CHANGE,
        act=act,
        outcome=Outcome.DONE,
        time_us=micros(SystemClock().now()),
        insurer=insurer,
        policy=policy_digest(),
        reference=number,
    )
