"""The end of an insurer's contract: what refuses it, what it takes away and leaves, a stop between two steps."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, PLAN, Importer, rows_of
from tests.waiting import eventually
from tierce.incidents.errors import FreeTextError
from tierce.journal.encoding import decode
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.lab.country.population import write_country
from tierce.policy.acts import Act
from tierce.registry.errors import ContractEndedError
from tierce.storage.cluster import SUPERUSER
from tierce.storage.keys import Keyring
from tierce.upkeep.contract.errors import (
    DeletedError,
    FileRunningError,
    KeysHeldError,
    NotEndedError,
    ObstaclesError,
    UnknownInsurerError,
)
from tierce.upkeep.contract.model import Insurer
from tierce.upkeep.contract.service import Contracts, no_step
from tierce.upkeep.rotation.store import hold_data, let_data_go

pytestmark = pytest.mark.integration
SECOND = "99100002"
BY, WHY = "Hélène Vasseur", "Contrat résilié au 31 décembre"
OWN = (
    "person.record", "person.family", "person.member", "person.former_key", "coverage.coverage",
    "registry.insurer_key", "registry.door", "registry.convention", "registry.printed",
)  # fmt: skip
HELD = "select " + ", ".join(f"(select count(*) from {one} where insurer = {{0}})" for one in OWN)
OF_OTHERS = """
    select md5(string_agg(line, '|' order by line)) from (
        select concat_ws(' ', 'r', person, insurer, md5(sealed)) as line from person.record where insurer <> {0}
        union all select concat_ws(' ', 'c', person, insurer, from_day, until_day, md5(sealed))
            from coverage.coverage where insurer <> {0}
        union all select concat_ws(' ', 'k', idx, person) from person.key
            where person in (select person from person.record where insurer <> {0})
        union all select concat_ws(' ', 't', idx, person) from person.trait
            where person in (select person from person.record where insurer <> {0})
        union all select concat_ws(' ', 'w', insurer, compartment, version, md5(wrapped)) from registry.insurer_key
            where insurer <> {0}) lines"""


class Office:
    """The hand on contracts, and the superuser's eyes on what became of them."""

    def __init__(self, connect: Connect, keys: Path, importer: Importer, country: Path) -> None:
        self.upkeep, self.admin = connect("tierce_upkeep"), connect(SUPERUSER, autocommit=True)
        key = Keyring(keys, ()).instance("upkeep")
        self.contracts = Contracts(self.upkeep, Appender.enrol(self.upkeep, "upkeep", key), key, SystemClock())
        self.importer, self.country = importer, country

    @property
    def one(self) -> Insurer:
        return self.contracts.insurer(FIRST)

    def held(self) -> tuple[object, ...]:
        [row] = self.admin.execute(HELD.format(self.one.id).encode()).fetchall()
        return tuple(row)

    def others(self) -> object:
        return self.admin.execute(OF_OTHERS.format(self.one.id).encode()).fetchone()

    def end(self) -> bool:
        """End the contract, and the rights that run."""
        written = self.contracts.end(self.one, BY, WHY)
        self.importer.intake.end_rights(FIRST, lambda _people: None)
        return written

    def a_month_later(self) -> None:
        self.admin.execute("update registry.ending set ended = ended - interval '31 days'")
        self.admin.execute("update coverage.coverage set until_day = gate.today() - 1 where until_day = gate.today()")

    def refused(self) -> dict[str, int]:
        """What stands in the way of the deletion."""
        with pytest.raises(ObstaclesError) as error:
            self.contracts.delete(self.one, lambda _n: None)
        self.upkeep.rollback()
        return {each.what: each.number for each in error.value.obstacles}


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small country of today: of the one of a fixed day nobody is covered once its year has ended."""
    out = tmp_path_factory.mktemp("country") / "made"
    today = date_of(paris_day(SystemClock().now()))
    write_country(replace(PLAN, on=today), out, lambda _made: None)
    return out


@pytest.fixture
def office(connect: Connect, key_directory: Path, importer: Importer, country: Path) -> Office:
    """Two insurers' rights are taken in."""
    for amc in (FIRST, SECOND):
        importer.rights(country / "rights" / f"{amc}.csv", amc)
    return Office(connect, key_directory, importer, country)


