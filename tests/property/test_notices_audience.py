"""Whom the operator writes to, over invented households: every pair and adult once, nobody told of another."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audience_plan import Plan, digest_of, plan
from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.cohorts.model import Cohort
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.notices.audience.model import Channel, Item, Pair, Reading, Why
from tierce.notices.audience.rules import folded, reader_of, reading_of, usable_email
from tierce.notices.contacts.model import Contact
from tierce.notices.mandates.model import Mandate

INSURERS = tuple(InsurerId(number) for number in (1, 2, 3))
HOMES = (("1 rue A", "99000 X"), ("2 rue B", "99000 X"))
MAILBOXES = (None, "a@foyer.example", "B@foyer.example", "c@foyer.example", "pas une adresse")
DAY = date(2026, 3, 3)
PARENTS = ("Anne Aubry", "Éloi Aubry")


@dataclass(frozen=True)
class Household:
    """What the rules are given."""

    pairs: tuple[Pair, ...]
    mandates: dict[InsurerId, Mandate | None]
    contacts: dict[tuple[PersonId, InsurerId], Contact]


@st.composite
def households(draw: st.DrawFn) -> Household:
    pairs: list[Pair] = []
    contacts: dict[tuple[PersonId, InsurerId], Contact] = {}
    for number in range(1, draw(st.integers(1, 8)) + 1):
        person, child = PersonId(number), draw(st.booleans())
        for insurer in draw(st.sets(st.sampled_from(INSURERS), min_size=1)):
            pairs.append(Pair(person, insurer, draw(st.sampled_from((Cohort.INSURED, Cohort.INVOICES)))))
            if draw(st.booleans()) or draw(st.booleans()):
                contacts[person, insurer] = Contact(
                    f"Personne {number}",
                    draw(st.sampled_from(MAILBOXES)),
                    draw(st.sampled_from((*HOMES, ()))),
                    language=draw(st.sampled_from(("fr", "en", "de"))),
                    representative=draw(st.sampled_from(PARENTS)) if child else None,
                    former=draw(st.booleans()),
                    adult_from=draw(st.sampled_from((None, DAY, DAY + timedelta(days=1)))),
                )
    for number in range(501, 501 + draw(st.integers(0, 2))):
        pairs.append(Pair(PersonId(number), OPERATOR, Cohort.PROFESSIONALS))
        if draw(st.booleans()):
            contacts[PersonId(number), OPERATOR] = Contact(f"Docteur {number}", draw(st.sampled_from(MAILBOXES)))
    mandates = {one: draw(st.sampled_from((*Mandate, None))) for one in INSURERS}
    return Household(tuple(draw(st.permutations(pairs))), mandates, contacts)


def planned(given_: Household) -> Plan:
    return plan(given_.pairs, given_.mandates, given_.contacts, on=DAY)


def adults(item: Item, of: Household) -> set[str]:
    """Who reads an item: herself by her number, or the representative of each pair by name."""
    found = set()
    for pair in item.pairs:
        contact = of.contacts.get((pair.person, pair.insurer))
        name = contact.representative if contact else None
        found.add(folded(name) if name else f"#{pair.person}")
    return found


@settings(max_examples=120, deadline=None)
@given(households())
def test_i4_every_pair_is_on_one_item_or_left_with_its_reason(of: Household) -> None:
    made = planned(of)
    placed = Counter([pair for item in made.items for pair in item.pairs] + [left.pair for left in made.left])
    assert placed == Counter(of.pairs)
    for left in made.left:
        mandate = of.mandates[left.pair.insurer]
        assert left.why is (Why.NO_MANDATE if mandate is None else Why.INSURER_SENDS)
    for item in made.items:
        for pair in item.pairs:
            assert pair.insurer == OPERATOR or of.mandates[pair.insurer] is Mandate.OPERATOR_SENDS


@settings(max_examples=120, deadline=None)
@given(households())
def test_i4_an_adult_has_one_message_about_herself_and_reads_of_nobody_else(of: Household) -> None:
    made = planned(of)
    about_herself: Counter[PersonId] = Counter()
    for item in made.items:
        assert len(adults(item, of)) == 1
        if not item.represented:
            assert len({pair.person for pair in item.pairs}) == 1
            about_herself[item.pairs[0].person] += 1
    assert all(number == 1 for number in about_herself.values())


@settings(max_examples=120, deadline=None)
@given(households())
def test_i4_no_mailbox_is_written_to_that_two_adults_read(of: Household) -> None:
    readers: dict[str, set[str]] = {}
    for item in planned(of).items:
        if item.channel is Channel.EMAIL:
            contact = of.contacts[item.source.person, item.source.insurer]
            email = usable_email(contact)
            assert email is not None
            readers.setdefault(email.casefold(), set()).add(folded(contact.representative or contact.name))
    assert all(len(names) == 1 for names in readers.values())


@settings(max_examples=120, deadline=None)
@given(households())
def test_i2_whoever_can_be_reached_is_and_the_public_notice_is_for_the_rest(of: Household) -> None:
    for item in planned(of).items:
        lent = [of.contacts[key] for key in ((one.person, one.insurer) for one in item.pairs) if key in of.contacts]
        if item.why is Why.MINOR_ALONE:
            assert any(one.is_alone(DAY) for one in lent)
            continue
        assert not any(one.is_alone(DAY) for one in lent)
        if item.channel is Channel.PUBLIC:
            assert not any(one.postal for one in lent)
            assert (item.why is Why.NO_CONTACT) == (not lent)
            assert item.why is not Why.NO_ADDRESS or not any(usable_email(one) for one in lent)
        else:
            assert item.why is None
            source = of.contacts[item.source.person, item.source.insurer]
            assert item.channel is Channel.EMAIL or source.postal


@settings(max_examples=50, deadline=None)
@given(households())
def test_former_members_are_told_like_any_other(of: Household) -> None:
    now = replace(of, contacts={key: replace(one, former=False) for key, one in of.contacts.items()})
    assert {item.pairs for item in planned(of).items} == {item.pairs for item in planned(now).items}


@settings(max_examples=50, deadline=None)
@given(households())
def test_the_digest_is_of_the_audience_and_of_the_addresses_it_was_frozen_with(of: Household) -> None:
    salt = b"s" * 32

    def digest(household: Household) -> bytes:
        made = plan(household.pairs, household.mandates, household.contacts, on=DAY, salt=salt)
        return digest_of(IncidentId(7), 1, b"d" * 32, salt, made)

    assert digest(of) == digest(replace(of, pairs=tuple(reversed(of.pairs))))
    sources = [(one.source.person, one.source.insurer) for one in planned(of).items]
    for key in sources:
        if key in of.contacts:
            moved = replace(of.contacts[key], name=f"{of.contacts[key].name} bis")
            assert digest(of) != digest(replace(of, contacts={**of.contacts, key: moved}))


def test_i4_whoever_was_told_the_same_by_an_earlier_audience_is_not_told_again() -> None:
    pair = Pair(PersonId(1), INSURERS[0], Cohort.INSURED)
    made = plan([pair], {INSURERS[0]: Mandate.OPERATOR_SENDS}, {}, {pair}, on=DAY)
    assert not made.items
    assert made.left[0].why is Why.ALREADY_TOLD


def test_i2_what_failed_at_one_insurer_s_address_is_told_at_another_s_or_waits_under_its_reason() -> None:
    first, second = (Pair(PersonId(1), insurer, Cohort.INSURED) for insurer in INSURERS[:2])
    mandates = dict.fromkeys(INSURERS[:2], Mandate.OPERATOR_SENDS)
    failed = {first: Why.EMAIL_FAILED}
    old = Contact("Anne Aubry", "anne@foyer.example")
    for lent, channel, source, why in (
        (replace(old, email="new@foyer.example"), Channel.EMAIL, second, None),
        (replace(old, email="ANNE@foyer.example"), Channel.PUBLIC, first, Why.EMAIL_FAILED),
        (replace(old, postal=HOMES[0]), Channel.POST, second, None),
    ):
        contacts = {(first.person, first.insurer): old, (second.person, second.insurer): lent}
        (item,) = plan([first, second], mandates, contacts, failed=failed, on=DAY).items
        assert (item.pairs, item.channel, item.source, item.why) == ((first, second), channel, source, why)


def test_i4_two_insurers_with_different_mandates_each_tell_their_own_part() -> None:
    first, second = (Pair(PersonId(1), insurer, Cohort.INSURED) for insurer in INSURERS[:2])
    contact = Contact("Anne Aubry", "anne@foyer.example")
    mandates = {INSURERS[0]: Mandate.OPERATOR_SENDS, INSURERS[1]: Mandate.INSURER_SENDS}
    made = plan([first, second], mandates, {(PersonId(1), one): contact for one in INSURERS}, on=DAY)
    assert [item.pairs for item in made.items] == [(first,)]
    assert [(left.pair, left.why) for left in made.left] == [(second, Why.INSURER_SENDS)]


@settings(max_examples=120, deadline=None)
@given(households())
def test_i5_a_minor_whom_nobody_represents_is_never_written_to(of: Household) -> None:
    for item in planned(of).items:
        source = of.contacts.get((item.source.person, item.source.insurer))
        if item.channel is not Channel.PUBLIC:
            assert source is not None
            assert not source.is_alone(DAY)


@settings(max_examples=80, deadline=None)
@given(households())
def test_readings_are_equal_where_reader_mailbox_and_name_are_and_only_under_one_salt(of: Household) -> None:
    """What a streamed audience sorts by says who is who exactly as the words themselves would."""
    said: dict[tuple[str, object], set[bytes]] = {}
    for pair in of.pairs:
        made = reading_of(pair, of.mandates, of.contacts, b"s" * 32)
        other = reading_of(pair, of.mandates, of.contacts, b"t" * 32)
        mandate = of.mandates.get(pair.insurer)
        ours = pair.cohort is Cohort.PROFESSIONALS or mandate is Mandate.OPERATOR_SENDS
        assert (made.why is None) == ours == (made.reader is not None)
        if not ours:
            assert made == Reading(pair, Why.NO_MANDATE if mandate is None else Why.INSURER_SENDS)
            continue
        contact, key = of.contacts.get((pair.person, pair.insurer)), reader_of(pair, of.contacts)
        email = usable_email(contact) if contact else None
        assert made.represented is (contact is not None and contact.representative is not None)
        assert (made.mailbox is not None) is (made.name is not None) is (email is not None)
        assert made.reader != other.reader
        assert made.mailbox is None or made.mailbox != other.mailbox
        words: list[tuple[str, object, bytes | None]] = [("reader", key, made.reader)]
        if contact is not None and email is not None:
            words.append(("mailbox", email.casefold(), made.mailbox))
            words.append(("name", folded(contact.representative or contact.name), made.name))
        for field, word, hidden in words:
            assert hidden is not None
            said.setdefault((field, word), set()).add(hidden)
    assert all(len(found) == 1 for found in said.values())
    for field in ("reader", "mailbox", "name"):
        of_field = [found for (kind, _), found in said.items() if kind == field]
        assert len(of_field) == len({hidden for found in of_field for hidden in found})


def test_names_are_compared_without_case_accents_and_punctuation() -> None:
    assert folded("Éloïse  D’Aubigné-Lœuil") == folded("eloise d aubigne lœuil") == "eloise d aubigne lœuil"
    assert folded("Anne Aubry") != folded("Anna Aubry")
    assert folded("a_b") == "a b"


def test_a_representative_with_an_adult_s_own_name_bears_her_mark() -> None:
    pairs = [Pair(PersonId(number), INSURERS[0], Cohort.INSURED) for number in (1, 2, 3)]
    told = (Contact("Anne Aubry", "A@foyer.example"), Contact("ANNE AUBRY", "a@foyer.example"),
            Contact("Tom Aubry", "a@foyer.example", representative="Anne  Aubry"))  # fmt: skip
    contacts = {(pair.person, pair.insurer): one for pair, one in zip(pairs, told, strict=True)}
    made = [reading_of(pair, {INSURERS[0]: Mandate.OPERATOR_SENDS}, contacts, b"s" * 32) for pair in pairs]
    assert len({one.name for one in made}) == len({one.mailbox for one in made}) == 1
    assert len({one.reader for one in made}) == 3
    assert [one.represented for one in made] == [False, False, True]
