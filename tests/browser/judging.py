"""What is judged of every page of a site: axe and each width, the keyboard, paper."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.browser.every_page import Shown
from tests.browser.looks import AXE, axe_faults, scrolls_sideways
from tierce.kernel.language import Language
from tierce.web.look.headers import content_security_policy

DESK, TABLET, PHONE, SHEET = 1280, 768, 360, 690
"""Widths in pixels; the last is that of a sheet of A4 between its margins."""
AXE_PATH: Final = "axe.js"
BRING_AXE: Final = f"""
new Promise((done, failed) => {{
  const one = Object.assign(document.createElement("script"), {{src: "/{AXE_PATH}", onload: done, onerror: failed}});
  document.head.append(one);
}}).then(() => {{ axe.configure({{rules: [{{id: "color-contrast", selector: "*:not([data-known])"}}]}}); }})
"""
"""Loaded beside the pages: a browser compiles once what it has kept, and each time what it is handed.

Of the colours it judges all but what is marked as known."""
CONTROLS: Final = (
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex='-1'])"
)
UNSEEN_FOCUS: Final = """
(wanted) => [...document.querySelectorAll(wanted)]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled)
  .flatMap((one) => {
    const name = `${one.tagName} ${one.id || one.textContent.trim().slice(0, 40)}`;
    if (one.tabIndex !== 0) return [`${name} is out of the order`];
    one.focus({focusVisible: true});
    if (document.activeElement !== one) return [`${name} takes no focus`];
    const {outlineStyle, outlineWidth} = getComputedStyle(one);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 ? [] : [`${name} shows no focus`];
  })
"""
"""What keeps a control out of the keyboard's order, or its focus out of sight."""
STOPS: Final = """
(wanted) => {
  const all = [...document.querySelectorAll(wanted)];
  window.stopOf = (one) => one.type === "radio" ? `${one.form?.action} ${one.name}` : String(all.indexOf(one));
  return all.filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled).map(window.stopOf);
}
"""
"""The stops that the keyboard has to make: one for all the choices of a group."""
STOP: Final = "window.stopOf(document.activeElement)"
PRINTED: Final = """
() => {
  const seen = [...document.querySelectorAll("button, input[type=submit], nav, .skip, .switch, .actions")]
    .filter((one) => one.checkVisibility() && one.getClientRects().length)
    .map((one) => `${one.tagName} ${one.textContent.trim().slice(0, 40)} is printed`);
  const {color, backgroundColor} = getComputedStyle(document.body);
  const ink = [color, backgroundColor].join(" on ");
  const heading = document.querySelector("h1");
  return [
    ...seen,
    ...(ink === "rgb(0, 0, 0) on rgb(255, 255, 255)" ? [] : [`${ink} is not black on white`]),
    ...(heading && heading.checkVisibility() ? [] : ["no heading"]),
  ];
}
"""
"""What paper has no use for, or does not show, on a page of somebody whose screen is dark."""


BLOCKS: Final = """
() => {
  const words = ["action", "aria-describedby", "aria-label", "datetime", "for", "href", "name", "title", "value"];
  const named = (one) => one.localName
    + [...one.attributes].map(({name, value}) => words.includes(name) ? "" : `[${name}=${value}]`).join("")
    + ([...one.childNodes].some((it) => it.nodeType === Node.TEXT_NODE && it.data.trim()) ? "'" : "");
  const whole = (one) => `${named(one)}{${[...one.children].map(whole)}}`;
  const before = (one) => one ? `${before(one.previousElementSibling)}+${named(one)}` : "";
  const around = (one) => one ? `${around(one.parentElement)}/${before(one)}` : "";
  const within = (one, left) => [one, ...(left ? [...one.children].flatMap((it) => within(it, left - 1)) : [])];
  window.blocks = within(document.body, 4);
  return window.blocks.map((one) => around(one) + whole(one));
}
"""
"""What the colours of each block are made of: its elements, what it stands in and beside; not its words."""
KNOWN: Final = """
(known) => {
  const marked = (one) => { one.dataset.known = ""; [...one.children].forEach(marked); };
  known.forEach((place) => marked(window.blocks[place]));
}
"""


class _Site(ThreadingHTTPServer):
    """A server on the loopback: one page after the other, with its files, which the browser may keep."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.one: Shown | None = None


class _Answer(BaseHTTPRequestHandler):
    server: _Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Give the page, a file of its site, or what judges it; none of these is answered 404."""
        one, path = self.server.one, urlsplit(self.path).path.strip("/")
        assert one is not None
        head, content = {"cache-control": "max-age=3600"}, b""
        if path == one.site:
            content, kind = one.html.encode(), "text/html; charset=utf-8"
            head = {"cache-control": "no-store", "content-security-policy": content_security_policy()}
        elif path == AXE_PATH:
            content, kind = AXE.encode(), "text/javascript; charset=utf-8"
        else:
            with suppress(KeyError):
                content, kind = one.asset(path)
        self.send_response(200 if content else 404)
        for name, value in (head | ({"content-type": kind} if content else {})).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - it is the library's name
        """Say nothing: the test says what is wrong."""