def test_a_contract_ends_when_nobody_is_covered_and_is_deleted_when_nothing_needs_it(office: Office) -> None:
    contracts, before, others = office.contracts, office.held(), office.others()
    with pytest.raises(UnknownInsurerError):
        contracts.insurer("99999999")
    with pytest.raises(NotEndedError):
        contracts.delete(office.one, lambda _n: None)
    office.upkeep.rollback()
    covered = office.importer.intake.covered(FIRST)
    assert office.contracts.end(office.one, BY, WHY)
    assert office.importer.intake.end_rights(FIRST, lambda _people: None) >= covered > 0
    assert not office.end(), "said again, it goes on"
    with pytest.raises(ContractEndedError):
        office.importer.rights(office.country / "rights" / f"{FIRST}.csv")
    assert set(office.refused()) == {"days", "covered"}, "cover ends tonight"
    assert 29 <= office.refused()["days"] <= 30
    office.a_month_later()
    seen: list[int] = []
    said = json.loads(contracts.delete(office.one, seen.append))
    assert office.held() == (0,) * len(OWN)
    assert office.others() == others, "whoever has another insurer's copy keeps that one"
    assert said["copies_of_people_deleted"] == sum(seen) == before[0] != 0
    assert said["key_versions_destroyed"] == [1]
    [(key,)] = office.admin.execute("select public_key from journal.instance where name = 'upkeep'").fetchall()
    signature = bytes.fromhex(said.pop("signature"))
    Ed25519PublicKey.from_public_bytes(key).verify(
        signature, json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
    )
    with pytest.raises(DeletedError):
        contracts.delete(office.one, lambda _n: None)
    assert _acts(office) == [Act.CONTRACT_END, Act.CONTRACT_DELETE]


def test_whoever_comes_back_has_keys_that_nobody_holds_in_memory(office: Office) -> None:
    contracts = office.contracts
    with pytest.raises(NotEndedError):
        contracts.resume(office.one, BY, WHY)
    office.upkeep.rollback()
    covered = office.importer.intake.covered(FIRST)
    office.end()
    contracts.resume(office.one, BY, "Il reste un an")
    rights = office.country / "rights" / f"{FIRST}.csv"
    office.importer.rights(rights)
    assert office.importer.intake.covered(FIRST) == covered, "what was ended is told anew"
    office.end()
    office.a_month_later()
    contracts.delete(office.one, lambda _n: None)
    assert office.importer.insurers(office.country / "insurers.csv").counts.rejected == 0
    assert office.held()[5:7] == (0, 0), "no key and no door while it has ended"
    contracts.resume(office.one, BY, "Un nouveau contrat")
    office.importer.insurers(office.country / "insurers.csv")
    versions = office.admin.execute(
        "select version, count(*) from registry.insurer_key where insurer = %s group by 1", (office.one.id,)
    ).fetchall()
    assert versions == [(2, 2)]
    assert office.importer.rights(rights).counts.taken == len(rows_of(rights))


@pytest.mark.parametrize("stop", ["lot", "finish", "commit"])
def test_a_deletion_that_was_stopped_goes_on(office: Office, stop: str) -> None:
    office.end()
    office.a_month_later()
    copies, others = office.held()[0], office.others()

    with pytest.raises(InterruptedError):
        office.contracts.delete(office.one, lambda _n: None, _stopping_at(stop))
    office.upkeep.rollback()
    assert office.held()[5] == 2, "the keys go last"
    with pytest.raises(NotEndedError):
        office.contracts.resume(office.one, BY, WHY)
    office.upkeep.rollback()
    said = json.loads(office.contracts.delete(office.one, lambda _n: None))
    assert said["copies_of_people_deleted"] == copies
    assert (office.held(), office.others()) == ((0,) * len(OWN), others)


OBSTACLES = {
    "engagements": (
        """insert into care.engagement (seq, establishment, professional, person, insurer, domain, pair, until_day,
        at, care_day) values (7, 1, 1, 1, {0}, 1, 1, gate.today(), now(), 1)""",
        "delete from care.engagement",
    ),
    "loans": (
        "insert into contact.loan (incident, insurer, key_version) values (9, {0}, 1)",
        "delete from contact.loan",
    ),
    "requests": (
        """insert into notice.rights_request (id, person, kind, subject, insurers, made, due)
        values (1, 1, 'access', 'all', array[{0}::smallint], now(), now())""",
        "delete from notice.rights_request",
    ),
    "agreements": (
        """insert into care.agreement (id, establishment, professional, line, reference, kind, engagement, person,
        insurer, domain, care_day, price, amo, asked, digest, entry)
        values (1, 1, 1, 1, 'P', 2, 7, 1, {0}, 6, 1, 9, 0, 9, sha256('i'), 1)""",
        "delete from care.agreement",
    ),
    "invoices": (
        """insert into care.invoice (id, establishment, professional, line, reference, engagement, person, insurer,
        domain, care_day, price, amo, asked, digest, entry, state)
        values (1, 1, 1, 1, 'F', 7, 1, {0}, 1, 1, 9, 0, 9, sha256('i'), 1, 2)""",
        "delete from care.invoice",
    ),
    "recoveries": (
        """insert into bank.recovery
        (id, invoice, reference, care_day, paid, establishment, insurer, amount, reason, said)
        values (1, 1, 'F', 1, 9, 1, {0}, 5, 2, 'Droits finis.')""",
        "delete from bank.recovery",
    ),
    "deposits": (
        """insert into care.deposit (number, key, received, state, reason)
        values (1, '00000000-0000-0000-0000-000000000001', now(), 1, 0)""",
        "delete from care.deposit",
    ),
    "files": (
        """insert into registry.feed (id, kind, file_sha256, state, started)
        values (1, 'directory', '\\x00', 'running', now())""",
        "delete from registry.feed where id = 1",
    ),
    "incidents": (
        "insert into incident.incident (id, title, signal_at, aware_at) values (10, 'Vol de comptes', now(), now())",
        "delete from incident.incident where id = 10",
    ),
}


