"""A test, a module or a table of keys that a page names is there."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.house.wording import ROOT
from tierce.feeds.commands import KEYS as FEED_KEYS
from tierce.feeds.intake import INSTANCE as FEED_INSTANCE
from tierce.journal.service import LOG_KEY_NAME
from tierce.storage.keys import EVERY_KEY
from tierce.upkeep.notice.base import INSTANCE as NOTICES_INSTANCE
from tierce.upkeep.notice.base import KEYS as NOTICES_KEYS
from tierce.upkeep.retention.commands import INSTANCE as UPKEEP_INSTANCE
from tierce.upkeep.service import INSTANCES, LENDING_KEY
from tierce.web.names import EVERY, KEYS

PAGES = (
    "docs/mission.md", "docs/developers.md", "docs/promises.md", "docs/operations.md", "SECURITY.md",
    "docs/reference/adversaries.md", "docs/reference/stores.md",
)  # fmt: skip
DECISIONS = tuple(sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs/adr").glob("0*.md")))
_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|sql|md|toml|json|txt))")
_ROW = re.compile(r"^\| `(?P<process>\w+)` \| (?P<files>[^|]*) \|$", re.M)
_FILE = re.compile(r"^\| `(?P<name>[\w-]+)\.key` \|", re.M)
_PLACES = (ROOT, ROOT / "src", ROOT / "src/tierce", ROOT / "src/tierce/storage", ROOT / "src/tierce/storage/sql")
_AN_OPERATORS_OWN = {"tierce.toml", "insurers.csv", "directory.csv"}


@cache
def names_of_tests(path: str) -> set[str]:
    """The names of the test functions of a file, read once; none when there is no such file."""
    file = ROOT / path
    if not file.exists():
        return set()
    tree = ast.parse(file.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("page", [*PAGES, *DECISIONS])
def test_every_test_named_exists(page: str) -> None:
    named = set(_TEST.findall((ROOT / page).read_text("utf-8")))
    assert sorted(f"{path}::{name}" for path, name in named if name not in names_of_tests(path)) == []


def test_mission_and_promises_name_tests() -> None:
    for page in ("docs/mission.md", "docs/promises.md"):
        assert len(_TEST.findall((ROOT / page).read_text("utf-8"))) > 20, page


def _exists(path: str, here: Path) -> bool:
    """Whether a path as pages write it is there; a bare file name may be that of any slice."""
    if any((place / path).exists() for place in (*_PLACES, here)):
        return True
    return "/" not in path and any((ROOT / "src/tierce").rglob(path))


@pytest.mark.parametrize("page", [*PAGES, *DECISIONS])
def test_every_module_named_exists(page: str) -> None:
    spans = _CODE.findall((ROOT / page).read_text("utf-8"))
    paths = {span.split("::")[0] for span in spans if _PATH.fullmatch(span.split("::")[0])} - _AN_OPERATORS_OWN
    assert sorted(path for path in paths if not _exists(path, (ROOT / page).parent)) == []


def _opened(module: str, function: str) -> set[str]:
    """The signing keys that a function of a module opens, as key file names."""
    tree = ast.parse((ROOT / "src/tierce" / module).read_text("utf-8"))
    body = next(one for one in ast.walk(tree) if getattr(one, "name", "") == function)
    found: set[str] = set()
    for call in (node for node in ast.walk(body) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "instance":
            (name,) = call.args
            found.add(str(name.value) if isinstance(name, ast.Constant) else LOG_KEY_NAME)
    return {f"instance-{name}" for name in found}


def test_the_table_of_keys_is_what_each_process_opens() -> None:
    page = (ROOT / "docs/reference/keys.md").read_text("utf-8")
    printed = {row["process"]: set(_CODE.findall(row["files"])) for row in _ROW.finditer(page)}
    given = {
        name: {str(one) for one in KEYS.get(name, ())} | _opened(f"web/wiring/{name}.py", name)
        for name in KEYS
        if name not in {"worker", "billing"}
    }
    given["portal"] = _opened("web/wiring/portal.py", "portal")
    given["worker"] = set(KEYS["worker"]) | _opened("web/worker.py", "run_worker")
    given["billing"] = {*KEYS["billing"], *_opened("web/billing.py", "desk")}
    given[FEED_INSTANCE] = {*FEED_KEYS, f"instance-{FEED_INSTANCE}"}
    given[NOTICES_INSTANCE] = {*NOTICES_KEYS, f"instance-{NOTICES_INSTANCE}"}
    given[UPKEEP_INSTANCE] = {f"instance-{UPKEEP_INSTANCE}"}
    assert set(given) == {*EVERY, FEED_INSTANCE, NOTICES_INSTANCE, UPKEEP_INSTANCE}
    assert printed == given


def test_every_key_file_has_its_line() -> None:
    page = (ROOT / "docs/reference/keys.md").read_text("utf-8")
    assert {row["name"] for row in _FILE.finditer(page)} == {*EVERY_KEY, f"instance-{LOG_KEY_NAME}", "instance-NAME"}


def test_every_key_file_has_its_way_of_being_replaced() -> None:
    page = (ROOT / "docs/reference/keys.md").read_text("utf-8")
    rows = [line for line in page.split("## Rotation")[1].split("\n## ")[0].splitlines() if line.startswith("| ")]
    named = {name for row in rows for name in _CODE.findall(row.split(" | ")[0])}
    assert {*EVERY_KEY, LENDING_KEY} - named == set()


def test_upkeep_makes_a_signing_key_for_whoever_signs() -> None:
    page = (ROOT / "docs/reference/keys.md").read_text("utf-8")
    signing = {name for row in _ROW.finditer(page) for name in _CODE.findall(row["files"]) if "-" in name}
    assert signing == {f"instance-{name}" for name in INSTANCES}


def test_the_runbook_has_a_place_for_each_finding_of_the_reader_and_gives_it_all_it_reads() -> None:
    page = (ROOT / "docs/runbooks/journal-does-not-verify.md").read_text("utf-8")
    reader = "\n".join(file.read_text("utf-8") for file in (ROOT / "src/tierce/journal/verifier").glob("*.py"))
    codes = set(re.findall(r"\.(?:error|gap)\(\s*\"([a-z-]+)\"", reader))
    assert len(codes) > 20
    assert codes - set(_CODE.findall("\n".join(re.findall(r"^## .*$", page, re.M)))) == set()
    command = re.findall(r"^\$ tierce journal verify (?:.*\\\n)*.*$", page, re.M)
    assert len(command) == 1
    # Without the folder of segments the reader finds `segments-unread`, from the first night of sealing on.
    assert all(option in command[0] for option in ("--secrets", "--log ", "--log-key", "--segments", "--retired"))


def test_the_runbook_of_an_incident_quotes_the_pages_word_for_word() -> None:
    """Whoever follows it at night looks for these very words on a page or a button."""
    said = " | ".join(
        text["fr"]
        for file in (ROOT / "src/tierce/web/office").glob("words*.toml")
        for text in tomllib.loads(file.read_text("utf-8")).values()
    )
    shown = said.replace("\u202f", " ").replace("\u00a0", " ").replace("’", "'")
    page = (ROOT / "docs/runbooks/incident.md").read_text("utf-8").replace("’", "'")
    quoted = re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", page)
    sought = [re.sub(r"\b3\b", "{n}", one).removesuffix(" …").rstrip(".") for one in quoted]
    unknown = [one for one in sought if one not in shown and one not in {"En français", "Stolen"}]
    assert len(quoted) > 20
    assert unknown == []
