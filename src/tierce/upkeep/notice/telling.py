"""`tierce notice run`: tell insurers what is due and make their lists; tell persons who asked of first look-ups."""

import signal
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import msgspec
import typer

from tierce.kernel.alone import EachAlone
from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
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
from tierce.storage.said import said
from tierce.storage.version import program
from tierce.upkeep.notice.base import Desk, desk, telling_of
from tierce.upkeep.notice.messages import mail_server
from tierce.upkeep.notice.own_mail import tell_professionals
from tierce.upkeep.notice.posting import relay
from tierce.upkeep.notice.wishes import tell_first_looks
from tierce.web import logs

EACH_SECONDS = 60.0
AGAIN_SECONDS = 3600.0
"""A failure that lasts is said again after so long."""


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
    turns, memory = 0, Failures()
    while True:
        lives(settings, turns, memory.names)
        failures: dict[str, Exception] = {}
        try:
            turn(settings, failures)
        except Exception as error:  # noqa: BLE001 - it failed for somebody, and the others were told: the next turn tries
            if not failures:
                failures["turn"] = error
        for line in memory.took(failures, time.monotonic()):
            typer.echo(line, err=True)
        turns += 1
        lives(settings, turns, memory.names)
        if stop.wait(EACH_SECONDS):
            return


def lives(settings: Path, turns: int, failing: Iterable[str]) -> None:
    """Say in the database that the turns go on, and which parts of the last one failed.

    Whoever looks after the machine is told of a silence, and of a failure that lasts.
    """
    with desk(settings) as one:
        notices_live(one.connection, program(), turns, failing)


class Failures:
    """What fails from turn to turn: said when it begins, each hour that it lasts, and when it is over."""

    def __init__(self) -> None:
        """Nothing failed yet."""
        self._said: dict[str, tuple[str, float]] = {}

    @property
    def names(self) -> list[str]:
        """The parts that failed in the last turn."""
        return sorted(self._said)

    def took(self, failures: Mapping[str, Exception], now: float) -> list[str]:
        """Take in a turn's failures, at a moment of a clock that never goes back; returns what to say of them."""
        lines = [f"{name} : de nouveau fait / done again" for name in self.names if name not in failures]
        before, self._said = self._said, {}
        for name, error in failures.items():
            what, at = before.get(name, ("", now))
            kind = logs.where(error)
            if what == kind and now - at < AGAIN_SECONDS:
                self._said[name] = (kind, at)
                continue
            self._said[name] = (kind, now)
            # A text of ours alone: a database's or a library's may hold what was sent.
            why = f" : {said(error)}" if isinstance(error, TierceError | OSError) else ""
            lines.append(f"{name} : a échoué / failed ({kind}){why}")
        return lines


@contextmanager
def _part(name: str, alone: EachAlone, failures: dict[str, Exception]) -> Iterator[None]:
    """Do one part of a turn, which may fail alone, and note under its name that it did."""
    with alone.one():
        try:
            yield
        except Exception as error:
            if error not in failures.values():  # a list that failed ends the part that it belongs to, too
                failures[name] = error
            raise


def turn(settings: Path, failures: dict[str, Exception] | None = None) -> tuple[Turn, Tally]:
    """Do one turn: insurers first, then persons who wish to know of first look-ups, then professionals.

    `failures` is told by name what failed; the first of them is raised at the end.
    """
    failed = {} if failures is None else failures
    with desk(settings, pieces=True) as one:
        server = mail_server(one.settings) if one.settings.mail is not None else None
        done, looks, alone = Turn(), Tally(), EachAlone(one.connection)
        with _part("insurers", alone, failed), relay(server) as post:
            done = telling_of(one).turn(one.connection, post, lambda number: hand_over(one, number, failed))
        with _part("slips", alone, failed):
            make_slips(one.connection, Cover(one.keyring))
        with _part("first look-ups", alone, failed):
            looks = tell_first_looks(one)
        with _part("professionals", alone, failed):
            tell_professionals(one)
        with _part("counts", alone, failed):  # last: of millions it takes a minute, ten minutes apart
            count_large(one.connection)
        alone.done()
        return done, looks


def hand_over(one: Desk, number: IncidentId, failures: dict[str, Exception]) -> int:
    """Make the list of every insurer that was told of the newest revision and registered a key; how many."""
    slices = Slices(one.appender, Cover(one.keyring), SystemClock())
    names, made, alone = insurers(one.connection), 0, EachAlone(one.connection)
    for insurer in standings(one.connection, number):
        amc = names[insurer][0]
        with _part(f"list {amc}", alone, failures):
            try:
                made += slices.hand_over(one.connection, number, insurer, amc) is not None
            except NoticeError as error:
                # Another list is being computed, or this insurer's slice did not change: the next turn looks again.
                typer.echo(f"{amc} : {error}", err=True)
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
