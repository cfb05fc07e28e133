"""`tierce keys`: replace keys and passwords."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tierce.journal.model import EntryKind
from tierce.journal.service import LOG_KEY_NAME
from tierce.policy.acts import Act
from tierce.settings import Settings, load
from tierce.storage.cluster import SUPERUSER
from tierce.storage.command_line import Admin, SettingsFile, refusing
from tierce.storage.keys import COMPARTMENT_KEYS, Compartment, Purpose
from tierce.storage.roles import ROLES
from tierce.upkeep import lines
from tierce.upkeep.progress import bar
from tierce.upkeep.rotation import accounts, cards, deposits, doors, service, store
from tierce.upkeep.rotation import lending as addresses
from tierce.upkeep.rotation.errors import RotationError, StillSealingError
from tierce.upkeep.rotation.lookups import service as lookups
from tierce.upkeep.service import INSTANCES
from tierce.web.names import KEYS

app = typer.Typer(add_completion=False, no_args_is_help=True)
HOLDERS = {"person": "office, persons", "coverage": "api, notices, billing", "contact": "notices"}
"""The processes that hold each master while they run; `feed` reads it at each import."""

DryRun = Annotated[bool, typer.Option("--dry-run", help="Dire sans faire. / Say, do nothing.")]
_AGAIN = "La clé qui était déjà dans le fichier a servi. / The key that lay in the file already was used."
_OLDER = "  Les sauvegardes plus anciennes ont besoin de sa copie scellée. / Older backups need its sealed copy."


class Part(StrEnum):
    """A compartment that is sealed, as its master key is named."""

    PERSON = "person"
    COVERAGE = "coverage"
    CONTACT = "contact"

    @property
    def compartment(self) -> Compartment:
        """The compartment itself."""
        return next(one for one, name in COMPARTMENT_KEYS.items() if name == self.value)


Master = Annotated[Part, typer.Argument(help="Clé maîtresse. / Master key.")]


@contextmanager
def _replacing(file: Path, *, dry_run: bool = False) -> Iterator[Settings]:
    """Read the settings, say in words what is refused, and leave the journal's line of what was replaced."""
    with refusing():
        read = load(file)
        yield read
        if not dry_run:
            _line(read)


@app.callback()
def keys() -> None:
    """Remplacer clés et mots de passe. / Replace keys and passwords (docs/runbooks/key-rotation.md)."""


@app.command(
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce keys data person --insurer 99100001 --settings tierce.toml"
        "\n\n  tierce keys data coverage --settings tierce.toml"
    )
)
def data(
    part: Annotated[Part, typer.Argument(help="Compartiment. / Compartment.")],
    *,
    settings: SettingsFile,
    insurer: Annotated[str | None, typer.Option(help="Numéro AMC ; tous / AMC number; all.")] = None,
) -> None:
    """Sceller à nouveau sous une clé neuve. / Seal an insurer's records again under a new data key; resumable."""
    with refusing():
        read = load(settings)
        with read.connection().connect(service.FEED_ROLE) as connection:
            chosen = {number: amc for number, amc in store.insurers(connection) if insurer in (None, amc)}
        if not chosen:
            raise RotationError("aucun organisme n’a ce numéro AMC / no insurer has this AMC number")
        later: StillSealingError | None = None
        for number, amc in chosen.items():
            try:
                with bar(f"assureur / insurer {number}") as advance:
                    version = service.rotate_data_key(read, number, part.compartment, advance)
            except StillSealingError as error:  # the others do not wait for it
                later = error
                typer.echo(f"… assureur / insurer {number} : --insurer {amc}")
                continue
            _line(read, number)
            typer.echo(f"✓ assureur / insurer {number} : clé / key {version}")
        if later is not None:
            raise later


@app.command(epilog="Exemple / example:  tierce keys master coverage --settings tierce.toml")
def master(part: Master, *, settings: SettingsFile) -> None:
    """Remplacer une clé maîtresse, en deux fois. / Replace a master key, in two runs with a restart between."""
    with refusing():
        read = load(settings)
        wrapped = service.rotate_master(read, part.compartment)
        if wrapped is not None:  # the first of the two runs replaces nothing yet
            _line(read)
    holders = HOLDERS[part.value]
    if wrapped is None:
        typer.echo(f"1/2 {part.value}.next.key est prête / is ready.")
        typer.echo(f"    Relancez / restart: {holders} ; puis relancez cette commande / then run this again.")
        return
    typer.echo(f"✓ 2/2 {wrapped} clés enveloppées à nouveau / keys wrapped again.")
    typer.echo(f"    `tierce keys forget-master {part.value}`, puis relancez / then restart: {holders}.")


