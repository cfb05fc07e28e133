"""The runbooks that need somebody beside the operator, followed as written on an installation that serves.

A witness, another operator: each is a real program on this machine.
`test_operation_runbooks` follows the pages that need the operator alone. What a page has somebody click in the office
is sent as its forms are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

import httpx
import pytest
from rich.console import Console

from tests.folders import private_folder
from tests.forks import start_tierce
from tests.integration.signin_world import free_port
from tests.integration.test_operation_runbooks import PAGES, Machine, as_deployed, commands_of
from tests.integration.thief import enter, visit
from tests.integration.units import lasting_units
from tests.waiting import eventually
from tierce.kernel.clock import SystemClock
from tierce.kernel.language import Language
from tierce.lab.demo.stage import OFFICER, OPERATIONS, OPTICIAN_IBAN, open_stage
from tierce.lab.demo.steps import Steps
from tierce.lab.demo.store import lines_waiting
from tierce.lab.standins.peer import SSF, OtherOperator, push
from tierce.storage.cluster import SUPERUSER

pytestmark = pytest.mark.integration
FOLLOWED = (
    "witnesses",
    "peer-alerts",
    "confirm-an-account",
    "incident",
)
OTHER_FINESS = "990000010"
"""Of a practice of the story."""


@dataclass
class Place(Machine):
    """The machine of the page, for whoever follows it beside others."""

    def follow(self, lines: list[str], *named: tuple[str, str]) -> str:
        """Run a page's lines in order, each ends well; `named` puts true names for those of the page."""
        said = ""
        for written in lines:
            line = written
            for there, here in (("/srv/tierce-feeds", str(self.home)), *named):
                line = line.replace(there, here)
            if line.startswith("systemctl "):
                self._manage(line)
            else:
                done = self.run(line)
                assert done.returncode == 0, f"{line}\n{done.stdout[-900:]}\n{done.stderr[-900:]}"
                said += done.stdout + done.stderr
        return said

    def _manage(self, line: str) -> None:
        verb, *names = line.replace(" enable --now", " start").split()[1:]
        for name in (one.removeprefix("tierce-") for one in names):
            self.systemctl(verb, [name])
        self.wait_ready(line)

    def one(self, statement: str) -> int:
        """One number of the database."""
        with self.stage.database.connect(SUPERUSER) as admin:
            row = admin.execute(statement.encode()).fetchone()
        assert row is not None, statement
        return int(row[0])


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    steps = Steps(Console(stderr=True), Language.EN)
    with (
        private_folder() as home,
        open_stage(home / "home", steps, persons=200, insurers=2, only=("worker",)) as stage,
    ):
        stage.processes["serve"].terminate()
        stage.processes["serve"].wait(timeout=30)
        as_deployed(stage)
        found = Place(stage, home)
        found.systemctl("start", lasting_units())
        try:
            found.wait_ready("every unit ready")
            yield found
        finally:
            found.systemctl("stop", list(found.units))


@pytest.fixture(autouse=True)
def _left_well(place: Place) -> Iterator[None]:
    yield
    place.wait_ready("everybody is served after it")
    assert place.left_wrong() == []


def form(web: httpx.Client, page: str, action: str, **typed: str) -> httpx.Response:
    """Fill in one form of a page as it proposes it, then press its button."""
    shown = web.get(page)
    assert shown.status_code == 200, page
    found = re.search(rf'<form method="post" action="{re.escape(action)}".*?</form>', shown.text, re.S)
    assert found, (page, action, re.findall(r'action="([^"]+)"', shown.text))
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", found[0]):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and 'type="checkbox"' not in tag and 'type="radio"' not in tag:
            fields[name[1]] = unescape(value[1])
    done = web.post(action, data=fields | typed)
    assert done.status_code in {200, 303}, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", done.text))[:1500]
    return done


