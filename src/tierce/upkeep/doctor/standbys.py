"""The doctor on standbys: what one that takes over would lack, and whether commits wait for one that is away."""

from typing import Final

import psycopg

from tierce.kernel.language import Phrase
from tierce.settings import Settings
from tierce.storage.cluster import SUPERUSER
from tierce.upkeep.doctor.model import Finding, Grade, bad, good
from tierce.upkeep.health import store

STUCK_SECONDS: Final = 5.0
"""A commit that waits for so long for a standby waits for one that is away; the gate has given its batch up."""


def followed(settings: Settings) -> list[Finding]:
    """Judge who follows the database of the settings; where the administrator is not let in, `reach` says so."""
    try:
        connection = settings.connection().connect(SUPERUSER)
    except (OSError, psycopg.Error):
        return []
    with connection:
        return judged(store.standbys(connection, STUCK_SECONDS))


def judged(seen: store.Standbys) -> list[Finding]:
    """Judge it: nothing where nobody follows, and nobody is waited for."""
    if seen.recovering:
        return [bad("server-recovering", "PostgreSQL", _RECOVERING, _PROMOTE)]
    if seen.named and (seen.stuck or not seen.held):
        said = Phrase(
            f"rien ne s’écrit : chaque écriture attend un serveur de secours ({seen.named}) qui n’est pas là",
            f"nothing is written: each commit waits for a standby ({seen.named}) that is away",
        )
        return [bad("standby-awaited", "synchronous_standby_names", said, _BRING_BACK)]
    if seen.named or not seen.behind:
        return [good("standbys", ", ".join(seen.held) or "PostgreSQL", *_WELL[bool(seen.held)])]
    return [bad("standby-behind-answers", one, _LACKS, _WAIT_FOR_IT, grade=Grade.WARNING) for one in seen.behind]


_WELL = {
    True: ("chaque réponse y est avant de partir", "each answer is there before it leaves"),
    False: ("aucun serveur de secours ne suit", "no standby follows"),
}
_RECOVERING = Phrase(
    "ce serveur suit le journal d’un autre : rien ne peut y être écrit",
    "this server follows another's log: nothing can be written here",
)
_PROMOTE = Phrase(
    "s’il doit prendre le relais, suivez docs/runbooks/standby.md ; sinon, [database] doit nommer l’autre",
    "if it is to take over, follow docs/runbooks/standby.md; otherwise [database] is to name the other one",
)
_LACKS = Phrase(
    "suit sans que rien ne l’attende : s’il prend le relais, les dernières réponses parties n’y seront pas, et qui "
    "fut lu alors ne pourra être listé",
    "follows, and nothing waits for it: were it to take over, the last answers that left would not be there, and "
    "whoever was read then could not be listed",
)
_WAIT_FOR_IT = Phrase(
    "deux serveurs de secours, et `synchronous_standby_names = 'ANY 1 (…)'` : docs/runbooks/standby.md",
    "two standbys, and `synchronous_standby_names = 'ANY 1 (…)'`: docs/runbooks/standby.md",
)
_BRING_BACK = Phrase(
    "remettez-le en route ; s’il ne revient pas, `alter system set synchronous_standby_names = ''`, puis `select "
    "pg_reload_conf()`, et jamais `pg_cancel_backend` : docs/runbooks/standby.md",
    "bring it back; if it will not come, `alter system set synchronous_standby_names = ''`, then `select "
    "pg_reload_conf()`, and never `pg_cancel_backend`: docs/runbooks/standby.md",
)
