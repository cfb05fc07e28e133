"""The population of a measurement, written in bulk by the cluster's superuser.

The records are the product's own: same identifiers, same keyed indexes, same sealing, same state of seats. What
is skipped is the way they usually come in, which is not measured here and would take an hour: one file line and
one sign-in at a time. Desks have been known for a year, so their lines are out of probation.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg import Connection

from tierce.gate.rules import PAIR_PROVED
from tierce.identity.dpop import encode_b64
from tierce.kernel.care import Domain
from tierce.kernel.ids import InsurerId, PersonId, new_id
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.lab.bench.proofs import Desk, Key, make_key
from tierce.lab.bench.traffic import PROFESSIONS, Traffic, identifiers_of, place_of
from tierce.policy.acts import Site
from tierce.policy.lines import place_of as line_of_place
from tierce.policy.seats import pack, settled_line
from tierce.registry.records import CoverageRecord, encode_record
from tierce.registry.store import RegistryStore
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import Compartment, Keyring, Purpose, Sealer
from tierce.storage.pairs import pair_number

INSURERS: Final = 12
SOFTWARE: Final = 1
LINE_AGE_DAYS: Final = 365
SESSION_LIFE: Final = timedelta(hours=4)
CEILING: Final = 2_000_000_000
_DOMAINS: Final = sum(domain.bit for domain in Domain)

Row = tuple[Any, ...]


def _copy(connection: Connection, statement: LiteralString, types: Sequence[str], rows: Iterable[Row]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def lift_ceilings(connection: Connection) -> None:
    """Set the ceilings of the minute and of the day out of reach: they are sized for one operator's real traffic.

    They are still counted and checked for every batch, so their cost is measured; the floors of each line stay.
    """
    connection.execute("update gate.ceiling set per_minute = %s, per_day = %s", (CEILING, CEILING))
    connection.execute("update gate.common_size set base = %s", (CEILING // 4,))


def settle(connection: Connection) -> None:
    """Gather statistics and write everything out, so that runs do not pay for the loading; autocommit."""
    connection.execute("vacuum (analyze)")
    connection.execute("checkpoint")


def server_facts(connection: Connection, names: Iterable[str]) -> tuple[str, dict[str, str]]:
    """Return the server's version and the settings that a figure depends on."""
    (version,) = connection.execute("select current_setting('server_version')").fetchone() or ("unknown",)
    rows = connection.execute(
        "select name, current_setting(name) from unnest(%s::text[]) name", (list(names),)
    ).fetchall()
    return version, dict(rows)


@dataclass(frozen=True, slots=True)
class Sealed:
    """One sealed coverage record with what binds it."""

    person: PersonId
    insurer: InsurerId
    sealed: bytes


def sample_coverage(connection: Connection, count: int) -> list[Sealed]:
    """Read some sealed records, to time their opening."""
    rows = connection.execute("select person, insurer, sealed from coverage.coverage limit %s", (count,)).fetchall()
    return [Sealed(PersonId(person), InsurerId(insurer), bytes(sealed)) for person, insurer, sealed in rows]


def fill_register(connection: Connection, keyring: Keyring, persons: int, day: int) -> None:
    """Write insurers with one product each, and `persons` people covered for every domain for a year."""
    registry = RegistryStore(connection, keyring)
    products: list[tuple[InsurerId, int]] = []
    for number in range(1, INSURERS + 1):
        insurer = registry.put_insurer(
            f"{90000000 + number}", f"Mutuelle de mesure {number}", None, operator_sends=True
        )
        product = registry.put_product(insurer, "MESURE", "Produit de mesure", responsible=True)
        registry.put_guarantees([(product, domain, "100 % BR", "100% of BR") for _, domain, _ in PROFESSIONS])
        products.append((insurer, product))
    registry.make_keys(insurer for insurer, _ in products)
    sealer = load_sealer(connection, keyring, [Compartment.COVERAGE])
    people = [PersonId(new_id()) for _ in range(persons)]
    index = keyring.hash(Purpose.INDEX)
    _copy(
        connection, "copy person.key (idx, person) from stdin (format binary)", ["uuid", "int8"],
        ((index.uuid(_canonical(number)), person) for number, person in enumerate(people)),
    )  # fmt: skip
    _copy(
        connection,
        "copy coverage.coverage (person, insurer, contract, domains, from_day, until_day, priority, digest, sealed)"
        " from stdin (format binary)",
        ["int8", "int2", "int8", "int4", "int4", "int4", "int2", "bytea", "bytea"],
        _coverages(sealer, keyring, people, products, day),
    )


def _coverages(
    sealer: Sealer,
    keyring: Keyring,
    people: Sequence[PersonId],
    products: Sequence[tuple[InsurerId, int]],
    day: int,
) -> Iterable[Row]:
    digest = keyring.hash(Purpose.FEED)
    first, last = day - 180, day + 180
    for number, person in enumerate(people):
        insurer, product = products[number % len(products)]
        contract, member = f"C{number:09}", f"M{number:09}"
        record = CoverageRecord(
            version=1, product=product, product_code="MESURE", contract_number=contract, member_number=member,
            holder_member_number=member, relationship=1, domains=_DOMAINS, from_day=first, until_day=last,
            priority=1, status=1, is_former=False, left_day=None, effective_day=first,
        )  # fmt: skip
        sealed = sealer.seal(Compartment.COVERAGE, insurer, person, encode_record(record))
        line = digest.digest(member.encode())[:16]
        yield person, insurer, digest.int64(contract.encode()), _DOMAINS, first, last, 1, line, sealed


