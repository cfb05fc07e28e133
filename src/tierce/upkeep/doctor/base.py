"""The doctor on the database: who can reach it, its version and settings, its clock, the sequencer, imports."""

from collections.abc import Mapping
from pathlib import Path

import psycopg

from tierce.journal.errors import JournalError
from tierce.journal.kept import KeptCheckpoint
from tierce.journal.note import read_checkpoint
from tierce.journal.segments import store as segment_rows
from tierce.journal.segments.files import ahead
from tierce.kernel.clock import Clock
from tierce.kernel.durable import PART
from tierce.kernel.language import Phrase
from tierce.policy.transfers import REPLY_DAYS, replies_due
from tierce.settings import Settings
from tierce.storage import heartbeat
from tierce.storage.cluster import SUPERUSER
from tierce.storage.roles import ROLES
from tierce.storage.said import is_crowded, refused
from tierce.storage.shape import altered
from tierce.storage.version import head_version, program, stored_version, unbuilt
from tierce.upkeep.doctor import archive, aside, log, lookups, peers, remote, timers
from tierce.upkeep.doctor.files import MADE_BY
from tierce.upkeep.doctor.model import Finding, Grade, bad, good
from tierce.upkeep.doctor.road import road
from tierce.upkeep.health import locks as foreign_locks
from tierce.upkeep.health import store
from tierce.upkeep.health.service import (
    BEAT_SECONDS_MAX,
    BEATING,
    BILLING,
    LAG_SECONDS_MAX,
    NOTICES,
    NOTICES_SECONDS_MAX,
    WORKER,
    billing_state,
    notices_state,
    watched_in,
)
from tierce.web.names import CHECKPOINT_FILE

ROLE = "tierce_upkeep"
ALTERED_SHOWN = 5
VERSION_MIN = 150_000
CLOCK_WARNING, CLOCK_BAD = 1.0, 60.0
LOCK_SECONDS_MAX = 5.0
LOCK_WAIT_SECONDS = 5
INVOICE_SECONDS_MAX = 900.0
"""Invoices are decided within seconds."""
IMPORT_SECONDS_MAX = 6 * 3600.0
"""Thirty-three million people take less; a file that has run for longer was left by a process that died."""
LEFT_SECONDS = 26 * 3600.0
"""The sealing of each night removes what an earlier one left."""
_LOSES = Phrase("une panne perdrait des lignes", "a crash would lose lines")
_OUTLIVES = Phrase("un verrou survivrait à sa connexion", "a lock would outlive its connection")
_WANTED = {
    "fsync": (("on",), _LOSES),
    "full_page_writes": (("on",), _LOSES),
    "synchronous_commit": (("on", "remote_apply"), _LOSES),
    "max_prepared_transactions": (("0",), _OUTLIVES),
}
"""What a setting of the server may be, the usual value first, and what would come of another."""


def reach(settings: Settings) -> list[Finding]:
    """Each role signs in with its own password, and the administrator with the one that backups use."""
    found = []
    for role in (*ROLES, SUPERUSER):
        try:
            settings.connection().connect(role).close()
        except (FileNotFoundError, PermissionError):
            continue  # said with the password files
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                said = Phrase("n’est pas admis : mot de passe refusé", "is not let in: its password is refused")
                found.append(bad("role-denied", role, said, _AGAIN[role == SUPERUSER]))
                continue
            code = "database-crowded" if is_crowded(error) else "database-down"
            found.append(
                bad(code, role, Phrase("n’atteint pas la base", "does not reach the database"), refused(error))
            )
            break
    return found or [good("roles", "database", "chaque rôle entre", "each role is let in")]


_AGAIN = {
    False: Phrase("`tierce upgrade` remet les mots de passe", "`tierce upgrade` sets the passwords again"),
    True: MADE_BY["admin-password"],
}
"""What sets a password again: of a role, of the administrator."""


