"""A rights file that lies in good form: one insurer's word opens nobody's space, and takes no number of hers away."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, Importer, make_importer, rows_of, write_rows
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.kernel.traits import normalise_traits
from tierce.lab.country.identifiers import make_nir
from tierce.storage.cluster import SUPERUSER
from tierce.storage.keys import Keyring, Purpose

pytestmark = pytest.mark.integration

Row = dict[str, str]
OTHER = "99100002"
"""The insurer that lies."""
ACCOMPLICE = {"family_name": "COMPLICE", "birth_place": "99352"}
"""Whoever signs in afterwards, truly as herself."""


@pytest.fixture
def victim(country: Path) -> Row:
    """A holder whom an honest insurer tells of."""
    every = rows_of(country / "rights" / f"{FIRST}.csv")
    return next(row for row in every if row["relationship"] == "holder" and row["status"] == "active")


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    return connect(SUPERUSER, autocommit=True)


@pytest.fixture
def entering(connect: Connect, keyring: Keyring) -> Callable[[Row], set[int]]:
    """Whose space the provider of persons' identities opens, for somebody of these traits."""
    persons, traits = connect("tierce_persons", autocommit=True), keyring.hash(Purpose.TRAIT)

    def found(row: Row) -> set[int]:
        told = (row[name] for name in ("family_name", "given_names", "birth_date", "sex", "birth_place"))
        idx = traits.uuid(normalise_traits(*told))
        return {one for (one,) in persons.execute("select gate.person_by_traits(%s)", (idx,)).fetchall()}

    return found


WHO = (("nir", "right_holder_nir"), ("birth_date", "birth_date"), ("birth_rank", "birth_rank"))
Send = Callable[[Row], int]
Entering = Callable[[Row], set[int]]


def liar_s(row: Row, **changes: str) -> Row:
    """The same person as the lying insurer tells of her."""
    return row | {"amc": OTHER, "member_number": "B-1", "holder_member_number": "B-1"} | changes


def key_of(keyring: Keyring, row: Row) -> object:
    named = normalise(
        Nir.parse(row["right_holder_nir"]), BirthDate.parse(row["birth_date"]), Rank.parse(row["birth_rank"])
    )
    return keyring.index(Purpose.INDEX, named)


def test_a_name_that_others_do_not_know_her_by_joins_her_cover_and_opens_nobody_s_space(
    send: Send, entering: Entering, victim: Row
) -> None:
    send(victim)
    (her,) = entering(victim)
    lie = liar_s(victim, **ACCOMPLICE)
    assert send(lie) == 1, "another family name may be that of a marriage: her cover is shown"
    assert entering(victim) == {her}
    assert entering(lie) == set(), "one insurer's word lets nobody into what every insurer's people wrote"


def test_a_member_once_told_of_honestly_is_not_handed_to_somebody_else(
    send: Send, entering: Entering, victim: Row
) -> None:
    send(victim)
    (her,) = entering(victim)
    assert send(liar_s(victim)) == 1
    lie = liar_s(victim, **ACCOMPLICE, given_names="ZOÉ", sex="F" if victim["sex"] == "M" else "M")
    # Under a known member number no name is compared, and with the carte Vitale of another date the date is free too.
    own = make_nir("F", 1990, 2, "41950", 15)
    vitale = {f"vitale_{name}": victim[column] for name, column in WHO}
    free = lie | vitale | {"right_holder_nir": own, "own_nir": own, "birth_date": "19900214"}
    free["effective_on"] = "2026-11-24"
    for one in (lie, free):
        send(one)
        assert entering(one) == set()
        assert entering(victim) == {her}


@pytest.mark.parametrize(
    "spelled",
    [
        {"family_name": "Le Goff", "birth_place": "99352"},
        {"family_name": "DE NAISSANCE", "given_names": "ELODIE"},
        {"given_names": "ANNE ÉLODIE", "used_name": "AUTRE", "birth_place": "99352"},
    ],
)
def test_an_honest_copy_spelled_otherwise_opens_her_space(
    send: Send, entering: Entering, victim: Row, spelled: Row
) -> None:
    send(victim | {"given_names": "ELODIE ANNE", "family_name": "MARIÉE", "used_name": "LE GOFF"})
    moved = liar_s(victim, given_names="ÉLODIE", family_name="MARIÉE") | spelled
    assert send(moved) == 1
    assert len(entering(moved)) == 1