def test_what_is_still_needed_is_not_deleted(office: Office) -> None:
    office.end()
    office.a_month_later()
    with_loan = "insert into incident.incident (id, title, signal_at, aware_at, dismissed_at)"
    office.admin.execute(f"{with_loan} values (9, 'Fausse alerte', now(), now(), now())".encode())
    for what, (there, gone) in OBSTACLES.items():
        office.admin.execute(there.format(office.one.id).encode())
        found = office.refused()
        assert found.pop(what) >= 1
        assert set(found) <= {"incidents"}
        office.admin.execute(gone.encode())
    [(still,)] = office.admin.execute("select count(*) from registry.ending where deleting is null").fetchall()
    assert still == 1


def test_a_stolen_credential_of_upkeep_ends_and_deletes_nothing_early(office: Office) -> None:
    number, before = office.one.id, office.held()
    office.end()
    _denied(office, f"select registry.begin_deletion({number}::smallint)", "still needs")
    for call in (f"delete_ended({number}::smallint, 0)", f"finish_deletion({number}::smallint)"):
        _denied(office, f"select registry.{call}", "no deletion was begun")
    _denied(office, f"select registry.keep_certificate({number}::smallint, '{{}}')", "nothing was deleted")
    for statement in (
        "update registry.ending set ended = now() - interval '1 year'",
        "delete from registry.insurer_key",
    ):
        _denied(office, statement, "permission denied")
    assert office.held()[0] == before[0]


def test_no_contract_ends_over_a_file_that_was_interrupted(office: Office) -> None:
    office.admin.execute("update registry.feed set state = 'running' where insurer = %s", (office.one.id,))
    with pytest.raises(FileRunningError):
        office.contracts.end(office.one, BY, WHY)


@pytest.mark.parametrize(
    ("by", "why"), [("", WHY), (BY, " "), ("x" * 101, WHY), (BY, "x" * 301), (BY, "Demande de 299074197999960")]
)
def test_who_says_so_and_why_are_said_and_name_nobody(
    connect: Connect, key_directory: Path, importer: Importer, country: Path, by: str, why: str
) -> None:
    office = Office(connect, key_directory, importer, country)
    for write in (office.contracts.end, office.contracts.resume):
        with pytest.raises(FreeTextError) as error:
            write(office.one, by, why)
        assert error.value.field == ("reason" if by == BY else "by")
    assert office.contracts.ending(office.one) is None


def _stopping_at(name: str) -> Callable[[str], None]:
    def step(reached: str) -> None:
        no_step(reached)
        if reached == name:
            raise InterruptedError

    return step


def _denied(office: Office, statement: str, why: str) -> None:
    with pytest.raises(psycopg.Error, match=why):
        office.upkeep.execute(statement.encode())
    office.upkeep.rollback()


def _acts(office: Office) -> list[Act]:
    rows = office.admin.execute("select body from journal.entry where kind in (9, 17) order by seq").fetchall()
    ours = {Act.CONTRACT_END, Act.CONTRACT_RESUME, Act.CONTRACT_DELETE}
    found = [decode(bytes(body)) for (body,) in rows]
    assert all(line.insurer == office.one.id for line in found if line.act in ours)
    return [line.act for line in found if line.act in ours]


def test_no_key_is_replaced_while_they_are_destroyed_nor_destroyed_while_one_is_replaced(
    office: Office, connect: Connect
) -> None:
    """A version added behind the last look would outlive the certificate that says that none is left."""
    office.end()
    office.a_month_later()
    one, other = office.one, connect("tierce_feed", autocommit=True)

    def meanwhile(_step: str) -> None:
        assert not hold_data(other, one.id)

    assert hold_data(other, one.id)
    with pytest.raises(KeysHeldError):
        office.contracts.delete(one, lambda _n: None)
    office.upkeep.rollback()
    assert office.admin.execute("select deleting from registry.ending").fetchall() == [(None,)]
    let_data_go(other, one.id)
    office.contracts.delete(one, lambda _n: None, meanwhile)
    assert hold_data(other, one.id), "let go, though its connection lives on"


def test_what_is_counted_is_what_this_deletion_deleted(office: Office, connect: Connect) -> None:
    office.end()
    office.a_month_later()
    copies = office.held()[0]
    night = connect(SUPERUSER)
    night.execute("delete from person.record where (person, insurer) = (select person, insurer from person.record"
                  " where insurer = %s limit 1)", (office.one.id,))  # fmt: skip
    counted: list[int] = []
    with ThreadPoolExecutor(1) as pool:
        deleting = pool.submit(office.contracts.delete, office.one, counted.append)
        waits = "select cardinality(pg_blocking_pids(%s)) > 0"
        pid = office.upkeep.info.backend_pid
        eventually(lambda: office.admin.execute(waits, (pid,)).fetchone() == (True,), "it waits for the night's job")
        night.commit()
        said = json.loads(deleting.result())
    assert isinstance(copies, int)
    assert said["copies_of_people_deleted"] == sum(counted) == copies - 1
