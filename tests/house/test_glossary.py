"""The glossary says one word for one thing, and every code name in it exists."""

import re

from tests.house.wording import ROOT

_ROW = re.compile(r"^\| (?P<french>[^|]+) \| (?P<english>[^|]+) \| (?P<meaning>[^|]+) \| (?P<code>[^|]+) \|$", re.M)
_CODE = re.compile(r"`([^`]+)`")


def _rows() -> list[dict[str, str]]:
    text = (ROOT / "docs/glossary.md").read_text("utf-8")
    rows = [match.groupdict() for match in _ROW.finditer(text)]
    return [row for row in rows if row["french"] != "français" and not row["french"].startswith("---")]


def _source() -> str:
    files = sorted(path for path in (ROOT / "src/tierce").rglob("*") if path.suffix in {".py", ".sql"})
    return "\n".join(path.read_text("utf-8") for path in files)


def test_the_glossary_is_read() -> None:
    assert len(_rows()) > 50


def test_a_term_stands_once() -> None:
    for language in ("french", "english"):
        terms = [term.strip().lower() for row in _rows() for term in row[language].split(",")]
        assert sorted(terms) == sorted(set(terms)), language


def test_a_meaning_is_one_sentence() -> None:
    wrong = [row["french"] for row in _rows() if not row["meaning"].rstrip().endswith(".")]
    assert wrong == []


def test_every_code_name_exists() -> None:
    source = _source()
    names = {name for row in _rows() for name in _CODE.findall(row["code"])}
    missing = {name for name in names if not _stands(name, source)}
    assert missing == set()


def _stands(name: str, source: str) -> bool:
    """Whether it stands there by itself; what is looked for comes first, which is found ten times as fast."""
    word = re.escape(name)
    return re.search(rf"{word}(?<![A-Za-z0-9]{word})(?![A-Za-z0-9])", source) is not None


def test_a_row_names_code_or_says_there_is_none() -> None:
    assert [row["french"] for row in _rows() if not _CODE.search(row["code"]) and row["code"].strip() != "–"] == []