@app.command("forget-master", epilog="Exemple / example:  tierce keys forget-master coverage --settings tierce.toml")
def forget_master(part: Master, *, settings: SettingsFile) -> None:
    """Détruire l’ancienne clé maîtresse, devenue inutile. / Destroy the previous master once nothing needs it."""
    with refusing():
        read = load(settings)
        previous = read.key_directory() / f"{part.value}.previous.key"
        if not previous.exists():
            raise RotationError(f"{previous} : absente, rien à détruire / not there: nothing to destroy")
        if not service.opens_by_current_alone(read, part.compartment):
            raise RotationError(
                "une clé de données est encore sous l’ancienne : relancez `tierce keys master` / a data key is still "
                "wrapped under the previous master: run `tierce keys master` again"
            )
        previous.unlink()
    typer.echo(f"✓ {part.value}.previous.key ; relancez / restart: {HOLDERS[part.value]}")
    typer.echo(_OLDER)


@app.command(epilog="Exemple / example:  tierce keys instance api --settings tierce.toml")
def instance(
    name: Annotated[str, typer.Argument(help=", ".join(one for one in INSTANCES if one != LOG_KEY_NAME))],
    *,
    settings: SettingsFile,
) -> None:
    """Donner une clé de signature neuve à un processus. / Give a process a new signing key; then restart it."""
    with refusing():
        if name not in INSTANCES or name == LOG_KEY_NAME:
            every = ", ".join(one for one in INSTANCES if one != LOG_KEY_NAME)
            raise RotationError(
                f"aucun processus « {name} » ; choisissez parmi / no process '{name}'; choose among: {every}; "
                "le journal / the log: `tierce keys log`"
            )
        with _replacing(settings) as read:
            service.rotate_instance(read, name)
    typer.echo(f"✓ instance-{name}.key ; relancez / restart: {name}")


@app.command(epilog="Exemple / example:  systemctl stop tierce-worker && tierce keys log --settings tierce.toml")
def log(*, settings: SettingsFile) -> None:
    """Donner une clé neuve au journal, `worker` arrêté. / Give the log a new key while the worker is stopped."""
    with _replacing(settings) as read:
        line = service.rotate_log(read)
    typer.echo(line)
    typer.echo("À annoncer à qui garde la précédente. / To be announced to whoever keeps the previous one.", err=True)
    typer.echo("Lancez / start: worker ; relancez / restart: office", err=True)


@app.command(epilog="Exemple / example:  tierce keys card --settings tierce.toml")
def card(*, settings: SettingsFile, dry_run: DryRun = False) -> None:
    """Remplacer la clé des cartes dynamiques. / Replace the key of dynamic cards' handles."""
    with _replacing(settings, dry_run=dry_run) as read:
        if not dry_run:
            cards.rotate_card(read)
    typer.echo("Les cartes à l’écran ne serviront plus ; redemandées, si. / Cards on a screen end; ask again.")
    _end("card.key", "signer, api", dry_run=dry_run)


@app.command(epilog="Exemple / example:  tierce keys door --settings tierce.toml")
def door(*, settings: SettingsFile, dry_run: DryRun = False) -> None:
    """Remplacer la clé des portes des organismes. / Replace the key of what opens sessions of insurers' staff."""
    with _replacing(settings, dry_run=dry_run) as read:
        number = doors.count_doors(read) if dry_run else doors.rotate_doors(read)
    typer.echo(f"{number} organismes ; les sessions ouvertes le restent / insurers; sessions that are open stay so")
    _end("door.key", "insurers", dry_run=dry_run)


@app.command(epilog="Exemple / example:  tierce keys network --settings tierce.toml")
def network(*, settings: SettingsFile, dry_run: DryRun = False) -> None:
    """Remplacer la clé des réseaux, par une couche de plus. / Replace the key of networks, by one more layer."""
    with _replacing(settings, dry_run=dry_run) as read:
        if not dry_run:
            made = doors.rotate_networks(read)
            typer.echo(f"{made.generation} clés en vigueur / keys in force")
            if made.again:
                typer.echo(f"  {_AGAIN}")
    typer.echo(
        "Les lignes d’avant et d’après ne se comparent que par le fichier. / "
        "Lines of before and after compare by the file alone."
    )
    _end("network.key", "api", dry_run=dry_run)


@app.command(epilog="Exemple / example:  tierce keys alerts --settings tierce.toml")
def alerts(*, settings: SettingsFile, dry_run: DryRun = False) -> None:
    """Remplacer la clé qui signe nos alertes. / Replace the key that signs our alerts to other operators."""
    with _replacing(settings, dry_run=dry_run) as read:
        if not dry_run:
            cards.rotate_alerts(read)
    typer.echo("Donnez aux autres opérateurs /jwks.json, relu. / Hand the others /jwks.json, read again.")
    _end("alerts.key", "office", dry_run=dry_run)


