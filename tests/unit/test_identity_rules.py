"""Levels, phishing resistance, links and lifetimes."""

from datetime import UTC, datetime, timedelta

import pytest

from tierce.identity import rules
from tierce.identity.errors import LinkReason, LinkRefusedError, SessionReason
from tierce.identity.model import PivotIdentity
from tierce.kernel.ids import PersonId
from tierce.kernel.traits import may_be_hers, name_words, normalise_traits

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PIVOT = PivotIdentity("Lenoir", "Paul André", "19800112", "male", "03955", "99100")


@pytest.mark.parametrize(
    ("acr", "level"),
    [("eidas1", 1), ("eidas2", 2), ("eidas3", 3), ("eidas4", 0), ("eidas", 0), ("", 0), (None, 0), (2, 0)],
)
def test_the_level_of_an_acr(acr: object, level: int) -> None:
    assert rules.level_of(acr) == level


def test_levels_are_compared_and_not_strings() -> None:
    assert rules.meets_level("eidas3", 1)
    assert rules.meets_level("eidas2", 2)
    assert rules.meets_level("eidas1", 1)
    assert rules.meets_level("eidas1", 0)
    assert not rules.meets_level("eidas1", 2)
    assert not rules.meets_level("unknown", 0), "no requirement is never a way in"


@pytest.mark.parametrize(
    ("acr", "amr", "resistant"),
    [
        ("phrh", ["hwk", "user", "pin"], True),
        ("phr", ["hwk", "user"], True),
        ("phr", ["pwd", "otp"], False),
        ("phrh", ["hwk"], False),
        ("eidas3", ["hwk", "user"], False),
        ("phrh", "hwk user", False),
        ("phrh", None, False),
    ],
)
def test_only_a_hardware_key_with_its_user_resists_phishing(acr: str, amr: object, resistant: bool) -> None:
    assert rules.is_phishing_resistant(acr, amr) is resistant


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("899700366240", True),
        ("0123456789", True),
        ("500000001815646/CPAT00045", True),
        ("89970036624", False),
        ("899700366240\n", False),
        ("", False),
        (None, False),
    ],
)
def test_the_forms_of_a_national_identifier(value: object, fits: bool) -> None:
    assert rules.is_national_id(value) is fits


@pytest.mark.parametrize(
    ("spelling", "words"),
    [
        ("Jean-Éric", ["JEAN", "ERIC"]),
        ("d’Œuvre", ["D", "OEUVRE"]),
        ("MÜLLER  ", ["MULLER"]),
        ("ÆGIR Ørsted", ["AEGIR", "ORSTED"]),
        ("Łukasz Đorđević", ["LUKASZ", "DORDEVIC"]),
        ("Ça", ["CA"]),
    ],
)
def test_names_are_compared_without_their_spelling(spelling: str, words: list[str]) -> None:
    assert name_words(spelling) == words


def test_the_same_person_spelt_twice_has_the_same_traits() -> None:
    fed = normalise_traits("D'HÉROUVILLE", "JEAN PIERRE", "19700000", "M", "2A004")
    said = rules.pivot_bytes(PivotIdentity("d’Hérouville", "Jean-Pierre Marie", "19700000", "male", "2A004", "99100"))
    assert fed == said == b"1|DHEROUVILLE|JEAN|19700000|M|2A004"


@pytest.mark.parametrize(
    ("given_names", "copies", "hers"),
    [
        ("Jean-Pierre Luc", ["JEAN PAUL"], False),
        ("Marie-Anne", ["MARIE LAURE", "MARIE"], False),
        ("Marie-Anne", ["MARIE LAURE", "MARIE ANNE"], True),
        ("Jean-Pierre Luc", ["JEAN LUC"], True),
        ("Jean Luc", ["PIERRE JEAN"], True),
        ("Jean-Pierre", ["JEAN"], True),
        ("Jean", ["JEAN PAUL"], True),
        ("Jean-Philippe", ["JEAN PH"], True),
        ("Jean Étienne", ["JEAN ETIENE"], True),
        ("Jean-Pierre", ["JEANPIERRE"], True),
        ("Jean-Pierre", [], True),
    ],
)
def test_twins_who_share_a_first_word_are_told_apart_by_the_second(
    given_names: str, copies: list[str], hers: bool
) -> None:
    assert may_be_hers(given_names, copies) is hers


def test_a_homonym_who_tries_to_sign_in_uses_up_his_own_day_and_not_hers() -> None:
    hers, spelt, his = (
        rules.counted_bytes(PivotIdentity("Lenoir", given, "19800112", "female", "03955", "99100"))
        for given in ("Marie-Hélène Anne", "MARIE HELENE ANNE", "Marie Laure")
    )
    assert hers == spelt != his