def locks(settings: Settings) -> list[Finding]:
    """Nobody's transaction holds for long what others wait for: a person's `psql` may, and stops the whole gate."""
    try:
        connection = settings.connection().connect(ROLE)
    except (OSError, psycopg.Error):
        return []  # said by `reach`
    with connection:
        found = [
            bad(
                "lock-held",
                f"PostgreSQL, {one.pid}",
                Phrase(
                    f"ce processus du rôle {one.role} tient un verrou attendu depuis {one.seconds:.0f} s",
                    f"this process of role {one.role} holds a lock waited for since {one.seconds:.0f} s",
                ),
                Phrase(
                    f"faites finir sa transaction, ou `select pg_terminate_backend({one.pid})` en tant que postgres",
                    f"have its transaction ended, or `select pg_terminate_backend({one.pid})` as postgres",
                ),
            )
            for one in store.holders(connection, LOCK_SECONDS_MAX)
        ]
        found += [
            bad(
                "lock-foreign",
                f"PostgreSQL, {one.pid}",
                Phrase(
                    f"un programme de rôle {one.role} tient notre verrou « {one.lock} » : on l’attend en silence",
                    f"a program of role {one.role} holds our lock “{one.lock}”: it is waited for in silence",
                ),
                Phrase(
                    "donnez à ce programme une autre base, ou d’autres numéros de verrou ; un rôle de Tierce qui ne "
                    "prend pas ce verrou est volé : `tierce keys passwords`",
                    "give that program a database of its own, or other lock numbers; a role of Tierce's that never "
                    "takes this lock was stolen: `tierce keys passwords`",
                ),
            )
            for one in foreign_locks.foreign(connection)
        ]
    return found or [good("locks", "PostgreSQL", "personne n’attend un verrou", "nobody waits for a lock")]


def inside(settings: Settings, clock: Clock) -> list[Finding]:
    """Everything that is read once inside, as the role of upkeep."""
    try:
        connection = settings.connection().connect(ROLE)
    except (OSError, psycopg.Error):
        return []  # said by `reach`
    with connection:
        store.give_up_waiting(connection, LOCK_WAIT_SECONDS)
        first = [*_server(connection, settings), *_schema(connection), *_clock(connection, clock)]
        if stored_version(connection) != head_version():
            return first  # what follows is asked of tables and functions that another schema may not have
        return [
            *first,
            *_sequencer(connection),
            *programs(connection),
            *_notices(connection, settings),
            *aside.messages(connection),
            *_invoices(connection),
            *replies(connection, clock),
            *_imports(connection),
            *_kept(connection, settings),
            *segments(connection, settings.segments_directory(), clock),
            *log.published(connection, settings),
            *log.witnessed(connection, settings, clock),
            *timers.late(connection),
            *peers.alerts(connection, clock),
            *remote.insurers(connection, clock),
            *lookups.keys(connection, settings, clock),
            *lookups.doors(connection, settings),
        ]


def _server(connection: psycopg.Connection, settings: Settings) -> list[Finding]:
    found = []
    if connection.info.server_version < VERSION_MIN:
        remedy = Phrase("passez à PostgreSQL 15 ou plus récent", "move to PostgreSQL 15 or newer")
        found.append(bad("server-old", "PostgreSQL", Phrase("est trop ancien", "is too old"), remedy))
    found += unsafe(store.server_settings(connection, list(_WANTED)))
    found += archive.kept_elsewhere(connection)
    found += road(settings.database, encrypted=store.connection_is_encrypted(connection))
    return found or [good("server", "PostgreSQL", "réglages sûrs", "its settings are safe")]


def unsafe(values: Mapping[str, str]) -> list[Finding]:
    """Settings of the server that are not as they must be, by name."""
    found = []
    for name, value in values.items():
        wanted, why = _WANTED[name]
        if value not in wanted:
            said = Phrase(f"vaut {value} : {why.fr}", f"is {value}: {why.en}")
            remedy = Phrase(
                f"`{name} = {wanted[0]}` dans postgresql.conf, puis redémarrez PostgreSQL",
                f"`{name} = {wanted[0]}` in postgresql.conf, then restart PostgreSQL",
            )
            found.append(bad("server-setting", name, said, remedy))
    return found


def _schema(connection: psycopg.Connection) -> list[Finding]:
    here, there = head_version(), stored_version(connection)
    if there == here:
        return (
            _indexes(connection)
            or _altered(connection)
            or [good("schema", here, "est la version du programme", "is this program's version")]
        )
    if there is not None and there > here:
        said = Phrase(
            f"la base est en {there}, plus récente que le programme",
            f"the database is at {there}, newer than the program",
        )
        remedy = Phrase("installez la version du programme qui l’a migrée", "install the program that upgraded it")
    else:
        said = Phrase(f"la base est en {there}", f"the database is at {there}")
        remedy = Phrase("sauvegardez, puis `tierce upgrade`", "take a backup, then `tierce upgrade`")
    return [bad("schema", here, said, remedy)]


