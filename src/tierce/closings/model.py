"""What can be closed, what is closed, and who is hindered."""

from dataclasses import dataclass
from datetime import datetime

from tierce.kernel.ids import SessionId, StaffId
from tierce.policy.ladder import Level, Rung


@dataclass(frozen=True, slots=True)
class Target:
    """A part of the service: a level above one account, and which one of it.

    `subject` is 0 for the nation, the number of a `Site`, an `Act`, a `Domain` or a `Profession`, or the number of an
    insurer, an establishment, a software, a vendor or a cell (policy.ladder.cell_of).
    """

    level: Level
    subject: int


@dataclass(frozen=True, slots=True)
class Closing:
    """One part that is closed, or held on a lower rung: since when, until when, by whom and why."""

    id: int
    target: Target
    since: datetime
    until: datetime
    by: str
    reason: str
    rung: Rung = Rung.SUSPENDED


@dataclass(frozen=True, slots=True)
class Release:
    """Somebody asked that a broad hold be let go of; another member of staff confirms before `until`."""

    hold: int
    staff: StaffId
    session: SessionId
    """0 by command."""
    name: str
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Released:
    """What became of an order to let go: how many holds were lifted, and how many wait for a second person."""

    lifted: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Hindered:
    """Who a closing or a wide hold would hinder, counted before it is made; nobody is named.

    `professionals` and `places` count those signed in now whom it concerns; `answers` the answers of the last 24
    hours that would not have been given, among the newest 20,000 of the service.
    """

    professionals: int
    places: int
    answers: int


@dataclass(frozen=True, slots=True)
class Insurer:
    """An insurer as staff name it: AMC number and name."""

    id: int
    amc: str
    name: str
