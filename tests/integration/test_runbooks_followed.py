"""The runbooks that need somebody beside the operator, followed as written on an installation that serves.

A witness, an insurer that is asked on the way, another operator, a bank, a mail relay, an inspector: each is a real
program on this machine. `test_operation_runbooks` follows the pages that need the operator alone. What a page has
somebody click in the office is sent as its forms are.
"""

import asyncio
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path

import httpx
import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rich.console import Console

from tests.bank_files import Line, statement
from tests.folders import private_folder
from tests.forks import start_tierce
from tests.integration.signin_world import free_port
from tests.integration.test_operation_runbooks import PAGES, Machine, as_deployed, commands_of
from tests.integration.thief import enter, visit
from tests.integration.units import Running, lasting_units, read_unit
from tests.mailbox import mailbox
from tests.waiting import eventually
from tierce.billing.settlement.listing import list_name
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.language import Language
from tierce.lab.demo.attack import REMPARTS
from tierce.lab.demo.paying import bill, pay
from tierce.lab.demo.stage import OFFICER, OPERATIONS, OPTICIAN_IBAN, PAYER_IBAN, open_stage
from tierce.lab.demo.steps import Steps
from tierce.lab.demo.visitors import Asker
from tierce.lab.demo.visitors import enter as enter_as
from tierce.lab.standins.peer import SSF, OtherOperator, push
from tierce.notices.contacts.columns import HEADER
from tierce.storage.cluster import SUPERUSER

pytestmark = pytest.mark.integration
FOLLOWED = (
    "sealing",
    "witnesses",
    "remote-insurers",
    "peer-alerts",
    "confirm-an-account",
    "pay",
    "incident",
    "telling-insurers",
    "send-notices",
    "inspection",
)
INSURER = "99100001"
OTHER_FINESS = "990000010"
"""Of a practice of the story."""
OFFICER_TWO = "marc.tessier"
"""The data protection officer, as the staff's provider names him."""


@dataclass
class Place(Machine):
    """The machine of the page, with what an operator types once in a shell, and who is beside it."""

    exported: list[str] = field(default_factory=list)
    mail: Path = Path()
    """The relay's folder."""
    incident: int = 0

    def follow(self, lines: list[str], *named: tuple[str, str]) -> str:
        """Run a page's lines in order, each ends well; `named` puts true names for those of the page."""
        said = ""
        for written in lines:
            line = written
            for there, here in (("/srv/tierce-feeds", str(self.home)), *named):
                line = line.replace(there, here)
            if line.startswith("systemctl "):
                self._manage(line)
            elif line.startswith("export "):
                self.exported.append(line)
            else:
                done = self.run("\n".join((*self.exported, line)))
                assert done.returncode == 0, f"{line}\n{done.stdout[-900:]}\n{done.stderr[-900:]}"
                said += done.stdout + done.stderr
        return said

    def _manage(self, line: str) -> None:
        verb, *names = line.replace(" enable --now", " start").split()[1:]
        for name in (one.removeprefix("tierce-") for one in names):
            if name in lasting_units():
                self.systemctl(verb, [name])
                continue
            log = self.stage.logs / f"unit-{name}.log"
            unit = read_unit(name)
            unit = replace(unit, said=unit.said | {"TIERCE_DATABASE_PORT": str(self.stage.database.port)})
            job = Running(unit, self.led, self.home / "credentials" / name, log)
            job.process.join(60)
            assert job.process.exitcode == 0, log.read_text("utf-8")
        self.wait_ready(line)

    def all_in_tree(self) -> bool:
        """Whether no line waits for a checkpoint; rows that were sealed and dropped are not counted against those."""
        return self.one("select lines from upkeep.waiting()") == 0

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
        mailbox(home / "mailbox") as port,
    ):
        stage.processes["serve"].terminate()
        stage.processes["serve"].wait(timeout=30)
        as_deployed(stage)
        (stage.home / "dkim.pem").unlink()
        found = Place(stage, home, mail=home / "mailbox")
        found.follow([f"tierce notice mail-key {stage.home / 'dkim.pem'}"])
        with stage.settings_file.open("a", encoding="utf-8") as settings:
            settings.write(
                f'[mail]\nhost = "127.0.0.1"\nport = {port}\nstarttls = false\nsender = "dpo@riveclaire.example"\n'
                f'bounces = "retours.riveclaire.example"\ndkim_domain = "riveclaire.example"\ndkim_selector = "t1"\n'
                f'dkim_key = "{stage.home / "dkim.pem"}"\nreturned = "{home / "returned"}"\n'
            )
        (home / "returned").mkdir()
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


