"""The doctor on the published log: its folder beside the database's checkpoints, and what its witnesses say."""

from datetime import timedelta

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tierce.journal.errors import JournalError
from tierce.journal.kept import retired_log_keys
from tierce.journal.note import parse_verifier_key, read_checkpoint
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.witness.cosignature import WitnessKey
from tierce.journal.witness.store import Seen, seen
from tierce.kernel.clock import Clock
from tierce.kernel.language import Phrase
from tierce.settings import Settings
from tierce.upkeep.doctor.model import Finding, Grade, bad, good
from tierce.upkeep.health import store
from tierce.web.names import LOG_PUBLIC_FILE

SILENT_MAX = timedelta(hours=1)
"""The worker asks each witness every five seconds."""
BEHIND_SECONDS_MAX = 60.0
"""The worker brings its machine's files up to each checkpoint, its own or another machine's, within two seconds."""
_RESTORED = Phrase("suivez docs/runbooks/backup-and-restore.md", "follow docs/runbooks/backup-and-restore.md")
_VERIFY = Phrase(
    "`tierce journal verify`, puis docs/runbooks/journal-does-not-verify.md",
    "`tierce journal verify`, then docs/runbooks/journal-does-not-verify.md",
)


def line(settings: Settings) -> tuple[str, list[Ed25519PublicKey]] | None:
    """The log's origin, and its present and earlier keys; None when their files are missing or not such (`keys`)."""
    folder = settings.key_directory()
    try:
        origin, current = parse_verifier_key((folder / LOG_PUBLIC_FILE).read_text("utf-8"))
        return origin, [current, *retired_log_keys(folder)]
    except (OSError, ValueError, JournalError):
        return None


def published(connection: psycopg.Connection, settings: Settings) -> list[Finding]:
    """What anybody can read of the log is there, signed by it, and no later or other than the database's."""
    folder, keys = settings.log_directory(), line(settings)
    stored = store.newest_checkpoint(connection)
    if stored is None or keys is None:
        return []
    try:
        note = LogFolder(folder).checkpoint()
    except OSError:
        said = Phrase("ne peut être lu", "cannot be read")
        remedy = Phrase("lancez la commande en tant que root", "run this command as root")
        return [bad("log-unreadable", str(folder), said, remedy)]
    if note is None:
        said = Phrase("ne contient pas le journal", "does not hold the log")
        remedy = Phrase(
            "montez le disque, ou corrigez `log` dans les réglages ; sinon remettez le dossier depuis la sauvegarde",
            "mount the disk, or correct `log` in the settings; else bring the folder back from the backup",
        )
        return [bad("log-missing", str(folder), said, remedy)]
    origin, known = keys
    try:
        shown, size = read_checkpoint(note, origin, *known), read_checkpoint(stored, origin, *known).size
    except JournalError:
        said = Phrase("un point de contrôle n’est pas signé par le journal", "a checkpoint is not signed by the log")
        return [bad("log-foreign", str(folder), said, _VERIFY)]
    if shown.size > size:
        said = Phrase(
            f"publie {shown.size} lignes, la base en signe {size} : une sauvegarde plus ancienne a été restaurée",
            f"publishes {shown.size} lines, the database signs {size}: an older backup was restored",
        )
        return [bad("log-ahead", str(folder), said, _RESTORED)]
    root = store.root_bytes(connection, shown.size)
    if root is not None and root != shown.root:
        said = Phrase("contredit le point de contrôle de la base", "contradicts the database's checkpoint")
        return [bad("log-differs", str(folder), said, _VERIFY)]
    return behind(connection, shown.size, "log-behind", str(folder)) or [
        good("log", str(folder), "s’accorde avec la base", "agrees with the database")
    ]


def behind(connection: psycopg.Connection, size: int, code: str, where: str) -> list[Finding]:
    """That this machine holds `size` lines while more were signed a minute ago: its worker does not follow."""
    since = store.signed_after(connection, size, BEHIND_SECONDS_MAX)
    if since is None:
        return []
    said = Phrase(
        f"s’arrête à {size} lignes, et d’autres sont signées depuis le {since:%d/%m %H:%M} UTC",
        f"ends at {size} lines, and more have been signed since {since:%Y-%m-%d %H:%M} UTC",
    )
    remedy = Phrase(
        "relancez le `worker` de cette machine ; s’il ne suit toujours pas, `tierce journal tiles`",
        "start this machine's `worker` again; if it still does not follow, `tierce journal tiles`",
    )
    return [bad(code, where, said, remedy)]


def witnessed(connection: psycopg.Connection, settings: Settings, clock: Clock) -> list[Finding]:
    """Each witness of the settings cosigned lately, and none holds another history."""
    said = {one.witness: one for one in seen(connection)}
    found = [one for given in settings.witnesses for one in _witness(given.key, said, clock)]
    if found or not settings.witnesses:
        return found
    return [good("witnesses", "journal", "chaque témoin a contresigné", "each witness has cosigned")]


def _witness(line: str, said: dict[str, Seen], clock: Clock) -> list[Finding]:
    try:
        name = WitnessKey.parse(line).name
    except JournalError:
        remedy = Phrase("recopiez la ligne que donne `tierce witness key`", "copy what `tierce witness key` printed")
        wrong = Phrase("une clé de témoin est mal écrite", "a witness's key is malformed")
        return [bad("witness-key", "[[witnesses]]", wrong, remedy)]
    last = said.get(name)
    if last is not None and last.split:
        text = Phrase(
            f"tient une autre histoire du journal ({last.theirs} lignes)",
            f"holds another history of the log ({last.theirs} lines)",
        )
        return [bad("witness-split", name, text, Phrase("docs/runbooks/witnesses.md", "docs/runbooks/witnesses.md"))]
    if last is None or last.at is None:
        text = Phrase("n’a encore rien contresigné", "has cosigned nothing yet")
    elif clock.now() - last.at > SILENT_MAX:
        text = Phrase(
            f"n’a rien contresigné depuis le {last.at:%d/%m %H:%M} UTC", f"silent since {last.at:%Y-%m-%d %H:%M} UTC"
        )
    else:
        return []
    remedy = Phrase(
        "vérifiez son adresse et le réseau, ou demandez à qui le tient",
        "check its address and the network, or ask whoever runs it",
    )
    return [bad("witness-silent", name, text, remedy, grade=Grade.WARNING)]