def test_a_birth_abroad_is_placed_by_its_country() -> None:
    abroad = PivotIdentity("Silva", "Ana", "19900101", "female", "", "99139")
    assert rules.pivot_bytes(abroad).endswith(b"|F|99139")
    placed = PivotIdentity("Silva", "Ana", "19900101", "female", "99352", "99139")
    assert rules.pivot_bytes(placed).endswith(b"|F|99352"), "the place that is told, when one is"


@pytest.mark.parametrize(
    "changed",
    [
        {"family_name": "—"},
        {"given_names": ""},
        {"birth_date": "1980-01-12"},
        {"gender": "unknown"},
        {"birth_place": ""},
        {"birth_place": "ABCDE"},
    ],
)
def test_a_missing_trait_refuses_the_link_without_showing_it(changed: dict[str, str]) -> None:
    traits = {
        "family_name": "Lenoir",
        "given_names": "Paul",
        "birth_date": "19800112",
        "gender": "male",
        "birth_place": "03955",
        "birth_country": "99100",
    }
    with pytest.raises(LinkRefusedError) as refused:
        rules.pivot_bytes(PivotIdentity(**(traits | changed)))
    assert refused.value.reason is LinkReason.TRAITS_INCOMPLETE
    assert "Lenoir" not in f"{refused.value} {refused.value.__cause__}"


def test_exactly_one_person_is_linked() -> None:
    assert rules.link([PersonId(7)]) == 7
    assert rules.link([PersonId(7), PersonId(7)]) == 7
    with pytest.raises(LinkRefusedError) as nobody:
        rules.link([])
    assert nobody.value.reason is LinkReason.NO_MATCH
    with pytest.raises(LinkRefusedError) as homonyms:
        rules.link([PersonId(7), PersonId(8)])
    assert homonyms.value.reason is LinkReason.HOMONYMS


def test_a_pivot_identity_never_shows_itself() -> None:
    assert "Lenoir" not in f"{PIVOT!r} {PIVOT}"


@pytest.mark.parametrize(
    ("opened_ago", "used_ago", "revoked", "refusal"),
    [
        (10, 10, False, None),
        (10, 10, True, SessionReason.REVOKED),
        (239, 29, False, None),
        (240, 1, False, SessionReason.EXPIRED),
        (100, 30, False, SessionReason.IDLE),
    ],
)
def test_a_session_ends_by_revocation_age_or_idleness(
    opened_ago: int, used_ago: int, revoked: bool, refusal: SessionReason | None
) -> None:
    life = rules.PROFESSIONAL_LIFETIME
    created = AT - timedelta(minutes=opened_ago)
    expires = rules.expiry(AT - timedelta(minutes=used_ago), created, life)
    found = rules.session_refusal(AT, created=created, expires=expires, revoked=AT if revoked else None, life=life)
    assert found is refusal


@pytest.mark.parametrize(
    ("life", "minutes", "idle"),
    [
        (rules.PROFESSIONAL_LIFETIME, 240, 30),
        (rules.STAFF_LIFETIME, 60, 60),
        (rules.INSURER_LIFETIME, 60, 60),
        (rules.PERSON_LIFETIME, 30, 30),
    ],
)
def test_no_session_lasts_longer_than_is_promised(life: rules.Lifetime, minutes: int, idle: int) -> None:
    assert rules.expiry(AT, AT, life) == AT + timedelta(minutes=idle)
    late = AT + timedelta(minutes=minutes - 1)
    assert rules.expiry(late, AT, life) == AT + timedelta(minutes=minutes), "use does not prolong it"


@pytest.mark.parametrize(
    ("opened", "ends"),
    [
        ("2026-07-03T21:29:00", "2026-07-03T21:59:00"),
        ("2026-07-03T21:45:00", "2026-07-03T22:00:00"),
        ("2026-07-03T22:00:00", "2026-07-03T22:30:00"),
        ("2026-12-03T22:45:00", "2026-12-03T23:00:00"),
    ],
)
def test_a_person_s_session_ends_with_the_day_in_paris_that_counts_it(opened: str, ends: str) -> None:
    opened_at, ends_at = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (opened, ends))
    assert rules.person_expiry(opened_at) == ends_at


@pytest.mark.parametrize("path", ["/", "/rights?x=1", "/a/b#c", "/" + "a" * 511])
def test_a_return_within_the_site(path: str) -> None:
    assert rules.is_local_return(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "rights",
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/a\\b",
        "/a\n",
        "/" * 2,
        "/" + "a" * 512,
    ],
)
def test_a_return_elsewhere_is_refused(path: str) -> None:
    assert not rules.is_local_return(path)
