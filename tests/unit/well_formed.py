"""What is wrong with a page of HTML: tags that do not match, things inline, names used twice."""

from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "input", "img", "br", "hr"})
FOREIGN_VOID = frozenset({"path", "rect", "circle"})


FILTERS = frozenset({"first", "last", "domain", "outcome"})
"""Fields that an address may hold: they choose lines of a list, and no value of theirs says anything of anybody."""


class _Checker(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.referred: set[str] = set()
        self.faults: list[str] = []
        self.in_address = False

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._attributes(tag, dict(attrs))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._attributes(tag, dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:]} at {self.getpos()}")
        else:
            self.open.pop()

    def _attributes(self, tag: str, attrs: dict[str, str | None]) -> None:
        self.faults += [f"inline {name} on {tag}" for name in attrs if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and not attrs.get("src")):
            self.faults.append(f"inline {tag}")
        for name in ("src", "href", "action"):
            if (attrs.get(name) or "").startswith(("http:", "https:", "//", "javascript:")):
                self.faults.append(f"{tag} {name} leads elsewhere: {attrs[name]}")
        if tag == "form":
            self.in_address = (attrs.get("method") or "").lower() != "post"
        if tag in {"input", "select", "textarea"} and self.in_address and attrs.get("name") not in FILTERS:
            self.faults.append("a form that does not post puts its fields in the address")
        found = attrs.get("id")
        if found is not None:
            if found in self.ids:
                self.faults.append(f"id {found} twice")
            self.ids.add(found)
        for name in ("for", "aria-describedby", "aria-labelledby"):
            self.referred.update((attrs.get(name) or "").split())


def faults_of(page: str) -> list[str]:
    """Everything wrong with the page; an empty list is what a test wants."""
    checker = _Checker()
    checker.feed(page)
    checker.close()
    missing = sorted(checker.referred - checker.ids)
    return [
        *checker.faults,
        *(f"<{tag}> never closed" for tag in checker.open),
        *(f"refers to {name}, which is not there" for name in missing),
    ]
