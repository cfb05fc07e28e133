"""From the first signal to letters, by the platform's own services, each as the role that runs it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter

import psycopg
import pyrage

from tierce.identity.model import StaffCaller
from tierce.incidents import store as incident_rows
from tierce.incidents.form.model import Organisation
from tierce.incidents.form.service import Forms
from tierce.incidents.holds.model import Order
from tierce.incidents.holds.service import Holds
from tierce.incidents.register.service import Register
from tierce.incidents.rules import account_criteria
from tierce.incidents.service import Incidents
from tierce.incidents.states.model import Stage as Reached
from tierce.incidents.states.service import States
from tierce.insurers.breaches.service import Breaches
from tierce.insurers.lines import InsurerLines
from tierce.journal.service import Appender
from tierce.kernel.clock import PARIS, SystemClock, micros
from tierce.kernel.ids import IncidentId, ProfessionalId, SessionId, StaffId
from tierce.lab.demo.stage import Stage
from tierce.lab.demo.store import lines_waiting, professional_of
from tierce.lab.drill import insurers, law, store
from tierce.lab.drill.attack import VICTIM, Taken
from tierce.lab.drill.errors import DrillError
from tierce.notices.audience.model import Audience, Counts
from tierce.notices.audience.service import counts, freeze
from tierce.notices.contacts.service import Lending
from tierce.notices.contacts.store import Contacts
from tierce.notices.deliveries.dkim import make_key
from tierce.notices.deliveries.model import MailServer
from tierce.notices.deliveries.service import Outbox
from tierce.notices.mandates.model import Mandate
from tierce.notices.mandates.service import write_mandate
from tierce.notices.messages.service import Messages
from tierce.notices.model import Operator
from tierce.notices.recipients.service import KeyDesk
from tierce.notices.recipients.store import waiting
from tierce.notices.service import Notices
from tierce.notices.slices.service import Slices
from tierce.notices.slices.store import Cover
from tierce.notices.telling.model import NO_INCIDENT
from tierce.notices.telling.service import Telling
from tierce.policy.digest import policy_digest
from tierce.policy.ladder import Level, Rung
from tierce.scope.rules import is_over
from tierce.scope.store import writing_since
from tierce.storage.cluster import SUPERUSER
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import Compartment, Keyring, Purpose
from tierce.upkeep.notice.posting import Relay

HELENE = StaffCaller(StaffId(900), SessionId(901), "Hélène Vasseur", frozenset({"security"}))
MARC = StaffCaller(StaffId(910), SessionId(911), "Marc Tessier", frozenset({"dpo"}))
OWN = Operator(
    "Rive Claire Tiers Payant", "4 quai des Merles, 99000 Port-Sérac", "01 99 00 14 20", "Marc Tessier",
    "dpo@riveclaire.example",
)  # fmt: skip
INSURER_SENDS_EVERY = 4
"""One insurer in so many writes to its people itself."""
_MAIL_DOMAIN = "riveclaire.example"
WINDOW_SECONDS_MAX = 240.0
"""A window is over two minutes after its end (`scope.rules.is_over`), and once nobody writes a line in it."""
HOLD = timedelta(days=3)
"""How long the office suspends a device of the theft."""


@dataclass(slots=True)
class Chain:
    """One incident in progress."""

    stage: Stage
    taken: Taken
    folder: Path
    office: psycopg.Connection
    notices: psycopg.Connection
    at_insurers: psycopg.Connection
    keyring: Keyring
    server: MailServer
    clock: SystemClock = field(default_factory=SystemClock)
    incident: IncidentId = NO_INCIDENT
    stand_ins: list[insurers.StandIn] = field(default_factory=list)
    signal: float = 0.0
    told: list[insurers.StandIn] = field(default_factory=list)
    acknowledged: int = 0
    ready_seconds: float = 0.0
    audience: Audience | None = None

    def _lines(self, connection: psycopg.Connection, name: str) -> Appender:
        return Appender.enrol(connection, name, self.keyring.instance(name))

    def incidents(self) -> Incidents:
        """The incident slice, as the office runs it."""
        with self.stage.database.connect("tierce_office") as connection:
            records = incident_rows.Records(load_sealer(connection, self.keyring, [Compartment.PERSON]))
        lines = self._lines(self.office, "office")
        return Incidents(lines, records, self.clock, self.stage.home / "segments", settle=timedelta(0))

    def register(self) -> Register:
        """The register of breaches."""
        return Register(self._lines(self.office, "office"), self.clock)

    def wait_sequenced(self) -> None:
        """Wait until the worker has put every line into the tree."""
        self.stage.wait_until(lambda: lines_waiting(self.office) == 0, "worker")

    def open(self) -> None:
        """Signal, then awareness: who, why, when."""
        self.signal = perf_counter()
        found = self.incidents().open(
            self.office,
            HELENE,
            title="Accès volé d’un médecin",
            signal_at=self.taken.began,
            aware_why="Identités vraies essayées à la suite depuis un appareil jamais vu.",
        )
        self.incident = found.id

    def contain(self) -> tuple[int, int]:
        """Hold every device of the theft that the watch has not held; (held by the watch, held by hand)."""
        by_watch, by_hand = 0, 0
        holds = Holds(self._lines(self.office, "office"), self.clock)
        professional = self.professional()
        for device in self.taken.devices:
            if store.held(self.office, device) is not None:
                by_watch += 1
                continue
            holds.place(
                self.office, HELENE,
                Order(professional, Level.DEVICE, device, Rung.SUSPENDED, HOLD, "Appareil cité dans l’incident."),
            )  # fmt: skip
            by_hand += 1
        States(self.register()).move(
            self.office, HELENE, self.incident, stage=Reached.CONTAINED,
            why=f"Appareils suspendus : {by_watch} par la veille, {by_hand} par le bureau.",
        )  # fmt: skip
        return by_watch, by_hand

    def professional(self) -> ProfessionalId:
        """Whose account was stolen."""
        return professional_of(self.office, self.stage.truth["story"][VICTIM]["rpps"])

    def scope(self) -> int:
        """Draw the exact list once its window is over, so that it may say "nobody else"; gives how many are on it."""
        criteria = account_criteria(
            self.professional(),
            frozenset(self.taken.devices),
            micros(self.taken.began - timedelta(minutes=1)),
            micros(self.clock.now()),
        )
        self.stage.wait_until(
            lambda: is_over([criteria], self.clock.now(), writing_since(self.office)), "journal", WINDOW_SECONDS_MAX
        )
        self.wait_sequenced()
        found = self.incidents().compute_scope(self.office, HELENE, self.incident, criteria)
        States(self.register()).move(self.office, HELENE, self.incident, stage=Reached.COHORTS)
        return found.persons

    def prepare_insurers(self) -> None:
        """Before any incident: mandates are written down, and each insurer has registered its key."""
        known = store.insurers(self.office)
        self.stand_ins = insurers.make(self.stage.country, known)
        with self.stage.database.connect(SUPERUSER, autocommit=True) as admin:
            insurers.sign_in(admin, self.stand_ins, self.clock)
            store.put_client_contact(admin, self.professional(), self.clock.now())
        insurers.register_keys(self.at_insurers, self.breaches(), self.stand_ins)
        desk = KeyDesk(self._lines(self.office, "office"), self.clock)
        for key in waiting(self.office):
            desk.vouch(self.office, MARC, key.id, "Gestionnaire, au numéro du contrat")
        lines, day = self._lines(self.notices, "notices"), self.clock.now().astimezone(PARIS).date()
        for one in self.stand_ins:
            sends = Mandate.INSURER_SENDS if one.insurer % INSURER_SENDS_EVERY == 0 else Mandate.OPERATOR_SENDS
            write_mandate(
                self.notices, lines, self.clock, insurer=one.insurer, mandate=sends, document="Avenant 3",
                from_day=day - timedelta(days=30),
            )  # fmt: skip

    def breaches(self) -> Breaches:
        """The insurers' side."""
        return Breaches(InsurerLines(self._lines(self.at_insurers, "insurers"), self.clock, policy_digest()))

    def tell_insurers(self) -> tuple[int, int]:
        """Notices by e-mail with their lists encrypted, then acknowledged by each; (told, acknowledged)."""
        lines = self._lines(self.notices, "notices")
        slices = Slices(lines, Cover(self.keyring), self.clock)

        def hand_over(number: IncidentId) -> int:
            return sum(
                slices.hand_over(self.notices, number, one.insurer, one.amc) is not None for one in self.stand_ins
            )

        relay = Relay(self.server)
        try:
            telling = Telling(lines, OWN, self.clock, "organismes.riveclaire.example")
            done = telling.turn(self.notices, relay, hand_over)
            breaches = self.breaches()
            for one in self.stand_ins:
                if insurers.acknowledge(self.at_insurers, breaches, one, self.incident, 1):
                    self.told.append(one)
            telling.turn(self.notices, relay)  # a minute later: each insurer's own clock runs from what it received
        finally:
            relay.close()
        self.acknowledged = len(self.told)
        return done.told, self.acknowledged

    def open_lists(self) -> tuple[int, int]:
        """Each insurer decrypts its own list and matches it with its own file; (records, matched)."""
        breaches = self.breaches()
        for one in self.told:
            insurers.open_list(self.at_insurers, breaches, one, self.folder / "insurers")
        return sum(one.records for one in self.told), sum(one.matched for one in self.told)

    def lend(self) -> int:
        """Insurers that gave the operator a mandate lend contact data, encrypted to it; how many records."""
        identity = pyrage.x25519.Identity.generate()
        lending = Lending(
            self._lines(self.notices, "notices"), Contacts(self.keyring), Cover(self.keyring), self.clock
        )
        lent, today = 0, self.clock.now().astimezone(PARIS).strftime("%Y%m%d")
        for one in self.told:
            if one.insurer % INSURER_SENDS_EVERY == 0:
                continue
            file = self.folder / "insurers" / f"{one.amc}-contacts.csv.age"
            file.write_bytes(pyrage.encrypt(insurers.contacts(one, today).encode(), [identity.to_public()]))
            lent += lending.lend(self.notices, self.incident, one.insurer, file, identity=str(identity)).taken
        return lent

    def draft_forms(self) -> None:
        """What the law asks to be written, and drafts of the CNIL form: the operator's own, the first insurer's."""
        register, first = self.register(), {one.insurer: one.amc for one in self.told[:1]}
        own = Organisation(OWN.name, OWN.address, OWN.phone, OWN.officer, OWN.officer_email)
        law.write_down(self.office, register, HELENE, self.incident)
        law.draft_forms(self.office, Forms(register, own), MARC, self.incident, first, self.folder / "cnil")

    def write_and_approve(self) -> None:
        """Freeze the audience, write the text, and have two people approve both by their digests."""
        lines = self._lines(self.notices, "notices")
        self.audience = freeze(self.notices, Contacts(self.keyring), lines, self.clock, self.incident)
        messages = self.messages()
        kept = messages.write(self.office, HELENE, self.incident)
        for one in (HELENE, MARC):
            messages.approve(self.office, one, self.incident, self.audience.digest, kept.digest)

    def messages(self) -> Messages:
        """The messages, as staff see and decide them."""
        incidents, lines = self.incidents(), self._lines(self.office, "office")
        return Messages(Notices(incidents, lines, OWN, self.clock), incidents, lines, self.clock)

    def outbox(self) -> Outbox:
        """What writes to people."""
        return Outbox(
            lambda: self.stage.database.connect("tierce_notices", autocommit=True),
            Contacts(self.keyring),
            self._lines(self.notices, "notices"),
            self.clock,
        )

    def send(self) -> int:
        """E-mails through the local server; how many it took."""
        return self.outbox().send(self.notices, self.incident, self.server).accepted

    def print_letters(self) -> int:
        """Letters in PDF, by batches; how many."""
        batches = self.outbox().print_letters(self.notices, self.incident, self.folder / "letters")
        self.ready_seconds = perf_counter() - self.signal
        messages = self.messages()
        for batch in batches:
            messages.posted(self.office, MARC, self.incident, batch.number)
        return sum(batch.letters for batch in batches)

    def aware_at(self) -> datetime:
        """When the breach was established."""
        found = incident_rows.incident(self.office, self.incident)
        assert found is not None
        assert found.aware_at is not None
        return found.aware_at

    def in_mailbox(self) -> int:
        """Messages to people that the mailbox has; insurers' notices are not counted."""
        files = (self.folder / "mailbox" / "new").iterdir()
        return sum(b"@foyer.example" in file.read_bytes()[:600] for file in files)

    def counted(self) -> Counts:
        """Every exposed pair and every adult, accounted for."""
        assert self.audience is not None
        return counts(self.notices, self.audience)