def test_sealing(place: Place) -> None:
    assert enter(place.stage, "claire_morvan").ask(place.stage.person("paul_lenoir"), "MEDG").json()["shown"]
    asked = "select max(seq) from journal.entry where kind = 1 and person <> 0"
    seq = place.one(asked)
    eventually(place.all_in_tree, "every line is in the tree")
    said = place.follow(commands_of("sealing"), ("123456", str(seq)))
    place.exported.clear()
    assert "1 caviardées / redacted" in said
    assert place.one(f"select coalesce(max(person), 0) from journal.entry where seq = {seq}") == 0


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


def test_remote_insurers(place: Place) -> None:
    (place.home / "lac.csv").write_text(
        "amc,name,contact_email,operator_sends,product_code,product_name,responsible,domain,formula_fr,formula_en\n"
        "99100042,Prévoyance du Lac,violations@lac.example,yes,LAC1,Lointaine,yes,MEDG,100 % du tarif,100% of it\n",
        "utf-8",
    )
    place.follow([f"tierce feed insurers {place.home / 'lac.csv'} --settings /etc/tierce/tierce.toml"])
    key = Ed25519PrivateKey.generate().public_key()
    (place.home / "lac.pub").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    *before, end = commands_of("remote-insurers")
    said = place.follow(before)
    cells = [line.split("│") for line in said.splitlines() if "│" in line]
    told = ["".join(row[column].strip() for row in cells) for column in range(1, len(cells[0]) - 1)]
    assert "https://droits.lac.example/rights" in told, "an address is told whole, over lines where it must be"
    assert (place.home / "operator.pub").read_text().startswith("-----BEGIN PUBLIC KEY-----")
    assert place.one("select count(*) from registry.remote where ended is null") == 1
    place.follow([end])
    assert place.one("select count(*) from registry.remote where ended is null") == 0


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


def test_pay(place: Place) -> None:
    stage, today = place.stage, date_of(paris_day(SystemClock().now()))
    made, restarted, checked, opened, dry, read = commands_of("pay")
    assert made == "age-keygen -o banque.key"
    assert opened.startswith("age -d -i banque.key -o virements.xml ")
    (place.home / "banque.key").write_bytes((stage.home / "banque.key").read_bytes())
    place.follow([restarted])

    async def billed() -> tuple[Asker, str]:
        optician = await enter_as(stage.url("api"), stage.national_id("nadia_ferrand"), REMPARTS, SystemClock())
        return optician, await bill(stage, optician, today)

    paid = asyncio.run(pay(stage, asyncio.run(billed())))
    for file in (paid.file, paid.file.with_name(list_name(paid.batch))):
        (place.home / file.name).write_bytes(file.read_bytes())
    place.follow([checked], ("virements-…", f"virements-{paid.batch:016x}"))
    whose = pyrage.x25519.Identity.from_str((place.home / "banque.key").read_text().strip())
    assert OPTICIAN_IBAN.encode() in pyrage.decrypt(paid.file.read_bytes(), [whose])
    (place.home / "releve.xml").write_bytes(statement([Line(paid.due, batch=paid.batch)], PAYER_IBAN))
    place.follow([dry, read])
    assert place.one("select count(*) from bank.reply_file") == 1


def test_incident(place: Place) -> None:
    stage = place.stage
    rpps = stage.truth["story"]["claire_morvan"]["rpps"]
    assert enter(stage, "claire_morvan").ask(stage.person("paul_lenoir"), "MEDG").json()["shown"]
    account = "/accounts/" + str(place.one(f"select id from directory.professional where rpps = '{rpps}'"))
    eventually(place.all_in_tree, "her line is in the tree")
    with visit(stage, "office", OFFICER) as office:
        opened = form(office, f"{account}/incident", f"{account}/incident", why="Identités vraies essayées.")
        place.incident = int(opened.headers["location"].rpartition("/")[2])
        assert f"/incidents/{place.incident}/people/" in office.get(f"/incidents/{place.incident}").text
    listed, packed = commands_of("incident")
    reference = found(r"(I-\d{8}-\w{4})", place.follow([listed]))
    place.follow([packed], ("REFERENCE", reference))
    assert (place.home / "dossier.zip").read_bytes()[:2] == b"PK"
    (place.home / "dossier.zip").unlink()


