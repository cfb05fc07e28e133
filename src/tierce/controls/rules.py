"""What readings mean for each measure, and the text of a day's snapshot: pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from tierce.controls.model import Control, Found, Readings, Standing
from tierce.kernel.clock import PARIS
from tierce.kernel.language import Phrase
from tierce.policy.floors import CEILINGS, FLOORS, SHOWN_CEILINGS
from tierce.policy.retention import keep_days

FORMAT = "tierce-controls-v1"
COSIGNED_MAX = timedelta(hours=1)
VERIFIED_MAX = timedelta(days=8)
WAITING_MAX = timedelta(minutes=1)
ABANDONED_MIN = 100
"""So many abandoned batches a day, and one in a hundred besides, are nobody's doing."""
BACKUP_MAX = timedelta(hours=30)
RETENTION_MAX = timedelta(days=8)
KEYS_MAX = timedelta(days=400)

Judge = Callable[[Readings], tuple[Standing, Phrase]]


def _grants(printed: str) -> Judge:
    def judge(found: Readings) -> tuple[Standing, Phrase]:
        if found.grants == printed:
            return Standing.HOLDS, Phrase("droits de la base : ceux de la page", "grants: those of the page")
        said = Phrase("droits de la base : ce ne sont pas ceux de la page", "grants: not those of the page")
        return Standing.FAILS, said

    return judge


def _bounds(found: Readings) -> tuple[Standing, Phrase]:
    floors = frozenset((one.value, each.asked, each.drawn, each.known) for one, each in FLOORS.items())
    ceilings = frozenset((scope, each.per_minute, each.per_day) for scope, each in CEILINGS.items())
    same = (found.floors, found.ceilings, found.shown) == (floors, ceilings, frozenset(SHOWN_CEILINGS.items()))
    if same:
        return Standing.HOLDS, Phrase(
            "planchers et plafonds : ceux de la politique", "floors, ceilings: the policy's"
        )
    said = Phrase("planchers ou plafonds : ce ne sont pas ceux de la politique", "floors, ceilings: not the policy's")
    return Standing.FAILS, said


def _durations(found: Readings) -> tuple[Standing, Phrase]:
    # What incidents and the journal add has numbers below zero, and is not a class of its own.
    kept = {(number, days) for number, days in found.durations if number >= 0}
    if kept == set(keep_days().items()):
        return Standing.HOLDS, Phrase("durées : celles de la politique", "durations: the policy's")
    return Standing.FAILS, Phrase("durées : ce ne sont pas celles de la politique", "durations: not the policy's")


def _witness(found: Readings) -> tuple[Standing, Phrase]:
    if found.split:
        return Standing.FAILS, Phrase("un témoin tient une autre histoire", "a witness holds another history")
    return _age(found, found.cosigned, COSIGNED_MAX, Phrase("contresigné", "cosigned"), missing=Standing.UNKNOWN)


def _verified(found: Readings) -> tuple[Standing, Phrase]:
    if found.verified is not None and found.verified_errors:
        said = Phrase(
            f"lecture entière : {found.verified_errors} erreurs", f"whole reading: {found.verified_errors} errors"
        )
        return Standing.FAILS, said
    return _age(found, found.verified, VERIFIED_MAX, Phrase("journal relu en entier", "whole journal read"))


def _sequenced(found: Readings) -> tuple[Standing, Phrase]:
    if found.waiting is None:
        return Standing.HOLDS, Phrase("aucune ligne n’attend", "no line waits")
    seconds = int(found.waiting.total_seconds())
    standing = Standing.HOLDS if found.waiting <= WAITING_MAX else Standing.FAILS
    return standing, Phrase(f"la plus ancienne ligne attend depuis {seconds} s", f"oldest line waits for {seconds} s")


def _abandoned(found: Readings) -> tuple[Standing, Phrase]:
    """Honest batches are abandoned too: one that others held up, or that must draw more from a shared line first."""
    lost = found.drawn - found.written
    standing = Standing.HOLDS if lost <= ABANDONED_MIN + found.drawn // 100 else Standing.FAILS
    said = Phrase(
        f"lots ouverts et abandonnés en un jour : {lost} sur {found.drawn}",
        f"batches opened and abandoned in a day: {lost} of {found.drawn}",
    )
    return standing, said


def _backup(found: Readings) -> tuple[Standing, Phrase]:
    return _age(found, found.backup, BACKUP_MAX, Phrase("sauvegarde", "backup"))


def _retention(found: Readings) -> tuple[Standing, Phrase]:
    said = Phrase("données arrivées à terme retirées", "data past its duration removed")
    return _age(found, found.retention, RETENTION_MAX, said, missing=Standing.UNKNOWN)


def _keys(found: Readings) -> tuple[Standing, Phrase]:
    return _age(
        found, found.keys or found.begun, KEYS_MAX, Phrase("clés remplacées ou faites", "keys replaced or made")
    )


def _age(
    found: Readings, at: datetime | None, most: timedelta, what: Phrase, missing: Standing = Standing.FAILS
) -> tuple[Standing, Phrase]:
    """Something that must have happened at most so long ago; an installation as young as that is waited for."""
    if at is None:
        young = found.begun is None or found.at - found.begun <= most
        said = Phrase(f"{what.fr} : jamais", f"{what.en}: never")
        return (Standing.UNKNOWN if young else missing), said
    hours = max(0, int((found.at - at).total_seconds() // 3600))
    standing = Standing.HOLDS if found.at - at <= most else Standing.FAILS
    return standing, Phrase(f"{what.fr} : il y a {hours} h", f"{what.en}: {hours} h ago")


def live_checks(printed_grants: str) -> Mapping[str, Judge]:
    """Every live check by its name."""
    return {
        "grants": _grants(printed_grants),
        "bounds": _bounds,
        "durations": _durations,
        "witness": _witness,
        "verified": _verified,
        "sequenced": _sequenced,
        "abandoned": _abandoned,
        "backup": _backup,
        "retention": _retention,
        "keys": _keys,
    }


def looked(readings: Readings, printed_grants: str) -> list[Found]:
    """What each live check finds."""
    return [Found(name, *judge(readings)) for name, judge in live_checks(printed_grants).items()]


def overdue(table: Iterable[Control], day: date) -> list[Control]:
    """The measures whose day has passed."""
    return [one for one in table if one.overdue(day)]


def snapshot_text(
    at: datetime, version: str, policy: bytes, grants: str, table: Sequence[Control], found: Sequence[Found]
) -> str:
    """A day's snapshot: the same readings of the same table give the same text. In French, as the register is."""
    day = at.astimezone(PARIS).date()
    by_name = {one.live: one for one in found}
    lines = [
        FORMAT,
        f"day {day.isoformat()}",
        f"at {at.isoformat(timespec='seconds')}",
        f"version {version}",
        f"policy {policy.hex()}",
        f"grants {grants}",
    ]
    for control in table:
        live = by_name.get(control.live or "")
        standing = live.standing if live else ("tested" if control.tests else "missing")
        lines.append(f"control {control.key} {standing} {control.owner} {control.due.isoformat()}")
        lines.append(f"  {control.measure.fr}")
        if live:
            lines.append(f"  {live.said.fr}")
        lines += [f"  {test}" for test in control.tests]
        if control.missing:
            lines.append(f"  pas encore : {control.missing.fr}")
    lines.append(f"overdue {len(overdue(table, day))}")
    return "\n".join(lines) + "\n"
