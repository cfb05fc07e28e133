"""The house rules hold over the whole repository, and each rule catches what it is for."""

import ast
import re
from pathlib import PurePosixPath

import pytest

from tests.house import tidy, wording
from tests.house.tidy import RULES, Rule, Source
from tierce.kernel.nir import SYNTHETIC_COMMUNES, nir_key

SOURCES = [
    Source(path, text)
    for path, text in wording.text_files()
    if path.suffix == ".py" and path.parts[0] in {"src", "tests"}
]


def test_there_is_something_to_check() -> None:
    assert len(SOURCES) > 10
    assert any(source.path == tidy.CLOCK_MODULE for source in SOURCES)


@pytest.fixture(scope="module")
def broken() -> dict[Rule, list[str]]:
    """What each rule finds. A file is parsed once for all of them, and its tree goes before the next one's.

    All of them kept are a million objects, which every collection of garbage after that would look at.
    """
    found: dict[Rule, list[str]] = {rule: [] for rule in RULES}
    for path, text in ((source.path, source.text) for source in SOURCES):
        parsed = Source(path, text)
        for rule in RULES:
            found[rule] += map(str, rule(parsed))
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_python_file_keeps(broken: dict[Rule, list[str]], rule: Rule) -> None:
    assert not broken[rule], "\n" + "\n".join(broken[rule])


@pytest.mark.parametrize("rule", wording.TEXT_RULES, ids=lambda rule: rule.__name__)
def test_every_text_file_keeps(rule: wording.TextRule) -> None:
    broken = [str(finding) for path, text in wording.text_files() for finding in rule(path, text)]
    assert not broken, "\n" + "\n".join(broken)


def test_one_file_says_what_forks_share() -> None:
    """The server of forks is one a process: whoever else told it would leave every command to import its modules."""
    telling = "set_forkserver_" + "preload"
    assert [str(source.path) for source in SOURCES if telling in source.text] == ["tests/forks.py"]


SERVERS_DAY = re.compile(
    r"\bcurrent_date\b|\b(?:now|timestamp)\(\)::date\b|\b(?:at|begun|created|ended|made|received|since)::date\b"
    r"|(?<!'Europe/Paris')(?<!'Europe/Paris'\)) - (?:%s|interval '[^']+'|make_interval\([^)]*\))\)+ at time zone",
    re.IGNORECASE,
)


def test_no_sql_takes_the_server_s_own_day() -> None:
    """At night the day of the server's time zone is not that of Paris; nor are so many times 24 hours days."""
    sql = [
        (str(path), text) for path, text in wording.text_files() if path.suffix == ".sql" or path.name == "store.py"
    ]
    assert [path for path, text in sql if SERVERS_DAY.search(text)] == []
    for bad in ("(made::date)", "current_date - 1", "((now() - %s) at time zone 'Europe/Paris')::date"):
        assert SERVERS_DAY.search(bad)
    (retention,) = (text for path, text in sql if path.endswith("storage/sql/retention.sql"))
    assert retention.count("make_interval") == 1, "in upkeep.days_before alone: what it deletes is kept by the day"


def test_no_page_takes_the_day_of_utc() -> None:
    """What the database gives is of UTC, where a night's first hours are the day before: a page says `day_of`."""
    pages = [(str(path), text) for path, text in wording.text_files() if path.suffix == ".html"]
    assert [path for path, text in pages if ".date()" in text] == []


FRAMEWORKS_COOKIES = re.compile(r"\brequest\.cookies\b|\bconnection\.cookies\b")


def test_no_site_reads_a_cookie_by_the_frameworks_own_reading_of_its_name() -> None:
    """It takes names of other hosts for ours: web/cookies.py does not."""
    sites = (source for source in SOURCES if str(source.path).startswith("src/tierce/web/"))
    assert [str(source.path) for source in sites if FRAMEWORKS_COOKIES.search(source.text)] == []


TEST_FILE = "tests/unit/test_it.py"
SRC_FILE = "src/tierce/rights/service.py"
POSTPONED = "TO" + "DO"
SILENCE = "# type:" + " ignore[arg-type]"
LINT_SILENCE = "# no" + "qa: S311"

