"""Pictures of every page of the four sites, wide and narrow, in French and in English, light and dark.

Run it from the root of the repository: ``python -m tests.browser.shots DIRECTORY [SITE...]``. Look at them.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from tests.browser.conftest import FLAGS, INSURERS, PERSONS, WAIT_MS
from tests.browser.portal_pages import NOBODY, Portal, doctors
from tests.browser.program import chromium_program
from tierce.kernel.clock import SystemClock
from tierce.kernel.language import Language
from tierce.lab.demo.attack import Attack, play
from tierce.lab.demo.stage import INSURER_USER, OFFICER, Stage, open_stage, start_unprotected
from tierce.lab.demo.steps import Steps

WIDTHS = (1280, 360)
ATTACK_TRIES = 300
NOT_ME = ".line-card a[href$='/not-me']"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def _visit(portal: Portal, stage: Stage, doctor: str) -> Iterator[str]:
    """Go through the portal as `doctor`; gives the name of each page while it is shown."""
    portal.open("/")
    yield "sign-in"
    portal.sign_in_by_number(doctor)
    yield "ask"
    portal.open("/ask?fill=paul_lenoir")
    yield "ask-filled"
    portal.ask({**NOBODY, "birth_date": "1988", "rank": "0"})
    yield "ask-wrong"
    portal.ask(stage.person("paul_lenoir"))
    yield "covered"
    with portal.page.expect_navigation():
        portal.page.reload()
    yield "already"
    portal.ask(stage.person("thomas_garrigue_two_insurers"))
    yield "covered-twice"
    portal.ask(NOBODY)
    yield "not-shown"
    portal.open("/ask")
    portal.page.locator("#way-card").check()
    yield "ask-card"
    for page in ("history", "history?outcome=shown&last=2020-01-01", "history?first=x", "places"):
        portal.open(f"/{page}")
        yield page.replace("?", "-").replace("&", "-").replace("=", "-")
    for page in ("held", "sessions", "delegates", "help"):
        portal.open(f"/{page}")
        for one in portal.page.locator("details").all():
            one.locator("summary").click()
        yield page
    portal.open("/nowhere")
    yield "missing"


def _visit_office(page: Page, stage: Stage) -> Iterator[str]:
    """Go through the office after the attack; gives the name of each page while it is shown."""
    office = stage.url("office")
    page.goto(office)
    yield "welcome"
    page.locator("a.button[href='/sign-in']").click()
    page.locator(f"button[value='{OFFICER}']").click()
    page.locator("#live").wait_for()
    yield "live"
    page.goto(office + "/?outcome=4")  # the acts of staff, these visits' own, would soon hide what accounts did
    yield "live-filtered"
    account = page.locator("#live a[href^='/accounts/']").first.get_attribute("href") or ""
    page.locator("#live td:last-child a[href^='/lines/']").first.click()
    yield "line"
    client = account.replace("/accounts/", "/directory/professionals/")
    watched = ("/ladder", "/appeals", "/unexplained", "/limits", "/pools", "/pools/9/0", "/closings")
    for path in (
        *watched,
        "/reports",
        "/feeds",
        "/journal",
        client,
        account,
        f"{account}/hold",
        f"{account}/incident",
    ):
        page.goto(office + path)
        yield path.replace(client, "/client").replace(account, "/account").strip("/").replace("/", "-")
        if path == "/feeds":
            page.locator("table a[href^='/feeds/']").first.click()
            yield "feed"
            page.goto(office + "/directory?q=cabinet")
            yield "directory"
    page.locator("input[name=device]").first.check()
    page.locator("#why").fill("Trois personnes nous ont écrit.")
    page.locator("form[action$='/incident'] button[type=submit]").click()
    page.locator("#list").wait_for()
    yield "incident"
    incident = page.url
    page.locator("#why").fill("L’appareil est suspendu, les autres comptes sont ouverts.")
    page.locator("#next form button").click()
    yield "incident-next"
    page.goto(incident + "/criteria")
    yield "criteria"
    page.get_by_role("button", name=re.compile("Compter|Count")).click()
    yield "criteria-counted"
    for path in ("/register", "/register/new"):
        page.goto(office + path)
        yield path.strip("/").replace("/", "-")
    page.goto(incident)
    person = page.locator("#list ~ div a[href*='/people/']").first.get_attribute("href") or ""
    page.locator("a[href*='/insurers/']").first.click()
    yield "notice"
    page.goto(office + person.replace("/people/", "/letters/"))
    yield "letter"
    page.goto(office + person)
    yield "person"
    page.locator("#purpose").select_option("2")
    page.locator("form:has(#purpose) button").click()
    yield "person-shown"
    for path in ("/incidents", "/nowhere"):
        page.goto(office + path)
        yield path.strip("/")


def _visit_persons(page: Page, stage: Stage) -> Iterator[str]:
    """Go through Paul Lenoir's space; gives the name of each page while it is shown."""
    persons = stage.url("persons")
    page.goto(persons)
    yield "welcome"
    page.locator("a.button[href='/sign-in']").click()
    page.locator("button[value='paul_lenoir-0']").click()
    page.locator(".line-card").first.wait_for()
    yield "history"
    if page.locator(NOT_ME).count():
        page.locator(NOT_ME).first.click()
        yield "not-me"
        page.locator("form[action$='/not-me'] button").click()
        yield "reported"
    for path in ("/read", "/help", "/nowhere"):
        page.goto(persons + path)
        yield path.strip("/")


