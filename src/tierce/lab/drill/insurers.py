"""Stand-in insurers, each with its own file and key: they acknowledge, open their lists, match, lend."""

import csv
import hashlib
import io
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pyrage
from psycopg import Connection

from tierce.identity.model import InsurerCaller
from tierce.insurers.breaches import store as breach_rows
from tierce.insurers.breaches.service import Breaches, reader_of
from tierce.kernel.clock import Clock
from tierce.kernel.ids import IncidentId, InsurerId, SessionId, StaffId
from tierce.lab.drill import store
from tierce.lab.drill.errors import DrillError
from tierce.notices.contacts.columns import HEADER

SESSIONS_FROM = 7_000_000
ADULT_YEARS = 18
EMAIL_TENTHS = 6
"""Six of ten households gave an e-mail address."""
People = dict[tuple[str, str], dict[str, str]]


@dataclass(slots=True)
class StandIn:
    """One insurer: two of its staff, its key, and the people of its own file by member number and rank."""

    insurer: InsurerId
    amc: str
    name: str
    identity: pyrage.x25519.Identity
    callers: tuple[InsurerCaller, InsurerCaller]
    handles: tuple[bytes, bytes]
    file: Path
    """The rights file that it sent the operator; read again whenever it is needed, so that few are in memory."""
    listed: list[dict[str, str]] = field(default_factory=list)
    """What its list says, until contact data is lent."""
    records: int = 0
    matched: int = 0

    def own(self) -> People:
        """The people of its own file, by member number and rank; none when it sent none."""
        return of_file(self.file) if self.file.exists() else {}


def make(country: Path, insurers: dict[InsurerId, tuple[str, str]]) -> list[StandIn]:
    """A stand-in for each insurer, with the file that it sends the operator."""
    found = []
    for insurer, (amc, name) in insurers.items():
        numbers = [SESSIONS_FROM + 2 * insurer + place for place in (0, 1)]
        callers = [
            InsurerCaller(StaffId(one), SessionId(one), f"Gestionnaire {one}", insurer, amc, name) for one in numbers
        ]
        handles = [hashlib.sha256(f"drill {one}".encode()).digest() for one in numbers]
        found.append(
            StandIn(
                insurer, amc, name, pyrage.x25519.Identity.generate(), (callers[0], callers[1]),
                (handles[0], handles[1]), country / "rights" / f"{amc}.csv",
            )
        )  # fmt: skip
    return found


def of_file(path: Path) -> People:
    """The people of a rights file, by member number and rank of birth."""
    found: People = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault((row["member_number"], row["birth_rank"] or "1"), row)
    return found


def sign_in(admin: Connection, stand_ins: list[StandIn], clock: Clock) -> None:
    """Sessions of two people of each insurer."""
    for one in stand_ins:
        for caller, handle in zip(one.callers, one.handles, strict=True):
            store.open_insurer_session(admin, int(caller.session), one.insurer, handle, caller.name, clock.now())


def register_keys(connection: Connection, breaches: Breaches, stand_ins: list[StandIn]) -> None:
    """One proposes her insurer's key and proves it; the other confirms it."""
    for one in stand_ins:
        (first, second), (first_handle, second_handle) = one.callers, one.handles
        sealed = breaches.propose(connection, first, first_handle, str(one.identity.to_public()))
        answer = pyrage.decrypt(sealed.encode(), [one.identity]).decode()
        (key,) = breach_rows.recipients(connection, reader_of(first, first_handle))
        breaches.prove(connection, first, first_handle, key.id, answer)
        breaches.confirm(connection, second, second_handle, key.id)


def acknowledge(
    connection: Connection, breaches: Breaches, one: StandIn, incident: IncidentId, revision: int
) -> bool:
    """Acknowledge the notice; False when the insurer was told of nothing."""
    caller, handle = one.callers[0], one.handles[0]
    if not any(notice.incident == incident for notice in breaches.notices(connection, caller, handle)):
        return False
    breaches.acknowledge(connection, caller, handle, incident, revision)
    return True


def open_list(connection: Connection, breaches: Breaches, one: StandIn, folder: Path) -> None:
    """Take the insurer's list, decrypt it with its own key, match it with its own file, and report.

    Raises:
        DrillError: nothing was handed over, or the file is not what the digest says.
    """
    caller, handle = one.callers[0], one.handles[0]
    (made,) = breach_rows.hand_overs(connection, reader_of(caller, handle))
    breaches.take(connection, caller, handle, made.id)
    sealed = b"".join(breach_rows.pieces(connection, reader_of(caller, handle), made))
    if hashlib.sha256(sealed).digest() != made.sha256:
        msg = f"the list of {one.amc} is not the one that was made"
        raise DrillError(msg)
    plain = pyrage.decrypt(sealed, [one.identity]).decode()
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / f"{one.amc}.key"
    key.touch(0o600)
    key.write_text(f"{one.identity}\n", encoding="ascii")
    (folder / f"{one.amc}.age").write_bytes(sealed)
    (folder / f"{one.amc}.txt").write_text(plain, encoding="utf-8")
    shutil.copyfile(one.file, folder / f"{one.amc}-rights.csv")
    one.listed = list(csv.DictReader(io.StringIO(plain.partition("\n\n")[2])))
    own = one.own()
    one.records, one.matched = len(one.listed), sum(key_of(row) in own for row in one.listed)
    report = f"row,value,count,hour\noutcome,matched,{one.matched},\n"
    missing = len(one.listed) - one.matched
    report += f"outcome,not-found,{missing},\n" if missing else ""
    (folder / f"{one.amc}-report.csv").write_text(report, encoding="ascii")
    breaches.report(connection, caller, handle, made.incident, report.encode())


def key_of(row: dict[str, str]) -> tuple[str, str]:
    """What a record of a list is matched by."""
    return row["member_number"], row["rank"] or "1"


def contacts(one: StandIn, today: str) -> str:
    """The contact data that the insurer lends: its own people of the list, minors with whom represents them."""
    text = io.StringIO()
    writer = csv.DictWriter(text, HEADER)
    writer.writeheader()
    people, listed, one.listed = one.own(), one.listed, []
    for row in listed:
        own = people.get(key_of(row))
        if own is not None:
            writer.writerow(dict.fromkeys(HEADER, "") | _contact(people, row["reference"], own, today))
    return text.getvalue()


def _contact(people: People, reference: str, own: dict[str, str], today: str) -> dict[str, str]:
    reader, represented = own, ""
    if int(today[:4]) - int(own["birth_date"][:4]) < ADULT_YEARS:
        holder = own["representative_member_number"] or own["holder_member_number"]
        reader = people.get((holder, "1")) or people.get((holder, "2")) or own
        represented = _name(reader)
    household = int(hashlib.sha256(reader["right_holder_nir"].encode()).hexdigest()[:8], 16)
    mine = hashlib.sha256((reader["own_nir"] or reader["member_number"]).encode()).hexdigest()[:12]
    return {
        "reference": reference,
        "name": _name(own),
        "birth_date": own["birth_date"],
        "email": f"{mine}@foyer.example" if household % 10 < EMAIL_TENTHS else "",
        "address_1": f"{household % 200 + 1} rue des Tilleuls",
        "address_2": f"{99_000 + household % 90} Port-Sérac",
        "language": "fr",
        "representative": represented,
        "former": "yes" if own["former_member"] == "yes" else "no",
    }


def _name(row: dict[str, str]) -> str:
    return f"{row['given_names'].split()[0]} {row['used_name'] or row['family_name']}".title()
