"""The table of promised measures, read from promised.toml."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files

from tierce.controls.model import Control
from tierce.kernel.language import Phrase
from tierce.policy.staff import StaffRole


@cache
def controls() -> tuple[Control, ...]:
    """Every promised measure, in the order of the table."""
    text = (files("tierce.controls") / "promised.toml").read_text("utf-8")
    return tuple(_control(key, row) for key, row in tomllib.loads(text).items())


def _control(key: str, row: Mapping[str, object]) -> Control:
    live, missing, due = row.get("live"), row.get("missing"), row["due"]
    assert isinstance(due, date)
    return Control(
        key=key,
        measure=_phrase(row["measure"]),
        promised=_texts(row["promised"]),
        owner=StaffRole(str(row["owner"])),
        due=due,
        tests=_texts(row.get("tests", [])),
        live=str(live) if live else None,
        missing=_phrase(missing) if missing else None,
    )


def _phrase(value: object) -> Phrase:
    assert isinstance(value, list)
    french, english = value
    return Phrase(str(french), str(english))


def _texts(value: object) -> tuple[str, ...]:
    assert isinstance(value, list)
    return tuple(str(one) for one in value)
