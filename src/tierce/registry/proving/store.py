"""The first proof of a key file, over a connection of role tierce_feed, or the administrator's (docs/adr/0120, 0135).

A replacement proves the next key as it begins; the first key of a database has no replacement. It is proved where it
first serves, by whatever adds people: over an empty register any file is right from then on, and over one that has
people it is tried on some of them, whose sealed records say by which identifiers they are found. The key of pairs is
tried on some that were shown, as their records name them.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, LiteralString

from psycopg import Connection

from tierce.kernel.card import MemberNumber, normalise_card
from tierce.kernel.errors import FieldError
from tierce.kernel.ids import InsurerId, PersonId
from tierce.kernel.nir import BirthDate
from tierce.kernel.traits import normalise_traits
from tierce.registry.records import CivilRecord, CoverageRecord, decode_civil, decode_coverage, identifiers_of
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.errors import SealBrokenError
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import COMPARTMENT_KEYS, PROVED, Compartment, Keyring, Purpose, Sealer
from tierce.storage.lookup_keys import Progress, another_file, first_proof, mark, proof_of
from tierce.storage.pairs import pair_number

TRIED: Final = 20
"""People on whom a file is tried: one of them found is enough."""
_SOME: Final[dict[Purpose, LiteralString]] = {
    Purpose.INDEX: "select r.person, r.insurer, r.sealed,"
    " array(select k.idx from person.key k where k.person = r.person)"
    " from person.record r where exists (select from person.key k where k.person = r.person) limit %s",
    Purpose.TRAIT: "select r.person, r.insurer, r.sealed,"
    " array(select t.idx from person.trait t where t.person = r.person)"
    " from person.record r where exists (select from person.trait t where t.person = r.person) limit %s",
}
_SHOWN: Final[LiteralString] = """
    select g.establishment, g.pair, r.person, r.insurer, i.amc, r.sealed,
           array(select c.sealed from coverage.coverage c where c.person = r.person and c.insurer = r.insurer)
    from (select * from care.engagement order by seq desc limit %s) g
    join person.record r on r.person = g.person and r.insurer = g.insurer
    join registry.insurer i on i.id = r.insurer"""
_ANY: Final[dict[Purpose, LiteralString]] = {
    Purpose.INDEX: "select exists (select from person.key) or exists (select from person.asked)",
    Purpose.TRAIT: "select exists (select from person.trait)",
}


def prove_first(connection: Connection, keyring: Keyring, purposes: Iterable[Purpose]) -> None:
    """Write the proof of each first key that has none; the caller commits. `keyring` holds civil status's master.

    Raises:
        LookupKeyError: the file finds none of the people on whom it was tried: it is another database's.
    """
    for purpose in purposes:
        now = mark(connection, purpose)
        if now.generation > 1 or now.step is not Progress.NONE:
            continue
        served = connection.execute(_ANY[purpose]).fetchone() == (True,)
        if served and (now.proof is not None or not _tried(connection, keyring, purpose)):
            continue
        connection.execute(
            "update gate.lookup set proof = %s where purpose = %s", (proof_of(keyring, purpose), purpose.value)
        )


def prove_keys(database: Database, folder: Path, admin: str = SUPERUSER) -> None:
    """Prove the keys by which nobody is looked up, those that a database of this version does not know yet.

    Raises:
        KeyMissingError: one is not there.
        LookupKeyError: the key of pairs makes none of those on whom it was tried: it is another one. Nothing is
            proved then, and `api` discloses nothing.
    """
    masters = (COMPARTMENT_KEYS[one] for one in (Compartment.PERSON, Compartment.COVERAGE))
    keyring = Keyring(folder, [*(one.value for one in PROVED), *masters])
    with database.connect(admin) as connection:
        for purpose in PROVED:
            if mark(connection, purpose).proof is not None:
                continue
            if purpose is Purpose.PAIR:
                _try_pairs(connection, keyring)
            name, proof, held = first_proof(keyring, purpose)
            connection.execute(
                "update gate.lookup set proof = %s, generation = %s, oldest = %s where purpose = %s",
                (proof, held, held, name),
            )
        connection.commit()


def _tried(connection: Connection, keyring: Keyring, purpose: Purpose) -> bool:
    """Whether the file finds somebody; False when there is nobody to try it on, so that nothing is proved yet.

    A record that does not open tells nothing of this file; the others are tried.
    """
    rows = connection.execute(_SOME[purpose], (TRIED,)).fetchall()
    if not rows:
        return False  # and no key of an insurer is needed
    tried = False
    sealer = load_sealer(connection, keyring, [Compartment.PERSON])
    for person, insurer, sealed, indexes in rows:
        record = _civil(sealer, insurer, person, sealed)
        if record is None:
            continue
        tried = True
        if any(keyring.index(purpose, told) in indexes for told in _told(record, purpose)):
            return True
    if not tried:
        return False
    raise another_file(purpose)


def _try_pairs(connection: Connection, keyring: Keyring) -> None:
    """Make the newest pairs again of what records say; where none can be made, nothing is against the file."""
    rows = connection.execute(_SHOWN, (TRIED,)).fetchall()
    if not rows:
        return
    key, tried = keyring.hash(Purpose.PAIR), False
    sealer = load_sealer(connection, keyring, [Compartment.PERSON, Compartment.COVERAGE])
    for place, pair, person, insurer, amc, civil, covers in rows:
        record = _civil(sealer, insurer, person, civil)
        if record is None:
            continue
        named = [*_told(record, Purpose.INDEX), *_cards(sealer, insurer, person, covers, amc, record.birth_date)]
        if any(pair_number(key, place, who) == pair for who in named):
            return
        tried = tried or bool(named)
    if tried:
        raise another_file(Purpose.PAIR)


def _civil(sealer: Sealer, insurer: int, person: int, sealed: bytes) -> CivilRecord | None:
    try:
        return decode_civil(sealer.open_(Compartment.PERSON, InsurerId(insurer), PersonId(person), bytes(sealed)))
    except SealBrokenError:
        return None


def _cards(
    sealer: Sealer, insurer: int, person: int, covers: list[bytes], amc: str, birth_date: str
) -> Iterator[bytes]:
    """The identifiers of her insurer's cards, whole as an ask names them."""
    for sealed in covers:
        try:
            plain = sealer.open_(Compartment.COVERAGE, InsurerId(insurer), PersonId(person), bytes(sealed))
            cover: CoverageRecord = decode_coverage(plain)
            yield normalise_card(
                cover.card_amc or amc, MemberNumber.parse(cover.member_number), BirthDate.parse(birth_date)
            )
        except (SealBrokenError, FieldError):
            continue


def _told(record: CivilRecord, purpose: Purpose) -> Iterator[bytes]:
    """What somebody is looked up by, as her record says it."""
    if purpose is Purpose.INDEX:
        with suppress(FieldError):  # what a file of before let in, and is none today
            yield from identifiers_of(record)
        return
    try:
        yield normalise_traits(
            record.family_name, record.given_names, record.birth_date, record.sex, record.birth_place
        )
    except ValueError:
        return  # a trait is missing: she is looked up by none
