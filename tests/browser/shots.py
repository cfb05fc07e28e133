"""Pictures of every page of the portal, wide and narrow, in French and in English, light and dark.

Run it from the root of the repository: ``python -m tests.browser.shots DIRECTORY``. Look at them.
"""

import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from shutil import which
from typing import Literal

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console

from tests.browser.conftest import FLAGS, INSURERS, PERSONS, WAIT_MS
from tests.browser.portal_pages import NOBODY, Portal
from tierce.kernel.language import Language
from tierce.lab.demo.stage import Stage, open_stage
from tierce.lab.demo.steps import Steps

WIDTHS = (1280, 360)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def _visit(portal: Portal, stage: Stage) -> Iterator[str]:
    """Go through the portal; gives the name of each page while it is shown."""
    portal.open("/")
    yield "sign-in"
    portal.sign_in()
    yield "ask"
    portal.open("/ask?fill=paul_lenoir")
    yield "ask-filled"
    portal.ask({**NOBODY, "birth_date": "1988", "rank": "0"})
    yield "ask-wrong"
    portal.ask(stage.person("paul_lenoir"))
    yield "covered"
    portal.ask(NOBODY)
    yield "not-shown"
    for page in ("history", "places", "sessions"):
        portal.open(f"/{page}")
        yield page
    portal.open("/nowhere")
    yield "missing"


def take(browser: Browser, stage: Stage, out: Path) -> int:
    """Write the pictures under `out`; returns how many."""
    taken = 0
    for language, width, scheme in product(Language, WIDTHS, SCHEMES):
        context = browser.new_context(
            locale=f"{language}-FR", viewport={"width": width, "height": 800}, color_scheme=scheme
        )
        context.set_default_timeout(WAIT_MS)
        portal = Portal(stage, context)
        for name in _visit(portal, stage):
            portal.page.screenshot(path=out / f"portal-{name}-{language}-{width}-{scheme}.png", full_page=True)
            taken += 1
        context.close()
    return taken


def main(out: Path) -> None:
    """Start an installation and a Chromium, and take every picture."""
    out.mkdir(parents=True, exist_ok=True)
    found = which("chromium") or which("chromium-browser")
    assert found is not None, "install the Debian package chromium"
    steps = Steps(Console(stderr=True), Language.EN)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        Path(folder).chmod(0o755)
        with open_stage(Path(folder) / "home", steps, persons=PERSONS, insurers=INSURERS) as stage:
            browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
            steps.say(f"{take(browser, stage, out)} pictures in {out}")
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
