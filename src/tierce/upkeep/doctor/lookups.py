"""The doctor on keys that the database knows: each file is its own, and no replacement was left half-way."""

import psycopg

from tierce.journal.service import LOG_KEY_NAME
from tierce.kernel.clock import Clock
from tierce.kernel.errors import TierceError
from tierce.kernel.language import Phrase
from tierce.settings import Settings
from tierce.storage.insurer_keys import foreign_doors
from tierce.storage.keys import COMPARTMENT_KEYS, LOOKUPS, PROVED, Keyring, Purpose
from tierce.storage.lookup_keys import Progress, mark
from tierce.upkeep.doctor.files import UNFINISHED_MAX
from tierce.upkeep.doctor.model import Finding, Grade, bad, good
from tierce.upkeep.health import store
from tierce.upkeep.service import INSTANCES
from tierce.web.names import KEYS

ROLE = "tierce_upkeep"


def keys(connection: psycopg.Connection, settings: Settings, clock: Clock) -> list[Finding]:
    """Whether each serves, and how a replacement that was begun goes on."""
    found = []
    for purpose in (*LOOKUPS, *PROVED):
        now, name = mark(connection, purpose), f"{purpose}.key"
        if not (settings.key_directory() / name).exists():
            continue  # said with the key files
        try:
            now.hold(Keyring(settings.key_directory(), [purpose]), purpose)
        except TierceError:
            wrong = _WRONG.get(purpose, _NOBODY)
            said = Phrase(
                f"n’est pas le fichier de cette base, qui est sous la clé {now.generation} : {wrong.fr}",
                f"is not the file of this database, which is under key {now.generation}: {wrong.en}",
            )
            holders = " et / and ".join(one for one, given in KEYS.items() if purpose in given) or "tierce feed"
            remedy = Phrase(
                "remettez le fichier d’aujourd’hui, de sa copie scellée ou d’une autre machine, puis relancez "
                f"{holders.replace(' / and', '')}",
                "bring today's file back, from its sealed copy or from another machine, then start again "
                f"{holders.replace('et / ', '')}",
            )
            found.append(bad("lookup-key", name, said, remedy))
            continue
        if now.step is not Progress.NONE and clock.now() - now.since > UNFINISHED_MAX:
            found.append(_unfinished(name, purpose.value, now.step))
    files = ", ".join(f"{one}.key" for one in (*LOOKUPS, *PROVED))
    return found or [good("lookup-keys", files, "sont ceux de la base", "are the database's")]


_NOBODY = Phrase("personne n’est trouvé", "nobody is found")
_WRONG = {
    Purpose.PAIR: Phrase(
        "`api` ne montre rien, sans quoi chaque personne reprendrait une place ; les soins passent par dépôt",
        "`api` shows nothing, or everybody would take a seat again; care goes on by deposit",
    ),
    Purpose.NETWORK: Phrase(
        "`api` ne montre rien, sans quoi ses lignes ne se compareraient à aucune d’avant",
        "`api` shows nothing, or its lines would compare with none of before",
    ),
    Purpose.FEED: Phrase("aucun fichier n’est pris", "no file is taken in"),
    Purpose.ENGAGEMENT: Phrase(
        "`api` ne montre rien, sans quoi les numéros déjà donnés ne se liraient plus",
        "`api` shows nothing, or numbers given already could be read no more",
    ),
    Purpose.RECEIPT: Phrase(
        "`api` ne montre rien ; les récépissés qu’il donne ne se reliront pas",
        "`api` shows nothing; the receipts that it gives will not be read back",
    ),
}
"""What comes of another file."""


def unused(settings: Settings) -> frozenset[str]:
    """Key files of which the database knows that nothing was ever made with them; none when it does not answer.

    One that a newer program brings is such; made again in the place of one that was lost, it would open nothing.
    """
    try:
        connection = settings.connection().connect(ROLE)
    except (OSError, psycopg.Error):
        return frozenset()
    try:
        with connection:
            marks = {one.value: mark(connection, one) for one in (*LOOKUPS, *PROVED)}
            signed = {one.partition(" ")[0] for one in store.instances(connection)}  # an earlier key: "api until …"
            wrapped = store.compartments(connection)
    except (psycopg.Error, TierceError):
        return frozenset()  # an earlier schema, or a later one: what it does not tell is not known
    return frozenset(
        [name for name, one in marks.items() if one.proof is None and one.before is None]
        + [f"instance-{name}" for name in INSTANCES if name not in signed and name != LOG_KEY_NAME]
        + [name for number, name in COMPARTMENT_KEYS.items() if number not in wrapped]
    )


def doors(connection: psycopg.Connection, settings: Settings) -> list[Finding]:
    """Whether the key of doors is the one with which they were made: with another nobody of an insurer's signs in."""
    name = f"{Purpose.DOOR}.key"
    try:
        key = Keyring(settings.key_directory(), [Purpose.DOOR]).hash(Purpose.DOOR)
    except TierceError:
        return []  # said with the key files
    shut = len(foreign_doors(connection, key))
    if not shut:
        return [good("door-key", name, "ouvre chaque organisme", "opens each insurer")]
    said = Phrase(
        f"n’est pas la clé de {shut} organismes : personne de chez eux ne se connecte",
        f"is not the key of {shut} insurers: nobody of theirs can sign in",
    )
    remedy = Phrase(
        "remettez le fichier d’aujourd’hui, ou `tierce keys door`, qui finit aussi un remplacement arrêté",
        "bring today's file back, or `tierce keys door`, which ends a replacement that was stopped too",
    )
    return [bad("door-key", name, said, remedy)]


def _unfinished(name: str, purpose: str, step: Progress) -> Finding:
    said = Phrase(
        "son remplacement n’est pas fini : aucun fichier ne peut être pris",
        "its replacement is not finished: no file can be taken in",
    )
    if step is Progress.FILLING:
        words = f"`tierce keys lookup {purpose}`"
        return bad("lookup-unfinished", name, said, Phrase(words, words), grade=Grade.WARNING)
    holder = "api" if purpose == "index" else "persons"
    last = f"`tierce keys forget-lookup {purpose}`"
    remedy = Phrase(f"une fois {holder} relancé partout, {last}", f"once every {holder} was started again, {last}")
    return bad("lookup-unfinished", name, said, remedy, grade=Grade.WARNING)