@app.command(epilog="Exemple / example:  tierce keys signer --settings tierce.toml")
def signer(*, settings: SettingsFile, dry_run: DryRun = False) -> None:
    """Remplacer la clé qui signe les cartes. / Replace the key that signs cards: each insurer is given another."""
    with _replacing(settings, dry_run=dry_run) as read:
        number = cards.live_signers(read) if dry_run else cards.rotate_signers(read)
    typer.echo(f"{number} clés d’organismes révoquées et remplacées / insurers' keys revoked and replaced")
    _end("signer.key", "signer, api", dry_run=dry_run)


@app.command(epilog="Exemple / example:  systemctl stop tierce-worker && tierce keys deposit --settings tierce.toml")
def deposit(*, settings: SettingsFile, dry_run: DryRun = False) -> None:
    """Remplacer la clé des dépôts, `worker` arrêté. / Replace the key of deposits while the worker is stopped."""
    with _replacing(settings, dry_run=dry_run) as read:
        number = deposits.kept_deposits(read)
        if not dry_run:
            deposits.rotate_deposit(read)
    typer.echo(f"{number} dépôts scellés à la clé d’avant / deposits sealed to the key before")
    _end("deposit.key", "worker, puis / then api", dry_run=dry_run)


@app.command(epilog="Exemple / example:  tierce keys bank --settings tierce.toml")
def bank(*, settings: SettingsFile, dry_run: DryRun = False) -> None:
    """Remplacer la clé des comptes bancaires. / Replace the key of bank accounts."""
    with _replacing(settings, dry_run=dry_run) as read:
        if not dry_run:
            accounts.rotate_bank(read)
    _end("bank.key", "billing, api", dry_run=dry_run)


@app.command("forget-bank", epilog="Exemple / example:  tierce keys forget-bank --settings tierce.toml")
def forget_bank(*, settings: SettingsFile) -> None:
    """Sceller à nouveau les comptes, détruire la clé d’avant. / Seal accounts again, destroy the key before."""
    with refusing():
        number = accounts.forget_bank(load(settings))
    typer.echo(f"✓ {number} comptes scellés à nouveau / accounts sealed again ; relancez / restart: billing")


@app.command("forget-deposit", epilog="Exemple / example:  tierce keys forget-deposit --settings tierce.toml")
def forget_deposit(*, settings: SettingsFile) -> None:
    """Sceller à nouveau les dépôts, détruire la clé d’avant. / Seal deposits again, destroy the key before."""
    with refusing():
        number = deposits.forget_deposit(load(settings))
    typer.echo(f"✓ {number} dépôts scellés à nouveau / deposits sealed again ; relancez / restart: worker")
    typer.echo(_OLDER)


@app.command(epilog="Exemple / example:  tierce keys lending --settings tierce.toml")
def lending(*, settings: SettingsFile, dry_run: DryRun = False) -> None:
    """Remplacer la clé des coordonnées prêtées. / Replace the key of what insurers lend; prints its public half."""
    with _replacing(settings, dry_run=dry_run) as read:
        number = addresses.kept_wishes(read)
        if not dry_run:
            typer.echo(addresses.rotate_lending(read))
            typer.echo("À annoncer à chaque organisme. / To be announced to each insurer.", err=True)
    typer.echo(f"{number} adresses scellées à la clé d’avant / addresses sealed to the key before", err=True)
    _end("lending.age", "notices", dry_run=dry_run)


@app.command("forget-lending", epilog="Exemple / example:  tierce keys forget-lending --settings tierce.toml")
def forget_lending(*, settings: SettingsFile) -> None:
    """Sceller à nouveau les adresses, détruire la clé d’avant. / Seal addresses again, destroy the key before."""
    with refusing():
        number = addresses.forget_lending(load(settings))
    typer.echo(f"✓ {number} adresses scellées à nouveau / addresses sealed again ; relancez / restart: notices")
    typer.echo(_OLDER)


class Lookup(StrEnum):
    """A key by which people are looked up."""

    INDEX = "index"
    TRAIT = "trait"

    @property
    def holders(self) -> str:
        """The process that looks up by it while it runs."""
        return "api" if self is Lookup.INDEX else "persons"


LookupKey = Annotated[Lookup, typer.Argument(help="Clé de recherche. / Look-up key.")]


