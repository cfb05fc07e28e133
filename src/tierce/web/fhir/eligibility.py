"""From a CoverageEligibilityRequest to the question of `/v1/rights`, and from its answer to FHIR's response.

The question is the very JSON that `/v1/rights` reads, so that what is refused of it is refused by the same rules.
Answers have one length, and hold nothing that was sent: what FHIR demands and would repeat it is masked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import msgspec

from tierce.kernel.care import DOMAIN_LABELS
from tierce.kernel.clock import Clock, date_of, paris_day
from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase
from tierce.rights.model import Already, NotShown, Shown
from tierce.rights.rules import WAYS
from tierce.web.fhir import names
from tierce.web.fhir.errors import ElementError, Issue
from tierce.web.fhir.reading import Element, code_of, is_active, read_resource, value_of

KIND: Final = "CoverageEligibilityRequest"
ANSWER_BYTES: Final = 6_144
"""Every answer has exactly this length. The longest answer of `/v1/rights` fits, with FHIR's words around it."""
PURPOSES: Final = ("validation", "benefits")
_WHERE: Final[Mapping[str, str]] = {
    "nir": f"{KIND}.patient",
    "rank": f"{KIND}.insurance[0].coverage",
    "amc": f"{KIND}.insurance[0].coverage",
    "csr": f"{KIND}.insurance[0].coverage",
    "member_number": f"{KIND}.insurance[0].coverage",
    "payer": f"{KIND}.insurance[0].coverage",
    "label": f"{KIND}.identifier",
    "presence": f"{KIND}.extension",
}
"""Where a field of the question stands that was not sent."""
_UNUSED: Final = frozenset({"created", "insurer", "priority", "enterer", "provider", "facility"})
_PATIENT_UNUSED: Final = frozenset({"active", "name", "gender"})
_COVERAGE_UNUSED: Final = frozenset({"identifier", "type", "relationship", "period", "policyHolder", "network"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as `/v1/rights` reads it, where each of its fields stood, and what its answer is to hold."""

    question: bytes
    purposes: tuple[str, ...]
    paths: Mapping[str, str]
    today: date

    def placed(self, error: FieldError) -> FieldError:
        """The same error, by the path of the element at fault instead of the question's field."""
        field = error.field.partition(".")[0]
        path = self.paths.get(field) or _WHERE.get(field)
        return error if path is None else ElementError(path, error.reason, error.remedy)

    def answer_bytes(self, told: Shown | NotShown | Already) -> bytes:
        """The JSON of an answer, padded with spaces to ANSWER_BYTES whatever it says."""
        encoded = msgspec.json.encode(_response(told, self.purposes, self.today))
        if len(encoded) > ANSWER_BYTES:
            msg = f"an answer of {len(encoded)} bytes does not fit {ANSWER_BYTES}"
            raise ValueError(msg)
        return encoded.ljust(ANSWER_BYTES)


class Eligibility:
    """Reads requests of one installation."""

    def __init__(self, clock: Clock, *, real: bool) -> None:
        """Take numbers of real people alone, or else of invented ones alone."""
        self._clock = clock
        self._numbers, self._others = names.REAL_NIR, names.INVENTED_NIR
        if not real:
            self._numbers, self._others = self._others, self._numbers

    def read(self, body: bytes) -> Asked:
        """Read a request.

        Raises:
            ElementError: an element cannot be accepted, or is not read here.
        """
        asked = read_resource(body, KIND).only(
            "resourceType", "status", "purpose", "patient", "servicedDate", "item", "insurance", "identifier",
            "contained", passed=_UNUSED,
        )  # fmt: skip
        is_active(asked)
        put = _Put()
        people, covers = _contained(asked)
        purposes = _purposes(asked)
        patient = _resolved(asked.needed("patient"), people)
        cover = _cover(asked, covers)
        put.take("birth_date", _birth_date(patient))
        put.take("nir", self._nir(patient, cover, people))
        if cover is not None:
            _hold_to(patient, cover, people)
            _read_cover(cover, put)
        put.take("domain", _domain(asked))
        day = asked.text("servicedDate")
        if day is None:
            raise asked.missing("servicedDate")
        put.take("care_date", (day, asked.path("servicedDate")))
        put.take("label", value_of(asked.each("identifier"), {names.LABEL}))
        put.take("presence", _presence(asked))
        today = date_of(paris_day(self._clock.now()))
        return Asked(msgspec.json.encode(put.fields), purposes, put.paths, today)

    def _nir(self, patient: Element, cover: Element | None, people: Mapping[str, Element]) -> tuple[str, str] | None:
        """The rights holder's number: the subscriber's where the coverage names one, else the patient's own."""
        subscriber = None if cover is None else cover.inner("subscriber")
        if subscriber is None:
            given = patient.each("identifier")
        elif subscriber.has("reference"):
            given = _resolved(subscriber, people).each("identifier")
        else:
            given = [subscriber.only("identifier", passed={"type", "display"}).needed("identifier")]
        if (other := value_of(given, self._others)) is not None:
            raise ElementError(
                other[1].removesuffix(".value") + ".system",
                Phrase("ces numéros ne sont pas pris ici", "these numbers are not taken here"),
                Phrase(f"Cette installation lit {' ou '.join(sorted(self._numbers))}.",
                       f"This installation reads {' or '.join(sorted(self._numbers))}."),
                Issue.CODE,
            )  # fmt: skip
        return value_of(given, self._numbers)


class _Put:
    """The fields of the question, and where each stood."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.paths: dict[str, str] = {}

    def take(self, name: str, found: tuple[Any, str] | None) -> None:
        """Keep a field that was found."""
        if found is not None:
            self.fields[name], self.paths[name] = found


def _purposes(asked: Element) -> tuple[str, ...]:
    given = asked.texts("purpose")
    if not given:
        raise asked.missing("purpose")
    for place, one in enumerate(given):
        if one not in PURPOSES:
            raise ElementError(
                f"{asked.path('purpose')}[{place}]",
                Phrase("on ne cherche pas ici de qui une personne dépend, ni ce qui demande un accord",
                       "nobody is searched for here, and no list of what needs an agreement is given"),
                Phrase("Donnez validation, benefits, ou les deux.", "Give validation, benefits, or both."),
                Issue.UNSUPPORTED,
            )  # fmt: skip
    return tuple(one for one in PURPOSES if one in given)


def _contained(asked: Element) -> tuple[dict[str, Element], dict[str, Element]]:
    """The patients and the coverages that come with the request, by their id."""
    people: dict[str, Element] = {}
    covers: dict[str, Element] = {}
    for one in asked.each("contained"):
        kind, name = one.text("resourceType"), one.text("id")
        if name is None:
            raise one.missing("id")
        if name in people or name in covers:
            reason = Phrase("deux ressources ont cet id", "two resources have this id")
            raise ElementError(one.path("id"), reason, Phrase("Un id chacune.", "One id each."), Issue.STRUCTURE)
        if kind == "Patient":
            people[name] = one.only(
                "resourceType", "identifier", "birthDate", "_birthDate", passed=_PATIENT_UNUSED
            )  # fmt: skip
        elif kind == "Coverage":
            covers[name] = one.only(
                "resourceType", "status", "beneficiary", "payor", "subscriber", "subscriberId", "dependent", "order",
                "class", passed=_COVERAGE_UNUSED,
            )  # fmt: skip
        else:
            reason = Phrase("cette ressource n’est pas lue ici", "this resource is not read here")
            remedy = Phrase("N’incluez que Patient et Coverage.", "Contain Patient and Coverage alone.")
            raise ElementError(one.path("resourceType"), reason, remedy, Issue.UNSUPPORTED)
    return people, covers


def _resolved(reference: Element, found: Mapping[str, Element]) -> Element:
    """The contained resource that a reference names: nothing is kept here, and nothing is fetched."""
    named = reference.only("reference", passed={"type", "display"}).text("reference")
    if named is None:
        raise reference.missing("reference")
    if not named.startswith("#") or named[1:] not in found:
        raise ElementError(
            reference.path("reference"),
            Phrase("cette référence ne mène à aucune ressource jointe", "this reference leads to nothing contained"),
            Phrase("Joignez la ressource (contained), et nommez-la par # et son id.",
                   "Contain the resource, and name it by # and its id."),
        )  # fmt: skip
    return found[named[1:]]


def _cover(asked: Element, covers: Mapping[str, Element]) -> Element | None:
    insurance = asked.one("insurance")
    if insurance is None:
        return None
    return _resolved(insurance.only("coverage", passed={"focal"}).needed("coverage"), covers)


def _birth_date(patient: Element) -> tuple[str, str]:
    """The date as the card has it: a month that no calendar has goes into our extension, where FHIR forbids it."""
    beside = patient.inner("_birthDate")
    for one in [] if beside is None else beside.only("extension").each("extension"):
        if one.text("url") == names.BIRTH_DATE:
            found = one.only("url", "valueString").text("valueString")
            if found is None:
                raise one.missing("valueString")
            return found, one.path("valueString")
    day = patient.text("birthDate")
    if day is None:
        raise patient.missing("birthDate")
    return day, patient.path("birthDate")


def _hold_to(patient: Element, cover: Element, people: Mapping[str, Element]) -> None:
    """Refuse a coverage that says of itself that it is another person's, or not in force."""
    if cover.text("status") not in {None, "active"}:
        reason = Phrase("cette couverture n’est pas en vigueur", "this coverage is not in force")
        raise ElementError(cover.path("status"), reason, Phrase("Donnez active.", "Give active."), Issue.CODE)
    beneficiary = cover.inner("beneficiary")
    if beneficiary is not None and _resolved(beneficiary, people) is not patient:
        raise ElementError(
            cover.path("beneficiary"),
            Phrase("cette couverture est celle de quelqu’un d’autre", "this coverage is somebody else’s"),
            Phrase("Nommez ici la personne que nomme patient.", "Name here the person whom patient names."),
        )


def _read_cover(cover: Element, put: _Put) -> None:
    payor = cover.one("payor")
    if payor is not None and (given := payor.only("identifier", passed={"type", "display"}).inner("identifier")):
        put.take("amc", value_of([given], {names.AMC}))
    member = cover.text("subscriberId")
    put.take("member_number", None if member is None else (member, cover.path("subscriberId")))
    rank = cover.text("dependent")
    if rank is not None:
        if not (rank.isascii() and rank.isdecimal() and len(rank) == 1):
            reason = Phrase("le rang est un chiffre de 1 à 9.", "the rank is one digit, 1 to 9.")
            remedy = Phrase("Recopiez le rang de la carte.", "Copy the rank from the card.")
            raise ElementError(cover.path("dependent"), reason, remedy)
        put.take("rank", (int(rank), cover.path("dependent")))
    order = cover.number("order")
    put.take("payer", None if order is None else (order, cover.path("order")))
    csr = None
    for one in cover.each("class"):
        kind = code_of(one.only("type", "value", passed={"name"}).needed("type"), names.CLASS)
        if kind is not None and kind[0] == "csr":
            if csr is not None:
                reason = Phrase("deux CSR sont donnés", "two CSRs are given")
                raise ElementError(one.at, reason, Phrase("Gardez-en un.", "Keep one."), Issue.STRUCTURE)
            if one.text("value") is None:
                raise one.missing("value")
            csr = one.text("value") or "", one.path("value")
    put.take("csr", csr)


def _domain(asked: Element) -> tuple[str, str]:
    item = asked.one("item")
    if item is None:
        raise asked.missing("item")
    category = item.only("category").needed("category")
    found = code_of(category, names.DOMAIN)
    if found is None:
        reason = Phrase("aucun domaine n’est donné", "no domain is given")
        remedy = Phrase(f"Donnez un code de {names.DOMAIN}.", f"Give a code of {names.DOMAIN}.")
        raise ElementError(category.path("coding"), reason, remedy, Issue.REQUIRED)
    return found


def _presence(asked: Element) -> tuple[dict[str, str], str] | None:
    """A proof of presence; extensions of others are passed over, as FHIR has it."""
    found = None
    for one in asked.each("extension"):
        if one.text("url") != names.PRESENCE:
            continue
        if found is not None:
            reason = Phrase("deux preuves de présence sont données", "two proofs of presence are given")
            raise ElementError(one.at, reason, Phrase("Gardez-en une.", "Keep one."), Issue.STRUCTURE)
        given: dict[str, str] = {}
        for part in one.only("url", "extension").each("extension"):
            name = part.only("url", "valueString").text("url")
            if name not in ("means", "proof") or name in given:
                reason = Phrase("une preuve a means et proof", "a proof has means and proof")
                raise ElementError(
                    part.path("url"), reason, Phrase("Chacun une fois.", "Each once."), Issue.STRUCTURE
                )
            value = part.text("valueString")
            if value is None:
                raise part.missing("valueString")
            given[name] = value
        if "means" not in given:
            raise one.missing("extension")
        found = given, one.at
    return found


MASKED: Final = {"extension": [{"url": names.ABSENT, "valueCode": "masked"}]}
"""What FHIR demands and is not repeated."""


def worded(name: str, phrase: Phrase) -> dict[str, Any]:
    """A text in French, with its English as FHIR's own translation; a string of FHIR has no unbreakable space."""
    english = [{"url": "lang", "valueCode": "en"}, {"url": "content", "valueString": phrase.en}]
    french = phrase.fr.replace("\u00a0", " ")
    return {name: french, f"_{name}": {"extension": [{"url": names.TRANSLATION, "extension": english}]}}


def _response(told: Shown | NotShown | Already, purposes: tuple[str, ...], today: date) -> dict[str, Any]:
    head = {
        "resourceType": "CoverageEligibilityResponse",
        "language": "fr",
        "status": "active",
        "purpose": purposes,
        "patient": {**MASKED, "type": "Patient"},
        "created": today,
        "request": {**MASKED, "type": KIND},
    }
    if isinstance(told, Shown):
        return head | _shown(told, purposes)
    code, text, said, ways, engagement = _not_shown(told)
    return {
        **head,
        **({"extension": [{"url": names.WAY, "valueCode": one} for one in ways]} if ways else {}),
        "outcome": "error",
        **worded("disposition", said),
        "insurer": {**MASKED, "type": "Organization"},
        **({"preAuthRef": engagement} if engagement else {}),
        "error": [{"code": {"coding": [{"system": names.ANSWER, "code": code}], **worded("text", text)}}],
    }


_NOT_SHOWN: Final = Phrase("Rien n’est montré.", "Nothing is shown.")
_PROVE: Final = Phrase(
    "La personne est inconnue, n’est pas couverte, ou ne peut pas être montrée : rien ne le dit avant la preuve de "
    "sa présence. Ne reposez pas la question sans elle.",
    "The person is unknown, not covered, or may not be shown: nothing tells which before her presence is proved. Do "
    "not ask again without it.",
)
_REPLAYED: Final = Phrase("Cette demande a déjà reçu sa réponse.", "This request was answered already.")
_REOPEN: Final = Phrase(
    "Rouvrez-la par POST /v1/history/{preAuthRef}/revisit ; sans preAuthRef, rien n’y était montré.",
    "Open it again by POST /v1/history/{preAuthRef}/revisit; without preAuthRef, nothing was shown.",
)


def _not_shown(told: NotShown | Already) -> tuple[str, Phrase, Phrase, tuple[str, ...], str | None]:
    """Code, its text, what to do, ways to prove presence, and the number under which an answer is opened again."""
    if isinstance(told, Already):
        return "replayed", _REPLAYED, _REOPEN, () if told.engagement else WAYS, told.engagement
    if told.reason is None:
        return "not-shown", _NOT_SHOWN, _PROVE, WAYS, None
    return told.reason.code, told.reason.sentence, told.reason.remedy, (), None


def _coded(system: str, code: str, label: Phrase) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": label.fr}]}


def _shown(told: Shown, purposes: tuple[str, ...]) -> dict[str, Any]:
    insurer: dict[str, Any] = {"type": "Organization", "display": told.insurer}
    if told.route.amc:
        insurer["identifier"] = {"system": names.AMC, "value": told.route.amc}
    printed = [
        {"type": {"coding": [{"system": names.CLASS, "code": code}]}, "value": value}
        for code, value in (("convention", told.route.convention), ("csr", told.route.csr))
        if value
    ]
    coverage = {
        "resourceType": "Coverage",
        "id": "coverage",
        "status": "active",
        "beneficiary": {**MASKED, "type": "Patient"},
        "period": {"start": told.covered_from, "end": told.covered_until},
        "payor": [insurer],
        **({"class": printed} if printed else {}),
        "order": told.priority,
    }
    insurance: dict[str, Any] = {
        "coverage": {"reference": "#coverage"},
        "inforce": True,
        "benefitPeriod": {"start": told.covered_from, "end": told.covered_until},
    }
    if "benefits" in purposes:
        formula = _coded(names.BENEFIT, "formula", Phrase("garantie en toutes lettres", "guarantee in words"))
        insurance["item"] = [
            {
                "category": _coded(names.DOMAIN, told.domain.name, DOMAIN_LABELS[told.domain]),
                "benefit": [{"type": formula, **worded("allowedString", told.guarantee)}],
            }
        ]
    return {
        "contained": [coverage],
        "extension": [
            {"url": names.ENGAGED_UNTIL, "valueDate": told.engagement_until},
            {"url": names.RESPONSIBLE, "valueBoolean": told.responsible},
            {"url": names.OTHER_PAYER, "valueBoolean": told.other_payer},
        ],
        "outcome": "complete",
        **worded("disposition", Phrase("Couverte : citez preAuthRef sur la facture.",
                                       "Covered: quote preAuthRef on the invoice.")),
        "insurer": insurer,
        "insurance": [insurance],
        "preAuthRef": told.engagement,
    }  # fmt: skip
