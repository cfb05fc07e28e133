"""Scripts of one page share their top-level names: a second declaration of one stops the whole script."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tierce import web

WEB = Path(web.__file__).parent
DECLARED = re.compile(r"^(?:async )?(?:const|let|var|function|class) (\w+)", re.MULTILINE)
ASKED = re.compile(r"asset\('((?:look|static)/\w+\.js)'\)")
SITES = [site.name for site in WEB.iterdir() if (site / "templates").is_dir() and site.name != "look"]


def script(site: str, asset: str) -> str:
    folder, name = asset.split("/")
    return (WEB / ("look" if folder == "look" else site) / "static" / name).read_text()


def lineage(site: str, template: str) -> list[str]:
    """The text of a template and of those that it extends, the nearest first."""
    here, look = WEB / site / "templates" / template, WEB / "look" / "templates" / template
    text = (here if here.exists() else look).read_text()
    above = re.search(r'extends "([\w.]+)"', text)
    return [text, *(lineage(site, above[1]) if above else [])]


@pytest.mark.parametrize("site", SITES)
def test_no_two_scripts_of_one_page_declare_one_name(site: str) -> None:
    pages = [one.name for one in (WEB / site / "templates").glob("*.html")]
    for page in [*pages, "entering.html", "renewing.html"]:
        texts = lineage(site, page)
        heads = [one for one in texts if "{% block head %}" in one and "base.html" in one][:1] or texts[:1]
        asked = {asset for text in [texts[0], *heads, texts[-1]] for asset in ASKED.findall(text)}
        found = Counter(name for asset in asked for name in DECLARED.findall(script(site, asset)))
        assert [name for name, times in found.items() if times > 1] == [], f"{site}/{page}: {sorted(asked)}"


def test_two_scripts_that_share_a_name_are_seen() -> None:
    found = Counter(DECLARED.findall("const a = 1;\nlet b;\n") + DECLARED.findall("async function b() {}\n  let a;"))
    assert [name for name, times in found.items() if times > 1] == ["b"]
