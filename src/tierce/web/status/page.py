"""The status page as files: works with every process of ours down, without a script, in both languages.

It is written whole and renamed into place, so that whoever reads it never sees half of it. It says when it was
written: a page that is old says by itself that nobody writes it any more.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Final

from markupsafe import Markup
from psycopg import Connection

from tierce.closings import store
from tierce.closings.model import Closing, Target
from tierce.closings.rules import name_of
from tierce.kernel.clock import Clock
from tierce.kernel.language import Language
from tierce.policy.ladder import Level
from tierce.rights.remote.store import silent
from tierce.settings import OperatorSettings, Settings
from tierce.web.look import Frame, Pages, pages_of
from tierce.web.look.pages import LOOK
from tierce.web.status.answering import SILENT_AFTER, Answering

HERE: Final = Path(__file__).parent
REWRITE_EVERY: Final = timedelta(seconds=60)
"""An unchanged page is written again this often, so that its time tells whether we are there."""
OLD_MINUTES: Final = 5
NEWS_WITHIN: Final = timedelta(minutes=30)
INSTEAD: Final = "instead.html"
"""What the proxy shows in the place of a page whose process does not answer."""
_FILES: Final = ("tierce.css", "mark.svg")


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that may work or not: its words' key, and whether it does."""

    key: str
    works: bool


@dataclass(frozen=True, slots=True)
class Status:
    """What the page says."""

    away_since: datetime | None
    closings: tuple[Closing, ...]
    insurers: dict[Target, str]
    silent_since: datetime | None = None
    """Since when `api` has not answered: nobody is asked anything, and no deposit is received."""
    not_answering: tuple[str, ...] = ()
    """Names of the insurers that are asked on the way and do not answer: deposits are taken about their people."""

    @property
    def gone(self) -> bool:
        """Whether `api`, or its store, does not answer."""
        return self.away_since is not None or self.silent_since is not None

    @property
    def whole(self) -> bool:
        """Whether questions are closed for everybody."""
        wide = {Level.NATION, Level.PORTAL, Level.ACT}
        return self.gone or any(closing.target.level in wide for closing in self.closings)

    @property
    def state(self) -> str:
        """The word by which the page's texts are found: what hinders most."""
        if self.silent_since is not None:
            return "silent"
        if self.away_since is not None:
            return "away"
        if self.closings:
            return "closed" if self.whole else "partly"
        return "insurers" if self.not_answering else "open"

    @property
    def since(self) -> datetime | None:
        """Since when it is so."""
        return self.silent_since or self.away_since or min((closing.since for closing in self.closings), default=None)


@dataclass(slots=True)
class StatusPage:
    """Writes the page in one folder, or nowhere when no folder is given."""

    folder: Path | None
    operator: OperatorSettings
    clock: Clock
    answering: Answering
    path: str = ""
    """The path at which the folder is served: the page's own files are found there in whatever place it is shown."""
    _pages: Pages = field(default_factory=lambda: pages_of(HERE))
    _last: Status | None = None
    _at: datetime | None = None
    _turned: datetime | None = None
    """When the worker last said how the store is: one that waits for a store that hangs says nothing more."""
    _one_at_a_time: Lock = field(default_factory=Lock)

    @classmethod
    def of(cls, settings: Settings, clock: Clock) -> "StatusPage":
        """The page of an installation."""
        folder = settings.deposits.status
        where = Path(folder) if folder is not None else None
        answering = Answering(settings.api.port, clock)
        return cls(where, settings.operator, clock, answering, settings.deposits.status_path or "")

    def write(self, connection: Connection) -> None:
        """Read what is closed and write the page when it changed or grows old."""
        if self.folder is None:
            return
        closings = tuple(store.live(connection))
        insurers = {Target(Level.INSURER, one.id): one.name for one in store.insurers(connection)}
        names = tuple(silent(connection))
        connection.commit()
        away, stuck = self.answering.without_store_since(), self.answering.silent_since()
        self._put(Status(away, closings, insurers, stuck, names))
        self._turned = self.clock.now()

    def write_away(self) -> None:
        """Say that the store is away, since the first time this is said."""
        since = (self._last.away_since if self._last else None) or self.clock.now()
        self._put(self._as_last(since))
        self._turned = self.clock.now()

    @contextmanager
    def kept_true(self) -> Iterator[None]:
        """Ask `api` for as long as the context lasts, and write in the worker's place when the worker is stuck."""
        if self.folder is None:
            yield
            return
        with self.answering.asked(self.write_when_stuck):
            yield

    def write_when_stuck(self) -> None:
        """Say what `api` tells, once the worker has not come for as long: a store that hangs, or a lock, holds it."""
        turned, last = self._turned, self._last
        if turned is None or self.clock.now() - turned < SILENT_AFTER:
            return
        told = self._as_last(self.answering.without_store_since())
        if told.gone or (last is not None and last.gone):
            with suppress(OSError):  # the next second tries again
                self._put(told)

    def _as_last(self, away_since: datetime | None) -> Status:
        """With what was last read of the store: nothing else can be now."""
        last = self._last
        stuck = self.answering.silent_since()
        if last is None:
            return Status(away_since, (), {}, stuck)
        return replace(last, away_since=away_since, silent_since=stuck)

    def render(self, status: Status, now: datetime, *, instead: bool = False) -> str:
        """The page's HTML, French first; `instead` of a page whose own process is away, which nothing here sees."""
        sees = status.silent_since is not None or status.away_since is not None
        state = "instead" if instead and not sees else status.state
        sections = {
            language.value: Markup(self._section(status, state, language, now))  # noqa: S704 - rendered by our own template, escaped there
            for language in (Language.FR, Language.EN)
        }
        frame = Frame(Language.FR, "/")
        return self._pages.render("status.html", frame, {"sections": sections, "path": self.path})

    def _section(self, status: Status, state: str, language: Language, now: datetime) -> str:
        parts = [
            (name_of(closing.target, status.insurers)[language], closing.since, closing.until)
            for closing in status.closings
        ]
        ends = [closing.until for closing in status.closings if closing.until > now]
        silent = status.silent_since is not None
        values = {
            "state": state,
            "works": [Part("questions", not status.whole), Part("deposits", not silent)]
            if state != "instead"
            else [],
            "stopped": "silent" if silent else "stopped",
            "since": status.since,
            "parts": parts,
            "not_answering": () if state == "instead" or status.gone else status.not_answering,
            "steps": ("silent",) if silent or state == "instead" else ("1", "2", "3"),
            "news": min([now + NEWS_WITHIN, *ends]) if status.state != "open" else None,
            "operator": self.operator,
            "written": now,
            "old": OLD_MINUTES,
        }
        return self._pages.render("status_section.html", Frame(language, "/"), values)

    def _put(self, status: Status) -> None:
        with self._one_at_a_time:
            self._write(status)

    def _write(self, status: Status) -> None:
        now = self.clock.now()
        fresh = self._at is not None and now - self._at < REWRITE_EVERY
        if self.folder is None or (fresh and status == self._last):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in _FILES:
            _replace(self.folder / name, (LOOK / "static" / name).read_bytes())
        _replace(self.folder / "index.html", self.render(status, now).encode())
        _replace(self.folder / INSTEAD, self.render(status, now, instead=True).encode())
        self._last, self._at = status, now


def _replace(path: Path, content: bytes) -> None:
    """Put a file in place whole: never half of it, never a moment without it."""
    made = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        made.unlink()
    with made.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)
