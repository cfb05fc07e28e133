"""Lines of a log say what they were given, as far as it is plain, and nothing that somebody sent."""

import errno
import json
import logging

import psycopg
import pytest

from tierce.web.logs import formatter, where


def line(name: str, text: str, *arguments: object) -> dict[str, object]:
    record = logging.LogRecord(name, logging.WARNING, __file__, 1, text, arguments, None)
    told: dict[str, object] = json.loads(formatter("api").format(record))
    return told


@pytest.mark.parametrize("name", ["tierce.web.api.openness", "_granian.serve"])
def test_a_line_says_the_kind_of_error_that_it_was_given(name: str) -> None:
    assert line(name, "the store is away: %s", "AdminShutdown")["event"] == "the store is away: AdminShutdown"
    assert line(name, "the store is away")["event"] == "the store is away"


def test_a_long_number_is_withheld_from_either() -> None:
    for name in ("tierce", "_granian"):
        assert "275033697905124" not in json.dumps(line(name, "asked about %s", "275033697905124"))


def test_a_library_s_text_is_not_kept() -> None:
    assert "secret" not in json.dumps(line("psycopg.pool", "error: %s", "secret"))


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (OSError(errno.ENOSPC, "a text", "/srv/tierce-log"), "OSError ENOSPC at test_web_logs.py"),
        (psycopg.errors.DiskFull("a text"), "DiskFull 53100 at test_web_logs.py"),
        (psycopg.OperationalError("a text"), "OperationalError at test_web_logs.py"),
        (ValueError("a text"), "ValueError at test_web_logs.py"),
    ],
)
def test_a_place_names_the_systems_own_code_and_no_text(error: Exception, named: str) -> None:
    """A disk that is full is the first thing to look for at night, and its kind alone does not tell it."""
    with pytest.raises(type(error)) as raised:
        raise error
    said = where(raised.value)
    assert said.startswith(named)
    assert "a text" not in said