def test_what_is_contested_vouches_for_nobody(send: Send, entering: Entering, victim: Row) -> None:
    send(victim)
    send(liar_s(victim))
    own = make_nir("F", 1990, 2, "41950", 15)
    vitale = {f"vitale_{name}": victim[column] for name, column in WHO}
    free = ACCOMPLICE | {"given_names": "ZOÉ", "right_holder_nir": own, "own_nir": own, "birth_date": "19900214"}
    # The accomplice's own number leads to the victim now; then she takes out a policy with an honest insurer.
    assert send(liar_s(victim, **vitale, **free, effective_on="2026-11-24")) == 1
    honest = victim | free | {"amc": "99100003", "member_number": "C-1", "holder_member_number": "C-1"}
    assert send(honest) == 0
    assert entering(honest) == set()


def test_what_is_contested_stays_so_when_the_honest_insurer_corrects_its_own_line(
    send: Send, entering: Entering, victim: Row
) -> None:
    send(victim)
    (her,) = entering(victim)
    lie = liar_s(victim, **ACCOMPLICE)
    send(lie)
    right = make_nir("M", 1979, 4, "41950", 15)
    was = {f"corrects_{name}": victim[column] for name, column in WHO}
    assert send(victim | was | {"record_kind": "correction", "right_holder_nir": right, "own_nir": right}) == 1
    assert (entering(victim), entering(lie)) == ({her}, set())


def test_once_nobody_else_tells_of_her_her_insurer_s_next_word_is_believed(
    send: Send, entering: Entering, admin: psycopg.Connection, victim: Row
) -> None:
    send(victim)
    moved = liar_s(victim, family_name="DE NAISSANCE", birth_place="99352")
    send(moved)
    assert entering(moved) == set()
    admin.execute("delete from person.record where insurer = 1")  # as retention does, once her cover there has ended
    assert send(moved | {"covered_until": "2027-11-30", "effective_on": "2026-11-25"}) == 1
    assert len(entering(moved)) == 1


def test_two_periods_of_one_contested_member_are_taken_whatever_lies_between_them(
    connect: Connect, key_directory: Path, send: Send, tmp_path: Path, victim: Row
) -> None:
    send(victim)
    lie = liar_s(victim, **ACCOMPLICE)
    ahead = lie | {"covered_from": "2027-12-01", "covered_until": "2028-11-30", "status": "future"}
    by_line = make_importer(connect("tierce_feed"), key_directory, chunk_lines=1)
    report = by_line.rights(write_rows(tmp_path / "two.csv", [lie, ahead]), OTHER)
    assert (report.counts.taken, report.counts.rejected) == (2, 0)


def test_who_is_told_of_by_one_insurer_alone_is_whom_it_says(send: Send, entering: Entering, victim: Row) -> None:
    send(victim)
    renamed = victim | {"family_name": "AUTRE", "given_names": "CAMILLE", "effective_on": "2026-11-24"}
    assert send(renamed) == 1
    assert len(entering(renamed)) == 1


def test_a_correction_takes_no_identifiers_away_that_another_insurer_tells(
    send: Send, importer: Importer, admin: psycopg.Connection, keyring: Keyring, victim: Row
) -> None:
    send(victim)
    assert send(liar_s(victim)) == 1
    own = make_nir("M", 1979, 4, "41950", 15)
    was = {f"corrects_{name}": victim[column] for name, column in WHO}
    lie = liar_s(
        victim, **was, record_kind="correction", right_holder_nir=own, own_nir=own, effective_on="2026-11-24"
    )
    assert send(lie) == 1
    held = admin.execute("select person from person.key where idx = %s", (key_of(keyring, victim),)).fetchall()
    assert held == admin.execute("select distinct person from person.record").fetchall()
    # She stays whom the honest insurer's next line names, and nobody else can be put in her place.
    assert send(victim | {"covered_until": "2027-11-30", "effective_on": "2026-11-25"}) == 1
    assert send(liar_s(victim, member_number="B-2", holder_member_number="B-2", family_name="PRISE")) == 0
    assert admin.execute("select count(distinct person) from person.record").fetchone() == (1,)


def test_what_was_corrected_and_stays_is_nobody_s_number_in_the_same_file(
    importer: Importer, send: Send, tmp_path: Path, victim: Row
) -> None:
    send(victim)
    send(liar_s(victim))
    own = make_nir("M", 1979, 4, "41950", 15)
    was = {f"corrects_{name}": victim[column] for name, column in WHO}
    plain = dict.fromkeys(was, "") | {"record_kind": "current"}
    lie = liar_s(
        victim, **was, record_kind="correction", right_holder_nir=own, own_nir=own, effective_on="2026-11-24"
    )
    again = liar_s(victim, **plain, member_number="B-2", holder_member_number="B-2", family_name="PRISE")
    report = importer.rights(write_rows(tmp_path / "both.csv", [lie, again]), OTHER)
    assert (report.counts.taken, report.counts.rejected) == (1, 1)
