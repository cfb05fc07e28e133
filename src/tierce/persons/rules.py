"""A person's journal lines in plain words; every function is pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from tierce.identity.model import PersonCaller
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.care import Domain, Profession
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import from_micros, micros
from tierce.kernel.language import Phrase
from tierce.kernel.saying import say_instant
from tierce.persons.model import Asker, HistoryLine, LineKind, ReadUnderInsurer
from tierce.policy.acts import Act, Outcome, Presence
from tierce.policy.digest import policy_digest
from tierce.scope.rules import ASKS

DOMAINS: Final[dict[Domain, Phrase]] = {
    Domain.MEDG: Phrase("en médecine générale", "for general practice"),
    Domain.MEDS: Phrase("en médecine spécialisée", "for specialist care"),
    Domain.PHAR: Phrase("en pharmacie", "for pharmacy"),
    Domain.DENT: Phrase("en soins dentaires", "for dental care"),
    Domain.AUXM: Phrase("en soins d’auxiliaires médicaux", "for medical auxiliaries"),
    Domain.OPTI: Phrase("en optique", "for optics"),
    Domain.AUDI: Phrase("en audioprothèse", "for hearing aids"),
    Domain.LABO: Phrase("en analyses de laboratoire", "for laboratory tests"),
    Domain.RADL: Phrase("en radiologie", "for radiology"),
    Domain.HOSP: Phrase("en hospitalisation", "for a hospital stay"),
    Domain.EXTE: Phrase("en soins externes", "for outpatient care"),
    Domain.TRAN: Phrase("en transport sanitaire", "for medical transport"),
}
"""« vos droits en optique », "your rights for optics"."""

_PEOPLE: Final[dict[Profession, Phrase]] = {
    Profession.GP: Phrase("le médecin généraliste", "the general practitioner"),
    Profession.SPECIALIST: Phrase("le médecin spécialiste", "the specialist"),
    Profession.DENTIST: Phrase("le chirurgien-dentiste", "the dentist"),
    Profession.NURSE: Phrase("l’infirmier ou l’infirmière", "the nurse"),
    Profession.PHYSIO: Phrase("le masseur-kinésithérapeute", "the physiotherapist"),
    Profession.RADIOLOGY: Phrase("le radiologue", "the radiologist"),
    Profession.MIDWIFE: Phrase("la sage-femme", "the midwife"),
    Profession.SPEECH: Phrase("l’orthophoniste", "the speech therapist"),
    Profession.ORTHOPTIST: Phrase("l’orthoptiste", "the orthoptist"),
    Profession.PODIATRIST: Phrase("le pédicure-podologue", "the podiatrist"),
}
"""Professions said as a person, with the place in brackets."""

_PLACES: Final[dict[Profession, Phrase]] = {
    Profession.PHARMACY: Phrase("la pharmacie", "the pharmacy"),
    Profession.OPTICIAN: Phrase("l’opticien", "the optician"),
    Profession.AUDIO: Phrase("l’audioprothésiste", "the hearing-aid specialist"),
    Profession.LABORATORY: Phrase("le laboratoire", "the laboratory"),
    Profession.HOSPITAL: Phrase("l’établissement", "the hospital"),
    Profession.TRANSPORT: Phrase("le transporteur", "the transport company"),
}
"""Professions said as a place, followed by its name."""

_REASONS: Final[dict[Outcome, Phrase]] = {
    Outcome.NOT_COVERED: Phrase("aucun droit à cette date", "no right on that date"),
    Outcome.ENDED: Phrase("droits fermés à cette date", "rights closed on that date"),
    Outcome.FUTURE: Phrase("droits pas encore ouverts à cette date", "rights not yet open on that date"),
    Outcome.NOT_ELIGIBLE: Phrase("ce domaine n’est pas couvert", "this domain is not covered"),
    Outcome.NOT_CONTRACTED: Phrase(
        "votre complémentaire n’a pas de convention avec ce professionnel",
        "your insurer has no contract with this professional",
    ),
    Outcome.NO_OTHER_PAYER: Phrase("pas d’autre complémentaire", "no other insurer"),
    Outcome.OUT_OF_SEATS: Phrase(
        "une preuve de votre présence était demandée", "proof of your presence was asked for"
    ),
    Outcome.PLACE_FULL: Phrase("une preuve de votre présence était demandée", "proof of your presence was asked for"),
    Outcome.NOT_ANSWERED: Phrase("votre complémentaire n’a pas répondu", "your insurer did not answer"),
    Outcome.COMMON_FULL: Phrase(
        "une preuve de votre présence était demandée", "proof of your presence was asked for"
    ),
    Outcome.KNOWN_LIMIT: Phrase(
        "une preuve de votre présence était demandée", "proof of your presence was asked for"
    ),
    Outcome.UNSIGNED: Phrase("une preuve de votre présence était demandée", "proof of your presence was asked for"),
    Outcome.OUT_OF_ATTEMPTS: Phrase("trop de demandes ce jour-là", "too many asks that day"),
    Outcome.HELD: Phrase("cet accès était freiné", "that access was held"),
    Outcome.CLOSED: Phrase("le service était fermé pour votre organisme", "the service was closed for your insurer"),
    Outcome.NOT_ALLOWED: Phrase("cette demande ne lui est pas permise", "that ask is not open to them"),
}

_PURPOSES: Final[dict[int, Phrase]] = {
    1: Phrase("pour vous répondre", "to answer you"),
    2: Phrase("pour vérifier votre identité avec votre complémentaire", "to check your identity with your insurer"),
    3: Phrase("pour préparer une lettre qui vous est destinée", "to prepare a letter to you"),
    4: Phrase("pour répondre à une demande écrite d’une autorité", "to answer an authority’s written request"),
}
"""incidents.model.Purpose, as the person reads it; a test keeps the two together."""

_PRESENCE: Final[dict[Act, Phrase]] = {
    Act.PRESENCE_CARD: Phrase(
        "vous avez demandé une carte dynamique pour {place}", "you asked for a dynamic card for {place}"
    ),
    Act.PRESENCE_CONFIRM: Phrase(
        "vous avez répondu que vous étiez chez {place}", "you answered that you were at {place}"
    ),
    Act.PRESENCE_DENY: Phrase(
        "vous avez répondu que vous n’étiez pas chez {place}", "you answered that you were not at {place}"
    ),
    Act.PRESENCE_PROVED: Phrase(
        "la preuve de votre venue chez {place} nous est parvenue", "proof that you had been at {place} reached us"
    ),
    Act.PRESENCE_WITHDRAWN: Phrase(
        "la preuve de votre venue chez {place} a été retirée par qui l’avait envoyée",
        "proof that you had been at {place} was withdrawn by whoever sent it",
    ),
}
"""Acts about her presence, after the instant."""
_OF_PRESENCE: Final = frozenset(_PRESENCE)

_OWN: Final[dict[Act, Phrase]] = {
    Act.PERSON_REPORT: Phrase("vous avez répondu que ce n’était pas vous", "you answered that it was not you"),
    Act.PERSON_HISTORY: Phrase("vous avez ouvert cette page", "you opened this page"),
    Act.PERSON_CONCERNED: Phrase(
        "vous avez demandé si un incident vous concerne", "you asked whether an incident concerns you"
    ),
    Act.PERSON_REQUEST: Phrase("vous avez fait une demande sur vos données", "you made a request about your data"),
    Act.PERSON_EXPORT: Phrase("vous avez pris une copie de vos données", "you took a copy of your data"),
    Act.PERSON_WISH: Phrase(
        "vous avez réglé les messages qui vous préviennent", "you set the messages that tell you"
    ),
    Act.PERSON_BILLED: Phrase("vous avez lu les soins facturés à votre nom", "you read the care billed in your name"),
}
"""What she did in her own space, after the instant."""
_REFUSED: Final = Phrase(
    "quelqu’un qui a le même nom, le même prénom et la même naissance que vous s’est présenté à votre espace et n’y "
    "est pas entré : rien ne lui a été montré",
    "somebody with the same name, first name and birth as you came to your space and was not let in: nothing was "
    "shown",
)
"""After the instant."""

_OTHER_KEY: Final = Phrase(
    "un autre navigateur que le vôtre a voulu continuer votre session, et elle a été fermée : quelqu’un en avait une "
    "copie",
    "another browser than yours tried to go on with your session, and it was closed: somebody had a copy of it",
)

_PRESENT: Final = frozenset({Presence.CONFIRMED, Presence.REPORTED, Presence.VERIFIED})


def own_line(caller: PersonCaller, act: Act, at: datetime, reference: int = 0) -> Entry:
    """The journal line of something that a person does in her own space."""
    return Entry(
        kind=EntryKind.PERSON_ACT,
        act=act,
        outcome=Outcome.DONE,
        time_us=micros(at),
        professional=caller.person,
        session=caller.session,
        person=caller.person,
        policy=policy_digest(),
        reference=reference,
    )


def kind_of(entry: Entry) -> LineKind:
    """Sort a line into what it tells the person."""
    if entry.kind in ASKS:
        return LineKind.SHOWN if entry.outcome is Outcome.RELEASED else LineKind.NOT_SHOWN
    if entry.kind in {EntryKind.STAFF_ACT, EntryKind.EXPORT}:
        return LineKind.STAFF
    if entry.act in _OF_PRESENCE:
        return LineKind.PRESENCE
    if entry.act is Act.PERSON_WISH:
        return LineKind.SETTING
    if entry.act is Act.PERSON_SESSION_OPEN and entry.outcome is Outcome.NOT_ALLOWED:
        return LineKind.DOOR
    if entry.act is Act.SESSION_OTHER_KEY:
        return LineKind.KEY
    if entry.kind in {EntryKind.PERSON_ACT, EntryKind.IDENTITY}:
        return LineKind.OWN
    return LineKind.OTHER


def is_present(entry: Entry) -> bool:
    """Tell whether her presence was proved for this line, by somebody other than the asker."""
    return entry.presence in _PRESENT


def sentence(entry: Entry, asker: Asker | None, place: str = "") -> Phrase:
    """Say one line in one sentence: when, who, where, what, and what came of it; `place` is for her presence.

    « Le 3 mars 2027 à 10 h 12, l’opticien Optique des Remparts (Port-Sérac) a vérifié vos droits en optique. »
    """
    when = _when(from_micros(entry.time_us))
    kind = kind_of(entry)
    if kind is LineKind.STAFF:
        return _staff(entry, when)
    if kind in {LineKind.OWN, LineKind.SETTING, LineKind.DOOR, LineKind.KEY}:
        said = {LineKind.DOOR: _REFUSED, LineKind.KEY: _OTHER_KEY}.get(kind) or _own(entry)
        return Phrase(f"{when.fr}, {said.fr}.", f"{when.en}, {said.en}.")
    if kind is LineKind.PRESENCE:
        said = _PRESENCE[entry.act]
        where = place or "?"
        return Phrase(f"{when.fr}, {said.fr.format(place=where)}.", f"{when.en}, {said.en.format(place=where)}.")
    if kind is LineKind.OTHER:
        return Phrase(
            f"{when.fr}, votre dossier a été mis à jour par notre service.",
            f"{when.en}, our service updated your record.",
        )
    return _ask(entry, asker, when)


def _ask(entry: Entry, asker: Asker | None, when: Phrase) -> Phrase:
    who = say_asker(asker)
    domain = DOMAINS[entry.domain] if entry.domain else Phrase("", "")
    rights = Phrase(f"vos droits {domain.fr}".rstrip(), f"your rights {domain.en}".rstrip())
    if kind_of(entry) is LineKind.NOT_SHOWN:
        why = _REASONS.get(entry.outcome)
        reason = Phrase(f" ({why.fr})", f" ({why.en})") if why else Phrase("", "")
        if entry.categories:
            return Phrase(
                f"{when.fr}, {who.fr} a demandé à vérifier {rights.fr}. Vous étiez sur place : seule la raison lui a "
                f"été dite{reason.fr}.",
                f"{when.en}, {who.en} asked to check {rights.en}. You were there: only the reason was told"
                f"{reason.en}.",
            )
        return Phrase(
            f"{when.fr}, {who.fr} a demandé à vérifier {rights.fr}. Rien ne lui a été montré{reason.fr}.",
            f"{when.en}, {who.en} asked to check {rights.en}. Nothing was shown{reason.en}.",
        )
    there = Phrase(" Vous étiez sur place.", " You were there.") if is_present(entry) else Phrase("", "")
    if entry.kind is EntryKind.REVISIT:
        return Phrase(
            f"{when.fr}, {who.fr} a rouvert une réponse déjà donnée sur {rights.fr}.{there.fr}",
            f"{when.en}, {who.en} reopened an earlier answer about {rights.en}.{there.en}",
        )
    return Phrase(
        f"{when.fr}, {who.fr} a vérifié {rights.fr}.{there.fr}",
        f"{when.en}, {who.en} checked {rights.en}.{there.en}",
    )


def say_asker(asker: Asker | None) -> Phrase:
    """Say who asked: « l’opticien Optique des Remparts (Port-Sérac) »."""
    if asker is None:
        return Phrase("un professionnel qui n’est plus dans l’annuaire", "a professional no longer in the directory")
    if asker.profession in _PEOPLE:
        who = _PEOPLE[asker.profession]
        place = f"({asker.establishment}, {asker.town})"
        return Phrase(f"{who.fr} {asker.name} {place}", f"{who.en} {asker.name} {place}")
    who = _PLACES[asker.profession]
    french = f"{who.fr} {asker.establishment}"
    article, noun = who.fr.split(" ", 1) if " " in who.fr else ("", who.fr)
    if article and asker.establishment.casefold().startswith(noun):
        # « la Pharmacie du Port », not « la pharmacie Pharmacie du Port ».
        french = f"{article} {asker.establishment}"
    return Phrase(f"{french} ({asker.town})", f"{who.en} {asker.establishment} ({asker.town})")


def _staff(entry: Entry, when: Phrase) -> Phrase:
    why = _PURPOSES.get(int(entry.activity), Phrase("", ""))
    if entry.kind is EntryKind.EXPORT:
        said = Phrase("a exporté votre état civil", "exported your civil status")
    else:
        said = Phrase("a lu votre état civil", "read your civil status")
    return Phrase(
        f"{when.fr}, un membre de notre équipe {said.fr} {why.fr}".rstrip() + ".",
        f"{when.en}, a member of our staff {said.en} {why.en}".rstrip() + ".",
    )


def _own(entry: Entry) -> Phrase:
    return _OWN.get(entry.act, Phrase("vous avez ouvert votre espace", "you opened your space"))


def _when(at: datetime) -> Phrase:
    said = say_instant(at)
    return Phrase(f"L{said.fr[1:]}", f"O{said.en[1:]}")


def summarise(lines: Iterable[HistoryLine]) -> list[ReadUnderInsurer]:
    """Gather what was shown of her under each insurer, the last shown first."""
    gathered: dict[str, ReadUnderInsurer] = {}
    for line in lines:
        if line.kind is not LineKind.SHOWN:
            continue
        name = line.insurer_name or "?"
        before = gathered.get(name, ReadUnderInsurer(name, DataCategory.NONE, 0, line.at, line.at))
        gathered[name] = ReadUnderInsurer(
            insurer_name=name,
            categories=before.categories | line.categories,
            answers=before.answers + 1,
            first_at=min(before.first_at, line.at),
            last_at=max(before.last_at, line.at),
        )
    return sorted(gathered.values(), key=lambda one: one.last_at, reverse=True)