def test_telling_insurers_and_sending_notices(place: Place) -> None:
    number = ("NUMBER", str(place.incident))
    (place.home / f"{INSURER}-contacts.csv").write_text(
        "name,role,email,phone\nCamille Rouvray,DPO,dpo@chene.example,01 99 00 20 01\n", "utf-8"
    )
    mandate, *chain, key, lend, forget = commands_of("telling-insurers")
    place.follow([mandate, *chain])
    told = place.mail / "new"
    eventually(lambda: any(b"dpo@chene.example" in one.read_bytes() for one in told.iterdir()), "told", seconds=150)
    public = pyrage.x25519.Recipient.from_str(found(r"(age1\w+)", place.follow([key])))
    person = place.stage.person("paul_lenoir")
    with (place.stage.country / "rights" / f"{INSURER}.csv").open(encoding="utf-8") as file:
        member = next(row["member_number"] for row in csv.DictReader(file) if row["own_nir"] == person["own_nir"])
    lent = dict.fromkeys(HEADER, "") | {
        "member_number": member, "birth_date": person["birth_date"], "name": "Paul Lenoir",
        "email": "paul@foyer.example", "language": "fr", "former": "no",
    }  # fmt: skip
    text = f"{','.join(lent)}\n{','.join(lent.values())}\n"
    (place.home / f"{INSURER}-contacts.csv.age").write_bytes(pyrage.encrypt(text.encode(), [public]))
    place.follow([lend], number)
    send_notices(place)
    place.follow([forget], number, ("/root/certificates", str(place.home / "certificates")))


def send_notices(place: Place) -> None:
    """The page *send-notices*, between what an insurer lends and its being forgotten."""
    numbered = (" N ", f" {place.incident} ")
    page = f"/incidents/{place.incident}/messages"
    audience, dry, really, *days_after = commands_of("send-notices")
    assert "unexplained" in place.follow([audience], numbered)
    with visit(place.stage, "office", OFFICER) as office, visit(place.stage, "office", OFFICER_TWO) as other:
        form(office, page, f"{page}/write")
        for one in (office, other):
            form(one, page, f"{page}/approve")
    place.follow([dry], numbered)
    assert not any(b"paul@foyer.example" in one.read_bytes() for one in (place.mail / "new").iterdir())
    place.follow([really], numbered)
    assert any(b"paul@foyer.example" in one.read_bytes() for one in (place.mail / "new").iterdir())
    place.follow([line for line in days_after if " aside " not in line], numbered)


def test_messages_set_aside(place: Place) -> None:
    """Two professionals are told something of their own, and no address of theirs is on file: others wait beside."""
    listed, again, settled = (line for line in commands_of("send-notices") if " aside " in line)

    def waiting() -> set[str]:
        return set(re.findall(r"^professional-[0-9a-f]{20}", place.follow([listed]), re.M))

    with place.stage.database.connect(SUPERUSER, autocommit=True) as admin:
        numbers = admin.execute(
            "select p.rpps, p.id from directory.professional p"
            " where not exists (select from directory.contact c where c.professional = p.id) limit 2"
        ).fetchall()
        others = waiting()
        asides: list[str] = []
        for _rpps, professional in numbers:
            admin.execute("select notice.tell_own(%s, 4::smallint, 'Cabinet', null, null)", (professional,))
            (new,) = waiting() - others - set(asides)
            asides.append(new)
    who = ("professional-0123456789abcdef0123", asides[1])
    place.follow([settled], who)
    # Mend first, says the page: an address, and not before does it leave.
    address = '--email remise@soins.example --postal "4 rue X" --by "Hélène Vasseur"'
    place.follow([f"tierce directory contact 8{numbers[0][0]} {address} --settings /etc/tierce/tierce.toml"])
    place.follow([again], ("insurer-1f4a", asides[0]))
    assert waiting().isdisjoint(asides)
    told = place.mail / "new"
    eventually(
        lambda: any(b"remise@soins.example" in one.read_bytes() for one in told.iterdir()), "sent", seconds=150
    )


def test_inspection(place: Place) -> None:
    listing = place.follow(["tierce incident list --settings /etc/tierce/tierce.toml"])
    reference = found(r"(I-\d{8}-\w{4})", listing)
    *before, sessions, ended = commands_of("inspection")
    place.follow(before, ("I-20261120-7K2M", reference))
    assert (place.home / "dossier.zip").read_bytes()[:2] == b"PK"
    with visit(place.stage, "office", OPERATIONS) as office:
        assert OPERATIONS in place.follow([sessions])
        place.follow([ended], (" NAME ", f" {OPERATIONS} "))
        assert office.get("/directory").status_code != 200


def test_every_marked_page_is_followed() -> None:
    index = (PAGES / "README.md").read_text("utf-8")
    assert set(re.findall(r"\]\(([\w-]+)\.md\) ◇", index)) == {*FOLLOWED, "standby"}  # in a file of its own