BAD = [
    (tidy.file_is_short, SRC_FILE, "x = 1\n" * 501),
    (tidy.functions_are_short, SRC_FILE, "def f():\n" + "    x = 1\n" * 70),
    (tidy.functions_are_short, SRC_FILE, "class A:\n  async def f():\n" + "    x = 1\n" * 70),
    (tidy.names_say_what, "src/tierce/rights/utils.py", "x = 1"),
    (tidy.names_say_what, "src/tierce/common/model.py", "x = 1"),
    (tidy.starts_with_docstring, SRC_FILE, "import os\n"),
    (tidy.clock_is_injected, SRC_FILE, "import datetime\ndatetime.datetime.now(datetime.UTC)"),
    (tidy.clock_is_injected, SRC_FILE, "from datetime import date\ndate.today()"),
    (tidy.clock_is_injected, SRC_FILE, "from time import time\n"),
    (tidy.clock_is_injected, SRC_FILE, "import time\nmake(clock=time.time)"),
    (tidy.clock_is_injected, TEST_FILE, "import datetime as dt\ndt.datetime.utcnow()"),
    (tidy.days_are_those_of_paris, SRC_FILE, "day = self.clock.now().date()"),
    (tidy.days_are_those_of_paris, TEST_FILE, "left = until - now.date()"),
    (tidy.days_are_those_of_paris, SRC_FILE, "until = (now + backups).date()"),
    (tidy.printed_times_have_a_zone, SRC_FILE, "say(f'{one.ended:%Y-%m-%d} {why}')"),
    (tidy.printed_times_have_a_zone, SRC_FILE, "say(f'since {since:%d/%m %H:%M}')"),
    (tidy.tests_do_not_sleep, TEST_FILE, "import time\ntime.sleep(1)"),
    (tidy.tests_do_not_sleep, TEST_FILE, "from asyncio import sleep"),
    (tidy.nothing_is_postponed, SRC_FILE, f"# {POSTPONED} later"),
    (tidy.silencing_has_a_reason, SRC_FILE, f"x = 1  {SILENCE}"),
    (tidy.silencing_has_a_reason, SRC_FILE, f"x = 1  {LINT_SILENCE}"),
    (tidy.tests_can_fail, TEST_FILE, "def test_a():\n    pass"),
    (tidy.tests_can_fail, TEST_FILE, "def test_a():\n    '''Says it works.'''"),
    (tidy.tests_can_fail, TEST_FILE, "class TestA:\n    def test_a(self):\n        run()"),
    (tidy.nothing_is_mocked, TEST_FILE, "from unittest import mock"),
    (tidy.nothing_is_mocked, TEST_FILE, "import unittest.mock"),
    (tidy.nothing_is_mocked, TEST_FILE, "from unittest.mock import patch"),
    (tidy.nothing_is_mocked, TEST_FILE, "def test_a(monkeypatch):\n    monkeypatch.setattr(gate, 'x', 1)"),
    (tidy.sql_is_in_stores, SRC_FILE, "q = 'select a from b'"),
    (tidy.sql_is_in_stores, SRC_FILE, "q = f'INSERT INTO {t} values (1)'"),
    (tidy.sql_is_in_stores, SRC_FILE, "q = '''\n  update gate.state set x = 1'''"),
    (tidy.applications_leave_the_log_alone, SRC_FILE, "app = Litestar([a, b], openapi_config=None)"),
    (tidy.applications_leave_the_log_alone, SRC_FILE, "app = Litestar([a], logging_config=LoggingConfig())"),
    (tidy.applications_leave_the_log_alone, TEST_FILE, "app = Litestar([a, b], openapi_config=None)"),
]

