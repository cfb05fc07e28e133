"""The first proof of a look-up key file, over a connection of role tierce_feed (docs/adr/0120).

A replacement proves the next key as it begins; the first key of a database has no replacement. It is proved where it
first serves, by whatever adds people: over an empty register any file is right from then on, and over one that has
people it is tried on some of them, whose sealed records say by which identifiers they are found.
"""

from collections.abc import Iterable, Iterator
from typing import Final, LiteralString

from psycopg import Connection

from tierce.kernel.ids import InsurerId, PersonId
from tierce.kernel.traits import normalise_traits
from tierce.registry.records import CivilRecord, decode_civil, identifiers_of
from tierce.storage.errors import SealBrokenError
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import Compartment, Keyring, Purpose
from tierce.storage.lookup_keys import Progress, another_file, mark, proof_of

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


def _tried(connection: Connection, keyring: Keyring, purpose: Purpose) -> bool:
    """Whether the file finds somebody; False when there is nobody to try it on, so that nothing is proved yet.

    A record that does not open tells nothing of this file; the others are tried.
    """
    rows = connection.execute(_SOME[purpose], (TRIED,)).fetchall()
    tried = False
    sealer = load_sealer(connection, keyring, [Compartment.PERSON])
    for person, insurer, sealed, indexes in rows:
        try:
            opened = sealer.open_(Compartment.PERSON, InsurerId(insurer), PersonId(person), bytes(sealed))
        except SealBrokenError:
            continue
        record, tried = decode_civil(opened), True
        if any(keyring.index(purpose, told) in indexes for told in _told(record, purpose)):
            return True
    if not tried:
        return False
    raise another_file(purpose)


def _told(record: CivilRecord, purpose: Purpose) -> Iterator[bytes]:
    """What somebody is looked up by, as her record says it."""
    if purpose is Purpose.INDEX:
        yield from identifiers_of(record)
        return
    try:
        yield normalise_traits(
            record.family_name, record.given_names, record.birth_date, record.sex, record.birth_place
        )
    except ValueError:
        return  # a trait is missing: she is looked up by none
