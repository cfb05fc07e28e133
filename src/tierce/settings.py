"""Typed settings of every process, read once from one TOML file; production refuses what is meant for a desk.

Secrets are never in the file: it names directories of key and password files. `tierce serve --settings FILE`.
"""

import codecs
import os
import re
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pyrage

from tierce.kernel.errors import TierceError
from tierce.kernel.language import Phrase
from tierce.kernel.os_errors import os_reason
from tierce.policy.returning import SIGN_INS_A_SECOND, SIGN_INS_MOST
from tierce.storage.database import Database

DEVELOPMENT_PREFIX = "dev-insecure-"
"""Every secret made for a demonstration starts so; production refuses to start with one."""


WORKERS_DEFAULT_MAX = 8
WORKERS_MAX = 64
_SITES = ("portal", "api", "office", "persons", "insurers")
_REALMS = ("psc", "staff", "persons_provider", "insurers_provider")


class SettingsError(TierceError):
    """A setting is missing, unknown or not acceptable; its text says which and what to do, in French and English."""

    def __init__(self, message: str, why: Phrase | None = None) -> None:
        """Keep apart what is wrong, for whoever has named the file already."""
        super().__init__(message)
        self.why = Phrase(message, message) if why is None else why


class Mode(StrEnum):
    """What the processes are run for."""

    DEMO = "demo"
    PRODUCTION = "production"


class DatabaseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Address of PostgreSQL; passwords are files `<role>.password` in `secrets`."""

    host: str
    port: int
    name: str
    secrets: str
    authority: str | None = None
    """File of the authority that signed the server's certificate; left out, no certificate is asked for."""


class SiteSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One site: the address that browsers use, and the loopback port its process listens on."""

    url: str
    port: int


class PortalSiteSettings(SiteSettings, frozen=True, forbid_unknown_fields=True):
    """The professionals' portal: its address, and how many sign in at once."""

    sign_ins: int = SIGN_INS_A_SECOND
    """Sign-ins that its process lets begin each second; the others have their turn."""


class ApiSettings(SiteSettings, frozen=True, forbid_unknown_fields=True):
    """The API: its address, and how many processes serve it."""

    workers: int = 0
    """Processes that share the port, each with its own gate and connections; 0 for one a processor, 8 at most."""

    @property
    def processes(self) -> int:
        """How many processes serve it on this machine."""
        return self.workers or min(WORKERS_DEFAULT_MAX, len(os.sched_getaffinity(0)))


class SignerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signer of dynamic cards: the loopback port on which the persons' space finds it. No browser ever does."""

    port: int


class RealmSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One OpenID provider. The discovery address is given, never derived from the issuer."""

    discovery: str
    issuer: str
    client_id: str
    client_secret_file: str
    scope: str = "openid"
    acr_values: str | None = None
    client_secret_until: date | None = None
    """The last day of the client secret, when the provider gives one: `tierce doctor` warns a month before."""


class OperatorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The operator, as it is named to people and signs its notices."""

    name: str
    address: str
    phone: str
    officer: str
    officer_email: str


class DepositSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where deposits wait while closed, and where the status page is written."""

    spool: str | None = None
    """Folder of sealed deposits, of one `api` and the worker; `spool` beside the keys when left out."""
    status: str | None = None
    """Folder of the static status page, which the worker writes; none when left out."""
    status_path: str | None = None
    """The path at which the portal's own host serves that folder, for the portal to lead to."""


class MailSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The relay that takes the messages of an incident, how they are signed, and where what comes back is read."""

    host: str
    port: int
    sender: str
    """The address that people see; it names a mailbox somebody reads."""
    bounces: str
    """The domain of return paths: its mail is kept in the folder `returned`."""
    dkim_domain: str
    dkim_selector: str
    dkim_key: str
    """PEM file of the signing key, which `tierce notice mail-key` makes."""
    starttls: bool = True
    """Without it, only a relay on this very machine is written to."""
    user: str | None = None
    password_file: str | None = None
    connections: int = 8
    rate: float = 0.0
    """Messages a second at most; 0 for as many as the relay takes."""
    log: str | None = None
    """The relay's own log, which settles doubts by Message-ID."""
    returned: str | None = None
    """Folder of the mailbox of return paths, a Maildir or plain files."""


class PaymentSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The account that pays what is due, and who takes its files to the bank."""

    account: str
    """IBAN of the operator's account."""
    recipient: str
    """age public key: files for the bank are encrypted to it, and read by nobody else."""
    folder: str | None = None
    """Folder of files for the bank; `payments` beside the keys when left out."""


class WitnessSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One witness of the log, run by somebody else: its address, and its public line."""

    url: str
    key: str


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a process needs to start."""

    mode: Mode
    operator: OperatorSettings
    keys: str
    database: DatabaseSettings
    portal: PortalSiteSettings
    api: ApiSettings
    office: SiteSettings
    persons: SiteSettings
    insurers: SiteSettings
    psc: RealmSettings
    staff: RealmSettings
    persons_provider: RealmSettings
    insurers_provider: RealmSettings
    deposits: DepositSettings = DepositSettings()
    signer: SignerSettings | None = None
    peers: SiteSettings | None = None
    """Where other operators push their alerts; its address is what they sign for. Left out, none are taken in."""
    """Left out, nobody is given a dynamic card."""
    portal_software: int = 1
    """The portal's own number in directory.software."""
    demo_people: str | None = None
    """File of invented people for the demonstration's form-filling button; refused in production."""
    state: str | None = None
    """Directory, outside the database, where the worker keeps its last checkpoint and its metrics."""
    log: str | None = None
    """Folder of the log's tiles and its checkpoint, which the worker writes; if left out, `log` beside the keys."""
    segments: str | None = None
    """Folder of the journal's sealed segments, which `tierce journal seal` writes; `segments` beside the keys."""
    mail: MailSettings | None = None
    """Left out, no message leaves by e-mail."""
    letters: str | None = None
    """Folder of batches of letters to print; `letters` beside the keys."""
    payments: PaymentSettings | None = None
    """Left out, nothing is paid from here: what is due waits."""
    witnesses: tuple[WitnessSettings, ...] = ()
    """Whoever checks that the log only grows, and cosigns its checkpoints."""

    def connection(self) -> Database:
        """Return how to reach the database."""
        folder = credentials() or Path(self.database.secrets)
        given = self.database
        authority = None if given.authority is None else Path(given.authority)
        return Database(given.host, given.port, given.name, folder, authority)

    def state_directory(self) -> Path | None:
        """Return the worker's directory outside the database, if the operator gives one."""
        return None if self.state is None else Path(self.state)

    def spool_directory(self) -> Path:
        """Return the folder of sealed deposits."""
        given = self.deposits.spool
        return Path(given) if given is not None else self.key_directory().parent / "spool"

    def log_directory(self) -> Path:
        """Return the folder of the log's tiles, which must be there before the worker starts."""
        return Path(self.log) if self.log is not None else self.key_directory().parent / "log"

    def letters_directory(self) -> Path:
        """Return the folder of batches of letters; names and addresses stand in it until they are posted."""
        return Path(self.letters) if self.letters is not None else self.key_directory().parent / "letters"

    def payments_directory(self) -> Path:
        """Return the folder of files for the bank, encrypted."""
        given = self.payments.folder if self.payments is not None else None
        return Path(given) if given is not None else self.key_directory().parent / "payments"

    def treasurer(self) -> str | None:
        """The age public key of whoever takes files to the bank; None where nothing is paid from here.

        Raises:
            SettingsError: it is none.
        """
        if self.payments is None:
            return None
        try:
            pyrage.x25519.Recipient.from_str(self.payments.recipient)
        except pyrage.RecipientError:
            msg = (
                "payments.recipient : il faut une clé publique age, que donne age-keygen / "
                "payments.recipient: must be an age public key, which age-keygen gives"
            )
            raise SettingsError(msg) from None
        return self.payments.recipient

    def segments_directory(self) -> Path:
        """Return the folder of sealed segments; it is not there while nothing was sealed."""
        return Path(self.segments) if self.segments is not None else self.key_directory().parent / "segments"

    def key_directory(self) -> Path:
        """Return the directory of key files: the service manager's own, when it hands this process its files."""
        return credentials() or Path(self.keys)


def credentials() -> Path | None:
    """The folder of files that the service manager hands to this process alone (systemd's `LoadCredential=`)."""
    named = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(named) if named else None


def _is_given(path: Path) -> bool:
    """Whether this process is meant to read a secret: under a service manager, only those it was handed."""
    handed = credentials()
    return handed is None or (handed / path.name).exists()


def load(path: Path) -> Settings:
    """Read and check a settings file; every complaint names the field and what to do."""
    try:
        text = path.read_bytes()
    except OSError as error:
        why = os_reason(error)
        msg = f"fichier de réglages {path} : {why.fr} / settings file {path}: {why.en}"
        raise SettingsError(msg, why) from None
    try:
        settings = msgspec.toml.decode(text.removeprefix(codecs.BOM_UTF8), type=Settings)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        why = _complaint(str(error))
        raise SettingsError(f"{path}: {_both(why)}", why) from None
    check(settings)
    return settings


_MISSING_OR_UNKNOWN = re.compile(
    r"Object (missing required|contains unknown) field `([^`]+)`(?: - at `\$\.?([^`]*)`)?"
)
_OTHER_KIND = re.compile(r"Expected `([^`]+)`, got `([^`]+)` - at `\$\.?([^`]*)`")
_NOT_ALLOWED = re.compile(r"Invalid enum value .* - at `\$\.?([^`]*)`")