GOOD = [
    (tidy.file_is_short, SRC_FILE, "x = 1\n" * 500),
    (tidy.functions_are_short, SRC_FILE, "def f():\n" + "    x = 1\n" * 69),
    (tidy.clock_is_injected, str(tidy.CLOCK_MODULE), "from datetime import datetime\ndatetime.now()"),
    (tidy.clock_is_injected, SRC_FILE, "import time\ntime.monotonic()\nself.clock.now()"),
    (tidy.printed_times_have_a_zone, SRC_FILE, "say(f'{ended.astimezone(PARIS):%Y-%m-%d} {since:%H:%M} UTC {n:,}')"),
    (tidy.printed_times_have_a_zone, SRC_FILE, "path = f'{clock.now():%Y%m%dT%H%M%SZ} {day:%d/%m/%Y}'"),
    (tidy.tests_do_not_sleep, SRC_FILE, "import asyncio\nasyncio.sleep(1)"),
    (tidy.nothing_is_postponed, SRC_FILE, "shape = 'XX" + "XX-XX" + "XX'"),
    (tidy.silencing_has_a_reason, SRC_FILE, f"x = 1  {SILENCE}  # the stubs know no bytes"),
    (tidy.silencing_has_a_reason, SRC_FILE, f"x = 1  {LINT_SILENCE} a seeded simulation, not a secret"),
    (tidy.tests_can_fail, TEST_FILE, "def test_a():\n    with pytest.raises(ValueError):\n        run()"),
    (tidy.tests_can_fail, TEST_FILE, "@given(st.text())\ndef test_a(text):\n    run(text)"),
    (tidy.tests_can_fail, SRC_FILE, "def test_connection():\n    run()"),
    (tidy.nothing_is_mocked, TEST_FILE, "def test_a(monkeypatch):\n    monkeypatch.setenv('A', 'b')"),
    (tidy.applications_leave_the_log_alone, SRC_FILE, "app = Litestar([a, b], logging_config=None)"),
    (tidy.sql_is_in_stores, "src/tierce/rights/store.py", "q = 'select a from b'"),
    (tidy.sql_is_in_stores, SRC_FILE, "def f():\n    '''Select one from many.'''\n    say('update your form')"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BAD)
def test_rule_catches(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(PurePosixPath(path), text)))


@pytest.mark.parametrize(("rule", "path", "text"), GOOD)
def test_rule_lets_pass(rule: Rule, path: str, text: str) -> None:
    assert not list(rule(Source(PurePosixPath(path), text)))


def test_every_rule_has_a_bad_sample() -> None:
    assert {rule for rule, _, _ in BAD} == set(RULES)


def test_bad_samples_are_python() -> None:
    assert all(ast.parse(text).body or text.startswith("#") for _, _, text in BAD)


def _nir(commune: int, separator: str = "") -> str:
    body = f"28507{'48'}{commune:03}012"
    parts = (body[0], body[1:3], body[3:5], body[5:7], body[7:10], body[10:13], f"{nir_key(body):02}")
    return separator.join(parts)


@pytest.mark.parametrize("separator", ["", " ", ".", "-", "\u00a0"])
def test_a_nir_that_may_be_somebodys_is_found(separator: str) -> None:
    path = PurePosixPath("docs/page.md")
    assert list(wording.nirs_are_synthetic(path, f"| {_nir(12, separator)} |"))
    assert not list(wording.nirs_are_synthetic(path, f"| {_nir(SYNTHETIC_COMMUNES[0], separator)} |"))


def test_digits_that_are_no_nir_pass() -> None:
    path = PurePosixPath("docs/page.md")
    wrong_key = _nir(12)[:13] + f"{(int(_nir(12)[13:]) + 1) % 97:02}"
    assert not list(wording.nirs_are_synthetic(path, wrong_key))
    assert not list(wording.nirs_are_synthetic(path, f"sha256:ab{_nir(12)}cd"))


@pytest.mark.parametrize("text", ["see /wor" + "k/main", "cat /tm" + "p/t/x", "https://py" + "pi.org/simple"])
def test_foreign_words_are_found(text: str) -> None:
    assert list(wording.speaks_of_itself(PurePosixPath("a.md"), text))


def test_ordinary_words_pass() -> None:
    text = "a /tmp/tierce folder, the homework/ folder, PyPI the registry"
    assert not list(wording.speaks_of_itself(PurePosixPath("a.md"), text))


@pytest.mark.parametrize("text", ["text alone", "# One\n\n# Two\n", "```\n# shell\n```\n"])
def test_titles_are_counted(text: str) -> None:
    assert list(wording.has_one_title(PurePosixPath("a.md"), text))


def test_one_title_passes() -> None:
    assert not list(wording.has_one_title(PurePosixPath("a.md"), "# One\n\n```\n# shell\n```\n\n## Two\n"))
