"""A person's lines in plain words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tierce.incidents.model import Purpose
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.care import Domain, Profession
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import PARIS, micros
from tierce.kernel.ids import ActivityId, EntrySeq, InsurerId, PersonId
from tierce.kernel.language import Phrase
from tierce.persons.model import Asker, HistoryLine, LineKind
from tierce.persons.requests.rules import month_after, report_due
from tierce.persons.rules import DOMAINS, kind_of, say_asker, sentence, summarise
from tierce.policy.acts import Act, Outcome, Presence

AT = datetime(2027, 3, 3, 9, 12, tzinfo=UTC)
OPTICIAN = Asker("Nadia Ferrand", Profession.OPTICIAN, "Optique des Remparts", "Port-Sérac")
DOCTOR = Asker("Claire Morvan", Profession.GP, "Cabinet médical des Tilleuls", "Valbrume")
PHARMACY = Asker("Luc Aubin", Profession.PHARMACY, "Pharmacie du Port", "Port-Sérac")


def entry(
    kind: EntryKind = EntryKind.DISCLOSURE,
    outcome: Outcome = Outcome.RELEASED,
    presence: Presence = Presence.NONE,
    act: Act = Act.RIGHTS_ASK,
    purpose: int = 0,
) -> Entry:
    return Entry(
        kind=kind,
        act=act,
        outcome=outcome,
        presence=presence,
        domain=Domain.OPTI,
        time_us=micros(AT),
        person=PersonId(1),
        activity=ActivityId(purpose),
    )


def plain(phrase: Phrase) -> tuple[str, str]:
    french, english = (text.replace("\u00a0", " ").replace("’", "'") for text in (phrase.fr, phrase.en))
    return french, english


def test_a_look_up_is_said_in_one_sentence() -> None:
    assert plain(sentence(entry(), OPTICIAN)) == (
        "Le 3 mars 2027 à 10 h 12, l'opticien Optique des Remparts (Port-Sérac) a vérifié vos droits en optique.",
        "On 3 March 2027 at 10:12, the optician Optique des Remparts (Port-Sérac) checked your rights for optics.",
    )


def test_presence_is_said_only_when_somebody_else_proved_it() -> None:
    assert sentence(entry(presence=Presence.VERIFIED), OPTICIAN).fr.endswith("Vous étiez sur place.")
    assert "sur place" not in sentence(entry(presence=Presence.DECLARED), OPTICIAN).fr


def test_what_was_refused_is_said_too_with_its_reason() -> None:
    said = plain(sentence(entry(EntryKind.REFUSAL, Outcome.OUT_OF_SEATS), OPTICIAN))
    assert said[0].endswith("Rien ne lui a été montré (une preuve de votre présence était demandée).")
    assert said[1].endswith("Nothing was shown (proof of your presence was asked for).")
    assert kind_of(entry(EntryKind.REFUSAL, Outcome.HELD)) is LineKind.NOT_SHOWN


def test_who_asked_reads_as_one_says_it() -> None:
    assert say_asker(DOCTOR).fr == "le médecin généraliste Claire Morvan (Cabinet médical des Tilleuls, Valbrume)"
    assert say_asker(PHARMACY).fr == "la Pharmacie du Port (Port-Sérac)"
    beside = Asker("Luc Aubin", Profession.PHARMACY, "Grande Pharmacie", "Port-Sérac")
    assert say_asker(beside).fr == "la pharmacie Grande Pharmacie (Port-Sérac)"
    assert say_asker(None).en == "a professional no longer in the directory"


@pytest.mark.parametrize("profession", list(Profession))
def test_every_profession_and_domain_has_its_words(profession: Profession) -> None:
    asker = Asker("Nadia Ferrand", profession, "Maison des Quais", "Port-Sérac")
    assert "Port-Sérac" in say_asker(asker).fr
    assert set(DOMAINS) == set(Domain)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_staff_act_says_why(purpose: Purpose) -> None:
    line = entry(EntryKind.STAFF_ACT, Outcome.DONE, act=Act.STAFF_PERSON_SHOW, purpose=purpose.value)
    said = plain(sentence(line, None))
    assert "un membre de notre équipe a lu votre état civil pour " in said[0]
    assert "a member of our staff read your civil status to " in said[1]
    assert kind_of(line) is LineKind.STAFF


def test_a_homonym_who_was_refused_at_her_door_is_no_visit_of_hers() -> None:
    came = entry(EntryKind.IDENTITY, Outcome.NOT_ALLOWED, act=Act.PERSON_SESSION_OPEN)
    assert kind_of(came) is LineKind.DOOR
    assert "s'est présenté à votre espace et n'y est pas entré" in plain(sentence(came, None))[0]
    assert kind_of(entry(EntryKind.IDENTITY, Outcome.DONE, act=Act.PERSON_SESSION_OPEN)) is LineKind.OWN


def test_she_reads_that_another_browser_signed_for_her_session() -> None:
    ended = entry(EntryKind.IDENTITY, Outcome.NOT_ALLOWED, act=Act.SESSION_OTHER_KEY)
    assert kind_of(ended) is LineKind.KEY
    french, english = plain(sentence(ended, None))
    assert "un autre navigateur que le vôtre a voulu continuer votre session" in french
    assert "it was closed" in english


@pytest.mark.parametrize(
    ("of", "act", "told"),
    [
        (EntryKind.PERSON_ACT, Act.PRESENCE_CONFIRM, LineKind.PRESENCE),
        (EntryKind.PERSON_ACT, Act.PERSON_WISH, LineKind.SETTING),
        (EntryKind.PERSON_ACT, Act.PERSON_EXPORT, LineKind.OWN),
        (EntryKind.IDENTITY, Act.PERSON_SESSION_OPEN, LineKind.OWN),
        (EntryKind.EXPORT, Act.STAFF_LETTER_SHOW, LineKind.STAFF),
        (EntryKind.FEED, Act.FEED_RIGHTS, LineKind.OTHER),
    ],
)
def test_each_line_is_sorted_into_what_it_tells(of: EntryKind, act: Act, told: LineKind) -> None:
    assert kind_of(entry(of, Outcome.DONE, act=act)) is told


def test_what_was_said_of_her_presence_names_the_place() -> None:
    line = entry(EntryKind.PERSON_ACT, Outcome.DONE, act=Act.PRESENCE_DENY)
    french, _ = plain(sentence(line, None, "Optique des Remparts"))
    assert french.endswith("vous avez répondu que vous n'étiez pas chez Optique des Remparts.")
    assert plain(sentence(line, None))[1].endswith("you answered that you were not at ?.")


@pytest.mark.parametrize(
    ("line", "ends"),
    [
        (entry(EntryKind.REVISIT), "a rouvert une réponse déjà donnée sur vos droits en optique."),
        (replace(entry(), domain=None), "a vérifié vos droits."),
        (
            replace(entry(EntryKind.MISS, Outcome.ENDED), categories=DataCategory.INSURER),
            "Vous étiez sur place : seule la raison lui a été dite (droits fermés à cette date).",
        ),
        (entry(EntryKind.REFUSAL, Outcome.NONE), "Rien ne lui a été montré."),
        (entry(EntryKind.PERSON_ACT, Outcome.DONE, act=Act.PERSON_EXPORT), "pris une copie de vos données."),
        (entry(EntryKind.EXPORT, Outcome.DONE, purpose=3), "civil pour préparer une lettre qui vous est destinée."),
        (entry(EntryKind.FEED, Outcome.DONE, act=Act.FEED_RIGHTS), "dossier a été mis à jour par notre service."),
        (entry(EntryKind.STAFF_ACT, Outcome.DONE), "a lu votre état civil."),
        (entry(EntryKind.EXPORT, Outcome.DONE), "a exporté votre état civil."),
    ],
)  # fmt: skip
def test_each_line_says_what_came_of_it(line: Entry, ends: str) -> None:
    assert plain(sentence(line, OPTICIAN))[0].endswith(ends)


@pytest.mark.parametrize("kind", list(EntryKind))
def test_every_kind_of_line_makes_a_sentence(kind: EntryKind) -> None:
    for language in plain(sentence(entry(kind), OPTICIAN)):
        assert language.endswith(".")
        assert "  " not in language


def line(seq: int, insurer_name: str, categories: DataCategory, kind: LineKind = LineKind.SHOWN) -> HistoryLine:
    return HistoryLine(
        seq=EntrySeq(seq),
        kind=kind,
        at=AT + timedelta(days=seq),
        sentence=Phrase("a", "a"),
        insurer=InsurerId(1),
        insurer_name=insurer_name,
        categories=categories,
        reported_at=None,
    )


def test_what_was_read_is_gathered_by_insurer() -> None:
    read = summarise(
        [
            line(1, "A", DataCategory.INSURER),
            line(2, "B", DataCategory.INSURER),
            line(3, "A", DataCategory.GUARANTEES),
            line(4, "A", DataCategory.NIR, LineKind.NOT_SHOWN),
        ]
    )
    assert [(one.insurer_name, int(one.categories), one.answers) for one in read] == [("A", 24, 2), ("B", 8, 1)]
    assert [(one.first_at, one.last_at) for one in read] == [
        (AT + timedelta(days=first), AT + timedelta(days=last)) for first, last in ((1, 3), (2, 2))
    ]
    [unnamed] = summarise([line(2, "", DataCategory.INSURER), line(1, "", DataCategory.NONE)])
    assert (unnamed.insurer_name, unnamed.first_at) == ("?", AT + timedelta(days=1))


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2027-01-31T10:15", "2027-02-28T10:15"),
        ("2028-01-31T10:15", "2028-02-29T10:15"),
        ("2028-02-29T10:15", "2028-03-29T10:15"),
        ("2027-12-31T10:15", "2028-01-31T10:15"),
        ("2027-10-31T10:15", "2027-11-30T10:15"),
    ],
)
def test_a_month_that_is_too_short_ends_what_is_asked_on_its_last_day(asked: str, due: str) -> None:
    first = datetime.fromisoformat(asked).replace(tzinfo=PARIS)
    assert month_after(first.astimezone(UTC)) == datetime.fromisoformat(due).replace(tzinfo=PARIS)


@pytest.mark.parametrize("month", range(1, 13))
def test_she_is_answered_by_a_day_of_paris_whatever_the_hour(month: int) -> None:
    """Thirty times 24 hours after the first hour of a day are the day before, across the change of October."""
    for day, hour, minute in ((1, 0, 10), (10, 0, 30), (20, 23, 50), (28, 12, 0)):
        asked = datetime(2027, month, day, hour, minute, tzinfo=PARIS)
        due, after = report_due(asked.astimezone(UTC)), month_after(asked.astimezone(UTC))
        assert due.astimezone(PARIS).date() == asked.date() + timedelta(days=30)
        assert (after.astimezone(PARIS).day, after.astimezone(PARIS).month) == (day, month % 12 + 1)