@contextmanager
def mailbox(folder: Path) -> Iterator[MailServer]:
    """A mail server of its own process that keeps what it is given in a folder."""
    (folder / "mailbox").mkdir(parents=True, exist_ok=True)
    key = folder / "mailbox" / "dkim.pem"
    pem, record = make_key()
    key.write_bytes(pem)
    key.chmod(0o600)
    (folder / "mailbox" / "dkim.txt").write_text(record)
    process = subprocess.Popen(
        [sys.executable, "-m", "tierce.lab.standins.mailbox", "--folder", str(folder / "mailbox")],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        if not said.isdigit():
            msg = "the local mail server did not start: ./dev installs what it needs (requirements/lab.txt)"
            raise DrillError(msg)
        port = int(said)
        yield MailServer(
            host="127.0.0.1", port=port, sender=f"information@{_MAIL_DOMAIN}", bounces=f"retours.{_MAIL_DOMAIN}",
            dkim_domain=_MAIL_DOMAIN, dkim_selector="drill", dkim_key=key, starttls=False, connections=2,
        )  # fmt: skip
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def open_chain(stage: Stage, taken: Taken, folder: Path) -> Iterator[Chain]:
    """Connections of each role, and the mail server, for the length of one incident."""
    with ExitStack() as stack:

        def connect(role: str) -> psycopg.Connection:
            return stack.enter_context(stage.database.connect(role, autocommit=True))

        server = stack.enter_context(mailbox(folder))
        keyring = Keyring(stage.home / "keys", [*(one.value for one in Purpose), "person", "coverage", "contact"])
        yield Chain(
            stage, taken, folder, connect("tierce_office"), connect("tierce_notices"), connect("tierce_insurers"),
            keyring, server,
        )  # fmt: skip