def pair_key(keyring: Keyring, establishment: int, person: int) -> int:
    """Return the key of the pair memory for an establishment and an invented person."""
    return pair_number(keyring.hash(Purpose.PAIR), establishment, _canonical(person))


def index_of(keyring: Keyring, person: int) -> UUID:
    """Return the keyed index of an invented person."""
    return keyring.hash(Purpose.INDEX).uuid(_canonical(person))


def _canonical(number: int) -> bytes:
    nir, birth_date = identifiers_of(number)
    return normalise(Nir.parse(nir), BirthDate.parse(birth_date), Rank.parse(1))


@dataclass(frozen=True, slots=True)
class _Place:
    """The identifiers of one desk, drawn before its rows are written."""

    number: int
    professional: int
    establishment: int
    login: int
    device: int
    line: int
    session: int
    key: Key
    handle: str


def fill_desks(connection: Connection, keyring: Keyring, traffic: Traffic, now: datetime, day: int) -> list[Desk]:
    """Write one professional, establishment, device, line, live session and pair memory for each desk."""
    places = [
        _Place(number, new_id(), new_id(), new_id(), new_id(), new_id(), new_id(), make_key(),
               encode_b64(os.urandom(32)))
        for number in range(traffic.desks)
    ]  # fmt: skip
    connection.execute("insert into directory.software (id, vendor, name) values (%s, 1, 'Mesure')", (SOFTWARE,))
    _write_directory(connection, places)
    _write_access(connection, places, now, day)
    _write_pairs(connection, keyring, places, traffic, day)
    return [Desk(place.key, place.handle) for place in places]


def _write_directory(connection: Connection, places: Sequence[_Place]) -> None:
    professions = [place_of(place.number)[0].value for place in places]
    _copy(
        connection,
        "copy directory.professional (id, national_id, rpps, family_name, given_name, profession)"
        " from stdin (format binary)",
        ["int8", "text", "text", "text", "text", "int2"],
        ((p.professional, f"899{p.number:09}", f"99{p.number:09}", "Mesure", "Claude", profession)
         for p, profession in zip(places, professions, strict=True)),
    )  # fmt: skip
    _copy(
        connection, "copy directory.establishment (id, finess, name, town) from stdin (format binary)",
        ["int8", "text", "text", "text"],
        ((p.establishment, f"99{p.number:07}", f"Cabinet de mesure {p.number}", "Valbrume") for p in places),
    )  # fmt: skip
    _copy(
        connection, "copy directory.enrolment (professional, establishment, status) from stdin (format binary)",
        ["int8", "int8", "int2"], ((p.professional, p.establishment, 2) for p in places),
    )  # fmt: skip
    _copy(
        connection,
        "copy directory.activity (id, professional, establishment, profession) from stdin (format binary)",
        ["int4", "int8", "int8", "int2"],
        ((p.number + 1, p.professional, p.establishment, profession)
         for p, profession in zip(places, professions, strict=True)),
    )  # fmt: skip


def _write_access(connection: Connection, places: Sequence[_Place], now: datetime, day: int) -> None:
    long_ago = now - timedelta(days=LINE_AGE_DAYS)
    _copy(
        connection, "copy access.login (id, professional, created) from stdin (format binary)",
        ["int8", "int8", "timestamptz"], ((p.login, p.professional, long_ago) for p in places),
    )  # fmt: skip
    _copy(
        connection, "copy access.device (id, thumbprint, created) from stdin (format binary)",
        ["int8", "bytea", "timestamptz"], ((p.device, p.key.thumbprint, long_ago) for p in places),
    )  # fmt: skip
    _copy(
        connection,
        "copy access.line (id, login, device, professional, profession, created_day, state)"
        " from stdin (format binary)",
        ["int8", "int8", "int8", "int8", "int2", "int4", "bytea"],
        ((p.line, p.login, p.device, p.professional, place_of(p.number)[0].value, day - LINE_AGE_DAYS,
          _state(p.number, day)) for p in places),
    )  # fmt: skip
    _copy(
        connection, "copy access.line (id, establishment, profession, created_day) from stdin (format binary)",
        ["int8", "int8", "int2", "int4"],
        ((line_of_place(p.establishment, profession), p.establishment, profession.value, day - LINE_AGE_DAYS)
         for p in places for profession in (place_of(p.number)[0],)),
    )  # fmt: skip
    _copy(
        connection,
        "copy access.session (id, handle, site, login, professional, acr, activity, device, line, software, network,"
        " created, expires) from stdin (format binary)",
        ["int8", "bytea", "int2", "int8", "int8", "int2", "int4", "int8", "int8", "int4", "bytea",
         "timestamptz", "timestamptz"],
        ((p.session, hashlib.sha256(p.handle.encode()).digest(), Site.PORTAL.value, p.login, p.professional, 3,
          p.number + 1, p.device, p.line, SOFTWARE, os.urandom(16), now, now + SESSION_LIFE) for p in places),
    )  # fmt: skip


def _state(number: int, day: int) -> bytes:
    return pack(settled_line(place_of(number)[0], day))


def _write_pairs(
    connection: Connection, keyring: Keyring, places: Sequence[_Place], traffic: Traffic, day: int
) -> None:
    _copy(
        connection, "copy access.pair (key, state, day, line, seen_day, seen_line) from stdin (format binary)",
        ["int8", "int2", "int4", "int8", "int4", "int8"],
        ((pair_key(keyring, place.establishment, person), PAIR_PROVED, day - 30, place.line, day - 30, place.line)
         for place in places for person in traffic.known[place.number]),
    )  # fmt: skip