def _indexes(connection: psycopg.Connection) -> list[Finding]:
    missing = unbuilt(connection)
    if not missing:
        return []
    said = Phrase(
        f"{', '.join(missing)} : pas encore construit, ce qu’il trouve se cherche dans toute la table",
        f"{', '.join(missing)}: not built yet, what it finds is looked for in the whole table",
    )
    remedy = Phrase("`tierce upgrade`, qui reprend là", "`tierce upgrade`, which goes on there")
    return [bad("index-missing", "PostgreSQL", said, remedy, grade=Grade.WARNING)]


def _altered(connection: psycopg.Connection) -> list[Finding]:
    """What somebody changed by hand: a privilege, a trigger, a column; whoever needs it fails, or does too much."""
    found = altered(connection)
    if not found:
        return []
    named = ", ".join(found[:ALTERED_SHOWN]) + (f", … ({len(found)})" if len(found) > ALTERED_SHOWN else "")
    said = Phrase(
        f"{named} : n’est pas ce que cette version fait, quelqu’un l’a changé à la main",
        f"{named}: is not what this version makes, somebody changed it by hand",
    )
    remedy = Phrase(
        "`tierce upgrade` remet droits, fonctions et index ; ce qui reste d’une table, défaites-le comme cela fut "
        "fait (colonne, contrainte, déclencheur éteint : `alter table … enable trigger all`)",
        "`tierce upgrade` puts privileges, functions and indexes right; what is left of a table, undo as it was done "
        "(a column, a constraint, a trigger put to sleep: `alter table … enable trigger all`)",
    )
    return [bad("schema-altered", "PostgreSQL", said, remedy)]


def _clock(connection: psycopg.Connection, clock: Clock) -> list[Finding]:
    skew = abs((clock.now() - store.server_now(connection)).total_seconds())
    if skew <= CLOCK_WARNING:
        return [good("clock", "PostgreSQL", "les horloges s’accordent", "the clocks agree")]
    said = Phrase(f"son horloge s’écarte de {skew:.0f} s", f"its clock is {skew:.0f} s off")
    remedy = Phrase("réglez NTP sur les deux machines", "set up NTP on both machines")
    return [bad("clock", "PostgreSQL", said, remedy, grade=Grade.BAD if skew > CLOCK_BAD else Grade.WARNING)]


_DUTY_REMEDY = Phrase(
    "lisez dans son journal technique la nature et le lieu de l’échec ; vérifiez les droits de ses dossiers",
    "read the kind and the place of the failure in its log; check the modes of its folders",
)


_NOTICES_REMEDY = Phrase(
    "`journalctl -u tierce-notices` dit la nature de chaque échec ; une liste d’organisme (« list ») attend qu’une "
    "clé ou des droits se relisent : docs/runbooks/telling-insurers.md",
    "`journalctl -u tierce-notices` says the kind of each failure; an insurer's list (“list”) waits for a key or for "
    "cover that opens: docs/runbooks/telling-insurers.md",
)


def _sequencer(connection: psycopg.Connection) -> list[Finding]:
    found = []
    remedy = Phrase(
        "regardez le journal technique du `worker` et relancez-le", "read the `worker`'s log and start it again"
    )
    beats = {one.process: one for one in heartbeat.read(connection)}
    if WORKER not in beats or beats[WORKER].age_seconds > BEAT_SECONDS_MAX:
        found.append(
            bad("worker-silent", WORKER, Phrase("ne donne plus signe de vie", "gives no sign of life"), remedy)
        )
    elif beats[WORKER].failing:
        names = ", ".join(beats[WORKER].failing)
        said = Phrase(f"ne peut plus accomplir : {names}", f"can no longer do: {names}")
        found.append(bad("worker-duty", WORKER, said, _DUTY_REMEDY))
    late = heartbeat.waiting(connection).oldest_seconds
    if late is not None and late > LAG_SECONDS_MAX:
        said = Phrase(
            f"une ligne attend le point de contrôle depuis {late:.0f} s",
            f"a line has waited {late:.0f} s for a checkpoint",
        )
        found.append(bad("sequencer-late", "journal", said, remedy))
    return found or [good("sequencer", "journal", "le journal suit", "the journal keeps up")]


def programs(connection: psycopg.Connection) -> list[Finding]:
    """Whoever listens nowhere and was not started again after an upgrade goes on with the program of before."""
    return [
        bad(
            "program-other",
            one.process,
            Phrase(
                f"tourne encore sous un autre programme ({one.version}) que celui-ci ({program()})",
                f"still runs another program ({one.version}) than this one ({program()})",
            ),
            Phrase(*[f"`systemctl restart tierce-{one.process}`"] * 2),
        )
        for one in heartbeat.read(connection)
        if one.process in BEATING and one.age_seconds <= NOTICES_SECONDS_MAX and one.version != program()
    ]


