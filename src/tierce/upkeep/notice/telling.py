"""`tierce notice run`: tell insurers what is due and make their lists; tell persons who asked of first look-ups."""

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

import msgspec
import typer

from tierce import __version__
from tierce.kernel.alone import EachAlone
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import IncidentId
from tierce.notices.counted.service import count_large
from tierce.notices.errors import NoticeError
from tierce.notices.slices.service import Slices
from tierce.notices.slices.store import Cover
from tierce.notices.store import insurers
from tierce.notices.telling.model import Turn
from tierce.notices.telling.store import standings
from tierce.persons.requests.slips import make_slips
from tierce.persons.wishes.model import Tally
from tierce.storage.command_line import Json, SettingsFile
from tierce.storage.heartbeat import notices_live
from tierce.upkeep.notice.base import Desk, desk, telling_of
from tierce.upkeep.notice.messages import mail_server
from tierce.upkeep.notice.own_mail import tell_professionals
from tierce.upkeep.notice.posting import relay
from tierce.upkeep.notice.wishes import tell_first_looks

EACH_SECONDS = 60.0


def run(
    *,
    settings: SettingsFile,
    once: Annotated[bool, typer.Option("--once", help="Un seul tour. / One turn alone.")] = False,
    json: Json = "",
) -> None:
    """Dire à chaque organisme, à chaque personne, ce qui les concerne. / Tell each what concerns them."""
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    if once:
        _say(*turn(settings), json)
        return
    turns, failed = 0, False
    while True:
        lives(settings, turns, failed=failed)
        try:
            turn(settings)
            failed = False
        except Exception as error:  # noqa: BLE001 - it failed for somebody, and the others were told: the next turn tries
            typer.echo(f"un tour a échoué / a turn failed: {type(error).__name__}", err=True)
            failed = True
        turns += 1
        lives(settings, turns, failed=failed)
        if stop.wait(EACH_SECONDS):
            return


def lives(settings: Path, turns: int, *, failed: bool) -> None:
    """Say in the database that the turns go on, and whether the last one failed for somebody.

    Whoever looks after the machine is told of a silence, and of a failure that lasts.
    """
    with desk(settings) as one:
        notices_live(one.connection, __version__, turns, failed=failed)


def turn(settings: Path) -> tuple[Turn, Tally]:
    """Do one turn: insurers first, then persons who wish to know of first look-ups, then professionals."""
    with desk(settings) as one:
        server = mail_server(one.settings) if one.settings.mail is not None else None
        done, looks, alone = Turn(), Tally(), EachAlone(one.connection)
        with alone.one(), relay(server) as post:
            done = telling_of(one).turn(one.connection, post, lambda number: hand_over(one, number))
        with alone.one():
            make_slips(one.connection, Cover(one.keyring))
        with alone.one():
            looks = tell_first_looks(one)
        with alone.one():
            tell_professionals(one)
        with alone.one():  # last: of millions it takes a minute, ten minutes apart
            count_large(one.connection)
        alone.done()
        return done, looks


def hand_over(one: Desk, number: IncidentId) -> int:
    """Make the list of every insurer that was told of the newest revision and registered a key; how many."""
    slices = Slices(one.appender, Cover(one.keyring), SystemClock())
    names, made, alone = insurers(one.connection), 0, EachAlone(one.connection)
    for insurer in standings(one.connection, number):
        with alone.one():
            try:
                made += slices.hand_over(one.connection, number, insurer, names[insurer][0]) is not None
            except NoticeError as error:
                # Another list is being computed, or this insurer's slice did not change: the next turn looks again.
                typer.echo(f"{names[insurer][0]} : {error}", err=True)
    alone.done()
    return made


def _say(done: Turn, looks: Tally, json: str) -> None:
    figures = {
        name: getattr(done, name) for name in ("told", "received", "repeated", "sent", "refused", "handed_over")
    }
    figures |= {"codes": looks.codes, "first_looks": looks.sent}
    if json == "-":
        typer.echo(msgspec.json.encode(figures))
        return
    typer.echo(
        f"{done.told} notifications / notices, {done.received} reçues / received,"
        f" {done.repeated} relances / escalations, {done.sent} parties / sent,"
        f" {done.refused} refusées / refused, {done.handed_over} listes / lists, {looks.codes} codes,"
        f" {looks.sent} premières consultations / first look-ups"
    )