def test_witnesses(place: Place) -> None:
    port, name, key, *lines = free_port(), "caisse.example/temoin", "", *commands_of("witnesses")
    (place.home / "log.pub").write_text((place.stage.home / "keys" / "log.pub").read_text())
    folder = ("/var/lib/tierce-witness", str(place.home / "witness"))
    made, served, *rest = lines
    key = place.follow([made], folder).strip()
    assert key.startswith(f"{name}+")
    log = (place.home / "log.pub").read_text().strip()
    words = served.replace(*folder).replace('"$(cat log.pub)"', "LOG").split()[1:]
    witness = start_tierce(
        *(log if one == "LOG" else one for one in words), "--port", str(port), out=place.home / "witness.log"
    )
    try:
        eventually(lambda: answers(f"http://127.0.0.1:{port}/"), "the witness serves")
        with place.stage.settings_file.open("a", encoding="utf-8") as settings:
            settings.write(f'[[witnesses]]\nurl = "http://127.0.0.1:{port}"\nkey = "{key}"\n')
        shown, restarted, doctor = rest
        place.follow([restarted])
        eventually(lambda: "each witness has cosigned" in place.follow([doctor]), "the doctor says so", seconds=60)
        assert re.search(r": [1-9]\d* lignes / entries", place.follow([shown], folder))
        assert (place.home / "checkpoint").read_text().startswith("tierce.local/journal\n")
    finally:
        text = place.stage.settings_file.read_text("utf-8")
        place.stage.settings_file.write_text(text[: text.index("[[witnesses]]")], "utf-8")
        place.follow(["systemctl restart tierce-worker tierce-office"])
        witness.terminate()
        witness.join(30)
    assert witness.exitcode is not None


def answers(url: str) -> bool:
    """Whether anything answers there."""
    try:
        return httpx.get(url, trust_env=False, timeout=2).status_code > 0
    except httpx.TransportError:
        return False


def test_peer_alerts(place: Place) -> None:
    peers = place.stage.url("peers")
    other = OtherOperator("https://alertes.merlerive.example", peers)
    (place.home / "merlerive.jwks").write_text(other.jwks())
    enabled, restarted, registered, keys, ended = commands_of("peer-alerts")
    place.follow([enabled, restarted])
    assert httpx.get(f"{peers}/jwks.json", trust_env=False).json()["keys"]
    place.follow([registered])

    def verification() -> httpx.Response:
        claims = other.claims(f"{SSF}/verification", "0", SystemClock().now().timestamp())
        return push(f"{peers}/events", other.sign(claims | {"sub_id": {"format": "opaque", "id": "x"}}))

    assert verification().status_code == 202
    with visit(place.stage, "office", OFFICER) as office:
        assert "Merlerive" in office.get("/alerts").text
    place.follow([keys])
    assert verification().status_code == 202
    place.follow([ended])
    refused = verification()
    assert (refused.status_code, refused.json()["err"]) == (400, "invalid_issuer")


def test_confirm_an_account(place: Place) -> None:
    (place.home / "accounts.csv").write_text(
        f"establishment,iban,holder\n{OTHER_FINESS},{OPTICIAN_IBAN},Cabinet des Tilleuls\n", "utf-8"
    )
    place.follow(commands_of("confirm-an-account"))
    assert not (place.home / "accounts.csv").exists()
    with visit(place.stage, "office", OFFICER) as office, visit(place.stage, "office", OPERATIONS) as other:
        page = eventually(lambda: found(r'href="(/bank/\d+)"', office.get("/bank").text), "the ask is in the queue")
        for one in (office, other):
            eventually(lambda: f"{page}/confirm" in office.get(page).text, "billing opened it")
            form(
                one,
                page,
                f"{page}/confirm",
                number_from="1",
                spoken_with="Anne Roy, gérante",
                said="Les signes dits.",
            )
            if f"{page}/confirm" not in other.get(page).text:
                break
        assert "Anne Roy" in office.get(page).text


def found(pattern: str, text: str) -> str:
    """What a pattern's group matched, or nothing."""
    match = re.search(pattern, text)
    return match[1] if match else ""


def test_incident(place: Place) -> None:
    stage = place.stage
    rpps = stage.truth["story"]["claire_morvan"]["rpps"]
    assert enter(stage, "claire_morvan").ask(stage.person("paul_lenoir"), "MEDG").json()["shown"]
    account = "/accounts/" + str(place.one(f"select id from directory.professional where rpps = '{rpps}'"))
    with stage.database.connect("tierce_office") as rows:
        eventually(lambda: lines_waiting(rows) == 0, "her line is in the tree")
    with visit(stage, "office", OFFICER) as office:
        opened = form(office, f"{account}/incident", f"{account}/incident", why="Identités vraies essayées.")
        page = opened.headers["location"]
        assert f"{page}/people/" in office.get(page).text
    listed, packed = commands_of("incident")
    reference = found(r"(I-\d{8}-\w{4})", place.follow([listed]))
    place.follow([packed], ("REFERENCE", reference))
    assert (place.home / "dossier.zip").read_bytes()[:2] == b"PK"
    (place.home / "dossier.zip").unlink()


def test_every_marked_page_is_followed() -> None:
    index = (PAGES / "README.md").read_text("utf-8")
    assert set(re.findall(r"\]\(([\w-]+)\.md\) ◇", index)) == set(FOLLOWED)