def _notices(connection: psycopg.Connection, settings: Settings) -> list[Finding]:
    """Where there is a relay, `tierce notice run` tells insurers and people; nobody sees that it does not."""
    if NOTICES not in watched_in(settings):
        return []
    state = notices_state(connection)
    if state.ready:
        return [good("notices", NOTICES, "les tours se suivent", "its turns go on")]
    if state.live:
        names = ", ".join(one.removeprefix("duty ") for one in state.checks if one.startswith("duty "))
        if not names:
            return []  # said with the other programs
        said = Phrase(f"échoue à chaque tour, pour : {names}", f"fails at each turn, for: {names}")
        return [bad("notices-duty", NOTICES, said, _NOTICES_REMEDY)]
    said = Phrase("ne donne plus signe de vie", "gives no sign of life")
    remedy = Phrase(
        "`systemctl status tierce-notices`, puis relancez-le : organismes et personnes attendent",
        "`systemctl status tierce-notices`, then start it again: insurers and people are waiting",
    )
    return [bad("notices-silent", NOTICES, said, remedy)]


def replies(connection: psycopg.Connection, clock: Clock) -> list[Finding]:
    """What the bank has not replied, and what it said that nobody wrote since."""
    batches, unsaid = store.unanswered(connection, replies_due(clock.now()))
    page = "docs/runbooks/pay.md"
    found = []
    if batches:
        said = Phrase(
            f"la banque ne dit rien de {batches} lots, dont le fichier a plus de {REPLY_DAYS} jours ouvrés",
            f"the bank says nothing of {batches} batches, whose file is over {REPLY_DAYS} working days old",
        )
        remedy = Phrase(
            f"lisez ses fichiers (`tierce billing bank`), ou demandez-lui s’il est parti ({page})",
            f"take its files in (`tierce billing bank`), or ask it whether the file left ({page})",
        )
        found.append(bad("bank-silent", "virements / transfers", said, remedy, grade=Grade.WARNING))
    if unsaid:
        said = Phrase(
            f"{unsaid} retours, rejets ou départs que la banque a dits ne sont pas, {REPLY_DAYS} jours ouvrés après, "
            "ce que le bureau en dit",
            f"{unsaid} returns, rejections or bookings that the bank told are not, {REPLY_DAYS} working days on, "
            "what the office says of them",
        )
        remedy = Phrase(
            f"ouvrez-les au bureau, page Virements ({page})", f"open them in the office, Transfers ({page})"
        )
        found.append(bad("bank-unsaid", "virements / transfers", said, remedy, grade=Grade.WARNING))
    return found


def _invoices(connection: psycopg.Connection) -> list[Finding]:
    """`billing` decides invoices; nobody else sees that it does not, or that one of them waits for somebody."""
    late, state = store.oldest_invoice(connection), billing_state(connection)
    if state.live and late <= INVOICE_SECONDS_MAX:
        return [
            good(
                "invoices",
                BILLING,
                "aucune facture ni prise en charge n’attend longtemps",
                "no invoice or agreement waits for long",
            )
        ]
    if state.live:
        said = Phrase(
            f"une facture ou une prise en charge attend depuis {late / 60:.0f} min",
            f"an invoice or an agreement has waited {late / 60:.0f} min",
        )
        remedy = Phrase(
            "le bureau, « Factures que rien ne décide », dit laquelle et pourquoi ; sinon, `billing` arrêté, `tierce "
            "billing run --once` dit ce qui manque : droits d’une personne, clé, programme",
            "the office, « Factures que rien ne décide », says which and why; or stop `billing`: `tierce billing run "
            "--once` says what is lacking: a person's cover, a key, the program",
        )
        return [bad("invoices-wait", BILLING, said, remedy)]
    said = Phrase("ne donne plus signe de vie", "gives no sign of life")
    remedy = Phrase(
        "`systemctl status tierce-billing`, puis relancez-le : factures et prises en charge attendent",
        "`systemctl status tierce-billing`, then start it again: invoices and agreements wait",
    )
    return [bad("billing-silent", BILLING, said, remedy)]