@app.command(epilog="Exemple / example:  tierce keys lookup index --settings tierce.toml")
def lookup(key: LookupKey, *, settings: SettingsFile) -> None:
    """Mettre une clé de plus sur un index de recherche. / Put one more key over a look-up index; resumable."""
    with _replacing(settings) as read, bar(key.value) as advance:
        made = lookups.rotate_lookup(read, Purpose(key.value), advance)
    typer.echo(f"✓ {key.value}.key : {made.generation} clés / keys ; relancez / restart: {key.holders}")
    if made.again:
        typer.echo(f"  {_AGAIN}")
    typer.echo(f"  puis / then: `tierce keys forget-lookup {key.value}`. Scellez les clés. / Seal the keys.")


@app.command("forget-lookup", epilog="Exemple / example:  tierce keys forget-lookup index --settings tierce.toml")
def forget_lookup(key: LookupKey, *, settings: SettingsFile) -> None:
    """Ôter l’index d’avant, une fois tout relancé. / Take the index before away, once all was restarted."""
    with _replacing(settings) as read, bar(key.value) as advance:
        removed = lookups.forget_lookup(read, Purpose(key.value), advance)
    typer.echo(f"✓ {removed} index d’avant ôtés / indexes of before taken away")


class Lost(StrEnum):
    """A key that is proved and not looked up by (`keys.PROVED`)."""

    PAIR = "pair"
    NETWORK = "network"
    FEED = "feed"
    ENGAGEMENT = "engagement"
    RECEIPT = "receipt"


_PRICE = {
    Purpose.PAIR: "Chaque personne reprendra une place à chaque lieu. / Everybody takes a seat again at each place.",
    Purpose.NETWORK: "Aucune ligne d’avant ne se comparera plus. / No line of before compares any more.",
    Purpose.FEED: "Chaque ligne du prochain fichier comptera comme changée. / Each next line counts as changed.",
    Purpose.ENGAGEMENT: "Les numéros déjà donnés ne se liront plus. / Numbers given already are read no more.",
    Purpose.RECEIPT: "Les récépissés déjà donnés ne se liront plus. / Receipts given already are read no more.",
}


@app.command(epilog="Exemple / example:  tierce keys accept pair --dry-run --settings tierce.toml")
def accept(
    key: Annotated[Lost, typer.Argument(help="Clé perdue. / Key that is lost.")],
    *,
    settings: SettingsFile,
    dry_run: DryRun = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ne pas demander. / Do not ask.")] = False,
) -> None:
    """Accepter le fichier qui est là, la clé d’avant étant perdue. / Take the file there: the key before is lost."""
    purpose = Purpose(key.value)
    with _replacing(settings, dry_run=dry_run) as read:
        typer.echo(_PRICE[purpose])
        if not dry_run:
            if not yes and not typer.confirm("La clé d’avant est perdue ? / Is the key before lost for ever?"):
                typer.echo("Rien n’est fait. / Nothing was done.", err=True)
                raise typer.Exit(1)
            doors.accept_file(read, purpose)
    holders = ", ".join(one for one, given in KEYS.items() if purpose in given) or "—"
    _end(f"{key.value}.key", holders, dry_run=dry_run)


@app.command(epilog="Exemple / example:  tierce keys passwords --settings tierce.toml")
def passwords(
    *,
    settings: SettingsFile,
    role: Annotated[str | None, typer.Option(help=f"{', '.join(ROLES)} ; tous / all.")] = None,
    admin: Admin = SUPERUSER,
) -> None:
    """Changer les mots de passe des rôles ; puis relancer. / Change the roles' passwords; then restart."""
    with refusing():
        if role is not None and role not in ROLES:
            raise RotationError(
                f"{role} : aucun rôle de ce nom ; l’un de {', '.join(ROLES)} / no role of this name; one of these"
            )
        read = load(settings)
        with read.connection().connect(admin) as connection:
            service.rotate_passwords(read, connection, ROLES if role is None else (role,))
        lines.tell(read, Act.OPERATION_PASSWORDS, kind=EntryKind.KEY_OR_POLICY_CHANGE)
    typer.echo(f"✓ {role or f'{len(ROLES)} rôles / roles'} ; relancez leurs processus / restart their processes")


def _end(file: str, holders: str, *, dry_run: bool) -> None:
    """Say what is left to do, or that nothing was done."""
    typer.echo(
        "Rien n’est fait. / Nothing was done." if dry_run else f"✓ {file} ; relancez / restart: {holders}", err=True
    )


def _line(settings: Settings, reference: int = 0) -> None:
    lines.tell(settings, Act.OPERATION_KEY_ROTATE, reference, EntryKind.KEY_OR_POLICY_CHANGE)
