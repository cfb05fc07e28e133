"""What can be closed, what is closed, and who is hindered."""

from dataclasses import dataclass
from datetime import datetime

from tierce.policy.ladder import Level


@dataclass(frozen=True, slots=True)
class Target:
    """A part of the service: a level that closes whole, and which one of it.

    `subject` is 0 for the nation, the number of a `Site`, an `Act` or a `Domain`, or an insurer's number.
    """

    level: Level
    subject: int


@dataclass(frozen=True, slots=True)
class Closing:
    """One part that is closed, since when, until when, by whom and why."""

    id: int
    target: Target
    since: datetime
    until: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Hindered:
    """Who a closing would hinder, counted before it is made; nobody is named.

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
