"""What the documents promise exists, and what exists is documented."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.house.wording import ROOT, text_files

README_LINES_MAX = 120
PAGES = [(path, text) for path, text in text_files() if path.suffix == ".md"]
_COMMAND = re.compile(r"\./dev[ \t]+([a-z]+)")
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)]*)?\)")
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==\S+")
_NAMED = re.compile(r"^([A-Za-z0-9._-]+)")


def _requirements(name: str) -> list[str]:
    text = (ROOT / "requirements" / name).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith(("#", "-", " "))]


def _names(lines: list[str]) -> set[str]:
    found = (_NAMED.match(line) for line in lines)
    return {re.sub(r"[-_.]+", "-", match[1]).lower() for match in found if match}


def _sub_commands() -> set[str]:
    """What ./dev accepts, read from its own help."""
    said = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True, check=True).stdout
    return {line.split()[0] for line in said.splitlines() if re.match(r"^  [a-z]", line)}


def test_dev_lists_what_it_does() -> None:
    assert _sub_commands() == {"bench", "check", "demo", "fmt", "help", "test", "tierce"}


def test_dev_refuses_what_it_does_not_know() -> None:
    said = subprocess.run([ROOT / "dev", "dance"], capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "no command “dance”" in said.stderr
    assert said.stdout == ""


@pytest.mark.parametrize("script", ["dev", ".ci/run"])
def test_scripts_parse(script: str) -> None:
    said = subprocess.run(["bash", "-n", ROOT / script], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (0, "")


def test_every_command_named_in_a_page_exists() -> None:
    named = {(str(path), word) for path, text in PAGES for word in _COMMAND.findall(text)}
    assert named
    assert {(path, word) for path, word in named if word not in _sub_commands()} == set()


def test_readme_is_short() -> None:
    readme = ROOT / "README.md"
    assert readme.exists()
    assert len(readme.read_text("utf-8").splitlines()) <= README_LINES_MAX


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = [
        f"{path}: {target}"
        for path, text in PAGES
        for target in _LINK.findall(text)
        if not (ROOT / Path(path).parent / target).exists()
    ]
    assert not broken, "\n" + "\n".join(broken)


@pytest.mark.parametrize("name", ["base", "embedded", "lab", "test"])
def test_every_dependency_has_its_line(name: str) -> None:
    page = (ROOT / "docs/dependencies.md").read_text("utf-8")
    listed = {re.sub(r"[-_.]+", "-", word).lower() for word in re.findall(r"^\| `([^`]+)`", page, re.MULTILINE)}
    assert _names(_requirements(f"{name}.in")) - listed == set()


@pytest.mark.parametrize("name", ["base", "embedded", "lab", "test"])
def test_every_dependency_is_pinned_with_hashes(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)
    pinned = [entry for entry in entries if _PINNED.match(entry)]
    assert all("--hash=sha256:" in entry for entry in pinned)
    assert _names(_requirements(f"{name}.in")) <= _names(pinned)
    assert "://" not in text, "an index or an address has slipped in"


def test_one_version_of_each_package() -> None:
    versions: dict[str, set[str]] = {}
    for name in ("base", "embedded", "lab", "test"):
        for line in _requirements(f"{name}.txt"):
            versions.setdefault(line.split("==")[0], set()).add(line.split()[0])
    assert {name for name, found in versions.items() if len(found) > 1} == set()


def test_pyproject_names_the_same_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    build_backend = {"hatchling", "editables"}
    assert _names(project["dependencies"]) == _names(_requirements("base.in")) - build_backend
    extras = project["optional-dependencies"]
    for extra in ("embedded", "lab"):
        assert _names(extras[extra]) == _names(_requirements(f"{extra}.in"))
    assert _names(extras["test"]) == _names(_requirements("test.in") + _requirements("lab.in"))
