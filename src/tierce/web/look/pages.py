"""Turns a template and its values into a page, and serves the few static files.

Values given to a template are view models that the site computed; a template chooses words and shapes and
decides nothing.
"""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import BytecodeCache, DictLoader, Environment, StrictUndefined
from jinja2.bccache import Bucket
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from tierce.kernel.care import DOMAIN_LABELS, Domain
from tierce.kernel.language import Language
from tierce.web.look import formats
from tierce.web.look.words import Words, fixed_page

LOOK: Final = Path(__file__).parent
_FOREVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of a site's navigation; `key` is the key of its words, `under` the addresses that belong to it.

    What is below its own address belongs to it too. `apart` begins another group: a long row is read by its groups.
    """

    href: str
    key: str
    under: tuple[str, ...] = ()
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every page: language, where we are, who is signed in."""

    language: Language
    path: str
    links: tuple[Link, ...] = ()
    who: str | None = None
    place: str | None = None
    sign_out: str | None = None
    """Where the sign-out form posts to, when somebody is signed in."""
    csrf: str | None = None
    renews: int | None = None
    """After how many seconds a page that stays open has its session's ticket replaced; None where there is none."""
    again: bool = True
    """Whether this very address can be asked for again; not where it answers a form alone, or serves once."""

    @property
    def switch(self) -> str:
        """Where the other language is asked for: here, or on the page of the menu that this one belongs to."""
        return "" if self.again else self._nearest() or "/"

    def here(self, link: Link) -> str | None:
        """What `aria-current` says of a link: "page" on its own page, "true" on one that belongs to it."""
        if link.href == self.path:
            return "page"
        return "true" if self._nearest() == link.href else None

    def _nearest(self) -> str | None:
        """The address of the link whose page, or part of the site, the present one is."""
        roots = [(root, link.href) for link in self.links for root in (link.href, *link.under)]
        held = [(len(root), href) for root, href in roots if self.path == root or self.path.startswith(f"{root}/")]
        return max(held)[1] if held else None


@dataclass(frozen=True, slots=True)
class Hotline:
    """Whom one calls about a site: at the foot of each of its pages, and in the sentences that say to call."""

    name: str
    phone: str
    address: str = ""
    """Where one writes, on a site whose pages say to."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file, read once, served under an address that changes with its content."""

    content: bytes
    media_type: str
    version: str


class _Compiled(BytecodeCache):
    """Templates compiled once a process, whatever the language of their page."""

    def __init__(self) -> None:
        self._found: dict[str, Bucket] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if found := self._found.get(bucket.key):
            bucket.code = found.code

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._found[bucket.key] = bucket


class Pages:
    """The templates, words and static files of one site."""

    def __init__(self, folder: Path, hotline: Hotline | None = None) -> None:
        """Read everything from the site's folder (`words.toml` and further `words_*.toml`) and from the shared look.

        `hotline` is whom its readers call; none where they are the operator's own.

        Raises:
            WordsError: a catalogue is wrong.
        """
        self.words = Words.load(LOOK / "words.toml", *sorted(folder.glob("words*.toml")))
        self._assets = {**_assets(LOOK / "static", "look"), **_assets(folder / "static", "static")}
        style = next((path for path in self._assets if path.startswith("static/") and path.endswith(".css")), "")
        tools: dict[str, object] = {"asset": self.address, "hotline": hotline, "style": style}
        # Read whole now: an upgrade puts the next version's files in the place of these while this process serves.
        sources = {
            file.name: file.read_text("utf-8")
            for root in (LOOK, folder)
            for file in sorted((root / "templates").glob("*.html"))
        }
        compiled = _Compiled()
        self._environments = {
            language: _environment(sources, compiled, {**tools, **self._tools(language), "lang": str(language)})
            for language in Language
        }

    def address(self, path: str) -> str:
        """Return the address of a static file such as ``look/tierce.css``, with the version of its content."""
        return f"/{path}?v={self._assets[path].version}"

    def render(self, template: str, frame: Frame, values: Mapping[str, object]) -> str:
        """Return the HTML of a page; every name that the template uses must be given."""
        environment = self._environments[frame.language]
        html = environment.get_template(template).render({**values, "frame": frame})
        return fixed_page(html) if frame.language is Language.FR else html

    def page(self, template: str, frame: Frame, values: Mapping[str, object], *, status: int) -> Response[str]:
        """Return the page as an answer."""
        return Response(self.render(template, frame, values), status_code=status, media_type="text/html")

    def asset(self, path: str) -> Asset:
        """Return a static file.

        Raises:
            KeyError: there is none by this name.
        """
        return self._assets[path]

    def static_handlers(self) -> list[HTTPRouteHandler]:
        """Return the route handlers of ``/look/...`` and ``/static/...``."""

        @get(["/look/{name:str}", "/static/{name:str}"], name="static", sync_to_thread=False)
        def static(request: Request[Any, Any, State], name: FromPath[str]) -> Response[bytes]:
            folder = request.url.path.split("/")[1]
            try:
                asset = self._assets[f"{folder}/{name}"]
            except KeyError:
                raise NotFoundException from None
            return Response(asset.content, media_type=asset.media_type, headers={"cache-control": _FOREVER})

        return [static]

    def _tools(self, language: Language) -> dict[str, object]:
        """Return the few functions that templates call; the language is already in them."""

        def t(key: str, **values: object) -> str:
            return self.words.say(key, language, **values)

        def n(key: str, number: int, **values: object) -> str:
            return self.words.count(key, number, language, **values)

        def say(value: date | datetime | timedelta | Decimal | int) -> str:
            return _say(value, language)

        def care(domain: Domain) -> str:
            return DOMAIN_LABELS[domain][language]

        def hour(value: datetime) -> str:
            return formats.say_time(value, language)

        plain = {"exact": formats.exact_moment, "day_of": formats.day_of, "age": _age(language)}
        return {"t": t, "n": n, "say": say, "hour": hour, "care": care, **plain}


def _environment(sources: Mapping[str, str], compiled: _Compiled, tools: Mapping[str, object]) -> Environment:
    """Return what makes pages of one language: what they import is then evaluated once, not for each page."""
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=compiled,
    )
    environment.globals.update(tools)
    return environment


@cache
def pages_of(folder: Path, hotline: Hotline | None = None) -> Pages:
    """The pages of the site in `folder`, read once a process however many applications are made of it."""
    return Pages(folder, hotline)


def _age(language: Language) -> object:
    return lambda days: formats.say_age(days, language)


def _say(value: date | datetime | timedelta | Decimal | int, language: Language) -> str:
    """Say a value by its type."""
    match value:
        case datetime():
            return formats.say_moment(value, language)
        case date():
            return formats.say_day(value, language)
        case timedelta():
            return formats.say_duration(value, language)
        case Decimal():
            return formats.say_money(value, language)
        case int():
            return formats.say_number(value, language)


def _assets(folder: Path, prefix: str) -> dict[str, Asset]:
    """Read every file of a folder of static files; a site may have none."""
    found: dict[str, Asset] = {}
    for file in sorted(folder.glob("*")):
        content = file.read_bytes()
        media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        version = hashlib.sha256(content).hexdigest()[:12]
        found[f"{prefix}/{file.name}"] = Asset(content, media_type, version)
    return found