def _imports(connection: psycopg.Connection) -> list[Finding]:
    stuck = [one for one in store.running_imports(connection) if one.seconds > IMPORT_SECONDS_MAX]
    if not stuck:
        return [good("imports", "registry.feed", "aucun fichier bloqué", "no file is stuck")]
    remedy = Phrase(
        "relancez le même fichier : il reprend où il en était", "take the same file in again: it goes on where it was"
    )
    return [
        bad(
            "import-stuck",
            f"{one.kind} {one.number}",
            Phrase(f"en cours depuis {one.seconds / 3600:.0f} h", f"running for {one.seconds / 3600:.0f} h"),
            remedy,
        )
        for one in stuck
    ]  # fmt: skip - one finding, two lines


def segments(connection: psycopg.Connection, folder: Path, clock: Clock) -> list[Finding]:
    """Each sealed segment is there, none goes further than the database, and none was left half made."""
    further = ahead(folder, segment_rows.tree_size(connection))
    if further:
        said = Phrase(
            f"{len(further)} fichiers scellés vont plus loin que la base : une plus ancienne a été ramenée",
            f"{len(further)} sealed files go further than the database: an older one was brought back",
        )
        remedy = Phrase(
            "n’en retirez aucun ; processus arrêtés, `tierce restore adopt` les met à part : "
            "docs/runbooks/backup-and-restore.md",
            "remove none; with the processes stopped, `tierce restore adopt` puts them aside: "
            "docs/runbooks/backup-and-restore.md",
        )
        return [bad("segments-ahead", str(folder), said, remedy)]
    before = clock.now().timestamp() - LEFT_SECONDS
    left = [path for path in folder.glob(f"*{PART}") if path.stat().st_mtime < before]
    if left:
        said = Phrase(
            f"{len(left)} fichiers d’un scellement interrompu", f"{len(left)} files of a sealing that was stopped"
        )
        remedy = Phrase("`tierce journal seal` les retire", "`tierce journal seal` removes them")
        return [bad("segments-left", str(folder), said, remedy, grade=Grade.WARNING)]
    missing = [path for one in segment_rows.segments(connection) for path in one.paths(folder) if not path.is_file()]
    if not missing:
        return [good("segments", str(folder), "chaque segment scellé est là", "each sealed segment is there")]
    said = Phrase(
        f"{len(missing)} fichiers du journal scellé manquent", f"{len(missing)} files of sealed lines are missing"
    )
    remedy = Phrase(
        f"remettez {missing[0].name} depuis une sauvegarde, puis `tierce journal verify`",
        f"bring {missing[0].name} back from a backup, then `tierce journal verify`",
    )
    return [bad("segment-missing", str(folder), said, remedy)]


def _kept(connection: psycopg.Connection, settings: Settings) -> list[Finding]:
    folder, line = settings.state_directory(), log.line(settings)
    note = None if folder is None else KeptCheckpoint(folder / CHECKPOINT_FILE).read()
    stored = store.newest_checkpoint(connection)
    if folder is not None and note is None and stored is not None:
        said = Phrase(
            "n’est pas gardé : une restauration ne saurait pas ce qu’elle a perdu",
            "is not kept: a restore would not know what it lost",
        )
        remedy = Phrase(
            "le `worker` l’écrit à chaque pas : regardez son journal technique et les droits du dossier",
            "the `worker` writes it at each step: look at its log and at the folder's modes",
        )
        return [bad("checkpoint-missing", CHECKPOINT_FILE, said, remedy)]
    if note is None or line is None:
        return []
    origin, known = line
    remedy = Phrase("suivez docs/runbooks/backup-and-restore.md", "follow docs/runbooks/backup-and-restore.md")
    try:
        kept = read_checkpoint(note, origin, *known)
        size = 0 if stored is None else read_checkpoint(stored, origin, *known).size
    except JournalError:
        said = Phrase("un point de contrôle n’est pas signé par le journal", "a checkpoint is not signed by the log")
        return [bad("checkpoint-foreign", CHECKPOINT_FILE, said, remedy)]
    if kept.size > size:
        said = Phrase(
            f"en garde {kept.size} lignes, la base en signe {size} : une sauvegarde plus ancienne a été restaurée",
            f"keeps {kept.size} lines, the database signs {size}: an older backup was restored",
        )
        return [bad("checkpoint-ahead", CHECKPOINT_FILE, said, remedy)]
    root = store.root_bytes(connection, kept.size)
    if root is not None and root != kept.root:
        said = Phrase("contredit le point de contrôle de la base", "contradicts the database's checkpoint")
        return [bad("checkpoint-differs", CHECKPOINT_FILE, said, remedy)]
    return log.behind(connection, kept.size, "checkpoint-behind", CHECKPOINT_FILE) or [
        good("checkpoint", CHECKPOINT_FILE, "s’accorde avec la base", "agrees with the database")
    ]