@dataclass
class Tab:
    """One tab for all of them: each page is loaded as its site answers it, with its files and policy of contents."""

    page: Page
    site: _Site

    @classmethod
    @contextmanager
    def opened(cls, page: Page) -> Iterator["Tab"]:
        """Serve pages to this one until the end."""
        with _Site() as site:
            serving = Thread(target=site.serve_forever, daemon=True)
            serving.start()
            yield cls(page, site)
            site.shutdown()
            serving.join()

    def show(self, one: Shown) -> Page:
        """Load a page."""
        self.site.one = one
        self.page.goto(f"http://127.0.0.1:{self.site.server_port}/{one.site}", wait_until="load")
        return self.page


def looks_of(shown: list[Shown], language: Language) -> list[Shown]:
    """Of the pages that differ in their words alone, one: axe, the keyboard and paper judge elements and looks."""
    return list({one.shape: one for one in shown if one.language == language}.values())


@dataclass
class Judged:
    """What is wrong of a site's pages in one language: each is loaded once, and judged in every way."""

    screen: list[str] = field(default_factory=list)
    keyboard: list[str] = field(default_factory=list)
    paper: list[str] = field(default_factory=list)


def judge(shown: list[Shown], tab: Tab, language: Language) -> Judged:
    """What is wrong on a screen in either language, and, of the French pages, for the keyboard and on paper.

    What axe finds depends on the words and on the width, apart: in French it looks on a desk, in English on a phone.
    Pages that differ in their words alone are all shown in French, the longer language, for what scrolls sideways.
    """
    found = Judged()
    french = language is Language.FR
    judged = looks_of(shown, language)
    most: tuple[set[str], Shown | None] = (set(), None)
    blocks: set[str] = set()
    for one in (one for one in shown if one.language == language) if french else judged:
        page = tab.show(one)
        found.screen += _screen_faults(page, one, (DESK if french else PHONE) if one in judged else None, blocks)
        if french and one in judged:
            found.keyboard += [f"{one.name}: {fault}" for fault in page.evaluate(UNSEEN_FOCUS, CONTROLS)]
            most = max(most, (set(page.evaluate(STOPS, CONTROLS)), one), key=lambda stops: len(stops[0]))
            found.paper += _paper_faults(page, one)
    if most[1] is not None:
        found.keyboard += _stops_never_made(tab.show(most[1]), most[1], most[0])
    return found


def _screen_faults(page: Page, one: Shown, axe_at: int | None, blocks: set[str]) -> list[str]:
    """Widths at which the page scrolls sideways, which ends at the last; what axe finds, if it is to look."""
    faults: list[str] = []
    for width in (DESK, TABLET, PHONE):
        page.set_viewport_size({"width": width, "height": 800})
        faults += [f"{one.name} {width}: scrolls sideways"] if scrolls_sideways(page) else []
        if width == axe_at:
            page.evaluate(BRING_AXE)
            _know(page, blocks)
            faults += axe_faults(page, f"{one.name} {width}")
    return faults


def _know(page: Page, blocks: set[str]) -> None:
    """Mark the blocks that a page before had, whose colours were judged there: `blocks`, which the others join.

    Half of what axe takes is contrast, and pages are alike in most of their blocks.
    """
    found = page.evaluate(BLOCKS)
    page.evaluate(KNOWN, [place for place, block in enumerate(found) if block in blocks])
    blocks.update(found)


def _stops_never_made(page: Page, one: Shown, left: set[str]) -> list[str]:
    """The stops of a page, just loaded, that Tab never makes."""
    page.evaluate(STOPS, CONTROLS)
    for _ in range(4 * len(left) + 10):  # a date has a stop for each of its parts, and a page may begin in a field
        if not left:
            break
        page.keyboard.press("Tab")
        left.discard(page.evaluate(STOP))
    return [f"{one.name}: the keyboard does not come to {stop}" for stop in left]


def _paper_faults(page: Page, one: Shown) -> list[str]:
    """What a sheet shows that it should not, lacks, or is too narrow for."""
    page.set_viewport_size({"width": SHEET, "height": 1000})
    page.emulate_media(media="print")
    faults = [f"{one.name}: {fault}" for fault in page.evaluate(PRINTED)]
    faults += [f"{one.name}: wider than the sheet"] if scrolls_sideways(page) else []
    page.emulate_media(media="screen")
    return faults