def _visit_insurers(page: Page, stage: Stage) -> Iterator[str]:
    """Go through the insurers' site; gives the name of each page while it is shown."""
    insurers = stage.url("insurers")
    page.goto(insurers)
    yield "welcome"
    page.locator("a.button[href='/sign-in']").click()
    page.locator(f"button[value='{INSURER_USER}']").click()
    page.locator(".figures").wait_for()
    yield "people"
    page.goto(insurers + "/activity")
    yield "activity"
    page.goto(insurers + "/feeds")
    yield "feeds"
    page.locator("a[href^='/feeds/']").first.click()
    yield "feed"
    page.goto(insurers + "/nowhere")
    yield "missing"


def take(browser: Browser, stage: Stage, out: Path, only: Collection[str]) -> int:
    """Write the pictures of the sites in `only` under `out`, of every site when it is empty; returns how many."""
    taken = 0
    others = doctors(stage)  # each looks once: the thief, and whoever looked before, used up the day's asks
    for language, width, scheme in product(Language, WIDTHS, SCHEMES):
        context = browser.new_context(
            locale=f"{language}-FR", viewport={"width": width, "height": 800}, color_scheme=scheme
        )
        context.set_default_timeout(WAIT_MS)
        portal = Portal(stage, context)
        visits = (
            ("portal", portal.page, _visit(portal, stage, next(others))),
            ("office", page := context.new_page(), _visit_office(page, stage)),
            ("persons", page := context.new_page(), _visit_persons(page, stage)),
            ("insurers", page := context.new_page(), _visit_insurers(page, stage)),
        )
        for site, shown, names in visits:
            if only and site not in only:
                continue
            for name in names:
                shown.screenshot(path=out / f"{site}-{name}-{language}-{width}-{scheme}.png", full_page=True)
                taken += 1
        context.close()
    return taken


async def _attack(stage: Stage) -> None:
    """A thief tries a few hundred identities, so that pages have something to tell."""
    attack = Attack(ATTACK_TRIES)

    async def nobody() -> None:
        """Nobody looks on."""

    with ExitStack() as stack:
        start_unprotected(stack, stage)
        await play(stage, attack, SystemClock(), nobody)


def main(out: Path, only: Collection[str] = ()) -> None:
    """Start an installation and a Chromium, and take every picture."""
    out.mkdir(parents=True, exist_ok=True)
    steps = Steps(Console(stderr=True), Language.EN)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with open_stage(Path(folder) / "home", steps, persons=PERSONS, insurers=INSURERS) as stage:
            asyncio.run(_attack(stage))
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium_program(), args=list(FLAGS))
                steps.say(f"{take(browser, stage, out, only)} pictures in {out}")
                browser.close()


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):  # `--help` is no name for hundreds of pictures
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