def _complaint(said: str) -> Phrase:
    """What the reader of TOML found wrong, by the field and what to do; never a value."""
    if found := _MISSING_OR_UNKNOWN.fullmatch(said):
        field = ".".join(part for part in (found[3], found[2]) if part)
        if found[1] == "missing required":
            return Phrase(f"le champ {field} manque : ajoutez-le", f"the field {field} is missing: add it")
        return Phrase(
            f"le champ {field} est inconnu : retirez-le, ou corrigez son nom",
            f"the field {field} is unknown: remove it, or correct its name",
        )
    if found := _OTHER_KIND.fullmatch(said):
        return Phrase(
            f"{found[3]} : lu {found[2]} au lieu de {found[1]} ; corrigez cette valeur",
            f"{found[3]}: read {found[2]} instead of {found[1]}; correct this value",
        )
    if found := _NOT_ALLOWED.fullmatch(said):
        allowed = ", ".join(Mode)
        return Phrase(
            f"{found[1]} : valeur inconnue ; donnez l’une de : {allowed}",
            f"{found[1]}: unknown value; give one of: {allowed}",
        )
    return Phrase(f"ce n’est pas du TOML en UTF-8 : {said}", f"this is not TOML in UTF-8: {said}")


def _both(said: Phrase) -> str:
    return f"{said.fr} / {said.en}"


def check(settings: Settings) -> None:
    """Refuse what cannot work; in production also development secrets, plain HTTP and demonstration data."""
    if not 0 <= settings.api.workers <= WORKERS_MAX:
        said = Phrase(
            f"api.workers : de 0 à {WORKERS_MAX} ; 0, ou rien, en lance un par processeur",
            f"api.workers: must be 0 to {WORKERS_MAX}; 0, or leaving it out, starts one a processor",
        )
        raise SettingsError(_both(said))
    if not 1 <= settings.portal.sign_ins <= SIGN_INS_MOST:
        said = Phrase(
            f"portal.sign_ins : de 1 à {SIGN_INS_MOST} par seconde ; sans ce réglage, {SIGN_INS_A_SECOND}",
            f"portal.sign_ins: must be 1 to {SIGN_INS_MOST} a second; left out, {SIGN_INS_A_SECOND}",
        )
        raise SettingsError(_both(said))
    if settings.mode is Mode.DEMO:
        return
    complaints = [*_demonstration(settings), *_plain(settings), *_development(settings)]
    if complaints:
        head = _both(Phrase("la production refuse ces réglages", "production refuses these settings"))
        raise SettingsError(f"{head}:\n- " + "\n- ".join(map(_both, complaints)))


def _demonstration(settings: Settings) -> Iterator[Phrase]:
    if settings.demo_people is not None:
        yield Phrase(
            "demo_people : retirez-le, il remplit les formulaires de personnes inventées",
            "demo_people: remove it, it fills forms with invented people",
        )


def _plain(settings: Settings) -> Iterator[Phrase]:
    """Addresses, ours and of providers, that are no https."""
    addresses = {f"{name}.url": getattr(settings, name).url for name in _SITES}
    addresses |= {f"{name}.discovery": getattr(settings, name).discovery for name in _REALMS}
    for name, address in addresses.items():
        if urlsplit(address).scheme != "https":
            yield Phrase(f"{name} : il faut une adresse https", f"{name}: must be an https address")


def _development(settings: Settings) -> Iterator[Phrase]:
    """Secrets that a demonstration made."""
    for name in _REALMS:
        file = Path(getattr(settings, name).client_secret_file)
        if _is_given(file) and secret(file).startswith(DEVELOPMENT_PREFIX):
            yield Phrase(
                f"{name}.client_secret_file : secret de démonstration ; mettez-y le vrai",
                f"{name}.client_secret_file: holds a development secret; put the real one there",
            )
    for password in sorted(settings.connection().secrets.glob("*.password")):
        if secret(password).startswith(DEVELOPMENT_PREFIX):
            yield Phrase(
                f"database.secrets : {password.name} est un secret de démonstration ; tirez-en un autre",
                f"database.secrets: {password.name} holds a development secret; draw a new one",
            )


def secret(path: Path) -> str:
    """Read one secret file, or raise SettingsError naming it."""
    handed = credentials()
    if handed is not None and (handed / path.name).exists():
        path = handed / path.name
    try:
        return path.read_text().strip()
    except OSError as error:
        why = os_reason(error)
        msg = f"fichier de secret {path} : {why.fr} / secret file {path}: {why.en}"
        raise SettingsError(msg) from None
