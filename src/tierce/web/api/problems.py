"""Problem documents (RFC 9457): every refusal with a code, one sentence of reason and one of remedy."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase
from tierce.web.fhir.errors import ElementError

TYPE_BASE = "https://tierce.example/problems/"
"""Base of the `type` members: names, not pages to fetch."""
FIELD_TITLE = "Un champ ne peut pas être accepté."
"""What all refusals of a field have as their title: one for one `type`; the rest of each says which, and why."""
CLOSED_SECONDS = 10
"""When to try again what is closed: a closing lasts minutes or hours, and a deposit serves meanwhile."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What a refusal says; `extra` holds members of its own, such as the field at fault."""

    status: int
    code: str
    title: Phrase
    remedy: Phrase
    extra: Mapping[str, Any] | None = None
    retry_after: int | None = None
    """Seconds to wait, where that is not what the status says by itself."""

    def body(self) -> bytes:
        """The JSON document; `detail` is text, as RFC 9457 has it, and the two languages are members of our own."""
        return msgspec.json.encode(
            {
                "type": TYPE_BASE + self.code,
                "title": self.title.fr,
                "status": self.status,
                "detail": self.title.fr,
                "code": self.code,
                "reason": {"fr": self.title.fr, "en": self.title.en},
                "remedy": {"fr": self.remedy.fr, "en": self.remedy.en},
                **(self.extra or {}),
            }
        )


def _problem(
    status: int,
    code: str,
    title: tuple[str, str],
    remedy: tuple[str, str],
    extra: Mapping[str, Any] | None = None,
    retry_after: int | None = None,
) -> Problem:
    return Problem(status, code, Phrase(*title), Phrase(*remedy), extra, retry_after)


BUSY = _problem(
    503, "busy",
    ("Trop de demandes attendent.", "Too many requests are waiting."),
    ("Réessayez dans un instant.", "Try again in a moment."),
)  # fmt: skip
CLOSED = _problem(
    503, "closed",
    ("Le service est momentanément fermé : rien ne peut être montré.",
     "The service is closed for the moment: nothing can be shown."),
    ("Déposez ce que porte la carte de tiers payant : un reçu numéroté vous est remis.",
     "Deposit what the tiers payant card says: a numbered receipt is given."),
    {"deposit": True},
    CLOSED_SECONDS,
)  # fmt: skip
INSURER_AWAY = _problem(
    503, "insurer_away",
    ("Cet organisme tient lui-même ses assurés, et ne répond pas en ce moment.",
     "This insurer keeps its people itself, and does not answer at the moment."),
    ("Déposez ce que porte la carte de tiers payant : un reçu numéroté vous est remis.",
     "Deposit what the tiers payant card says: a numbered receipt is given."),
    {"deposit": True},
    CLOSED_SECONDS,
)  # fmt: skip
NOT_ANSWERED = _problem(
    503, "not_answered",
    ("La demande n’a pas pu être inscrite au journal ; elle n’a pas reçu de réponse.",
     "The request could not be written to the journal; it was not answered."),
    ("Réessayez ; si cela persiste, appelez l’opérateur.", "Try again; if it persists, call the operator."),
)  # fmt: skip
TOO_LARGE = _problem(
    413, "too_large",
    ("La demande est trop longue.", "The request is too long."),
    ("Une question tient en deux kilo-octets.", "A question fits in two kilobytes."),
)  # fmt: skip
TOO_SLOW = _problem(
    408, "too_slow",
    ("La demande n’est pas arrivée en entier.", "The request did not arrive whole."),
    ("Envoyez-la de nouveau.", "Send it again."),
)  # fmt: skip
_NOT_FOUND = _problem(
    404, "not_found",
    ("Cette adresse n’existe pas.", "There is no such address."),
    ("Voyez la description de l’API, /v1/openapi.json.", "See the description of the API, /v1/openapi.json."),
)  # fmt: skip
METHOD = _problem(
    405, "method",
    ("Cette adresse ne se demande pas ainsi.", "This address takes another method."),
    ("Voyez la description de l’API, /v1/openapi.json.", "See the description of the API, /v1/openapi.json."),
)  # fmt: skip
_BODY_TOO_LARGE = _problem(
    413, "too_large",
    ("La demande est trop longue.", "The request is too long."),
    ("Seize kilo-octets au plus.", "Sixteen kilobytes at most."),
)  # fmt: skip
_MALFORMED = _problem(
    400, "malformed",
    ("La demande n’a pas la forme attendue.", "The request is not in the expected form."),
    ("Voyez la description de l’API, /v1/openapi.json.", "See the description of the API, /v1/openapi.json."),
)  # fmt: skip
HEADER_TWICE = _problem(
    400, "malformed",
    ("Un en-tête est donné deux fois.", "A header is given twice."),
    ("Envoyez une seule fois celui que `field` nomme.", "Send the one that `field` names a single time."),
)  # fmt: skip
TOO_FAST = _problem(
    429, "too_fast",
    ("Trop de demandes à la fois ; rien n’a été fait.", "Too many requests at once; nothing was done."),
    ("Attendez le temps de `Retry-After`, puis renvoyez la même demande avec une preuve neuve.",
     "Wait as long as `Retry-After` says, then send the same request with a new proof."),
)  # fmt: skip
"""What the proxy in front says by itself, from deploy/nginx/said/fast.json; too_large has long.json."""
FAULT = _problem(
    500, "fault",
    ("La demande n’a pas abouti, par notre faute.", "The request failed, and the fault is ours."),
    ("Réessayez ; si cela persiste, appelez l’opérateur.", "Try again; if it persists, call the operator."),
)  # fmt: skip


def of_status(status: int) -> Problem:
    """The problem that stands for a bare HTTP status."""
    if status >= 500:
        return FAULT
    return {404: _NOT_FOUND, 405: METHOD, 413: _BODY_TOO_LARGE}.get(status, _MALFORMED)


REFUSED: Mapping[str, Problem] = {
    "closed": CLOSED,
    "out_of_attempts": _problem(
        429, "out_of_attempts",
        ("Vos demandes du jour sont épuisées.", "Your requests of the day are used up."),
        ("Appelez l’opérateur si vos patients attendent ; le compteur repart demain.",
         "Call the operator if patients are waiting; the count starts again tomorrow."),
    ),
    "held": _problem(
        403, "held",
        ("Votre accès est suspendu.", "Your access is suspended."),
        ("Appelez l’opérateur : une personne reprendra votre dossier.",
         "Call the operator: a person will look at it."),
    ),
    "not_allowed": _problem(
        403, "not_allowed",
        ("Cette demande n’est pas ouverte à votre profession ou à cette session.",
         "This request is not open to your profession or to this session."),
        ("Vérifiez le domaine demandé, ou connectez-vous de nouveau.", "Check the domain asked, or sign in again."),
    ),
    "proof_refused": _problem(
        403, "proof_refused",
        ("Cette preuve de présence n’en est pas une ici, a déjà servi, ou sa clé ne vaut pas pour cette personne.",
         "This proof of presence is none here, was used before, or its key does not serve for this person."),
        ("Vérifiez les chiffres tapés, ou demandez à la personne d’en présenter une nouvelle.",
         "Check the digits typed, or ask the person to show a new one."),
    ),
    "proof_of_another": _problem(
        403, "proof_of_another",
        ("Cette preuve de présence ne porte pas sur la personne demandée.",
         "This proof of presence is not about the person asked for."),
        ("Vérifiez les identifiants tapés, puis demandez une nouvelle carte.",
         "Check the identifiers typed, then ask for a new card."),
    ),
    "not_certified": _problem(
        403, "not_certified",
        ("Ce logiciel n’est pas admis à déclarer la lecture d’une carte.",
         "This software may not declare the reading of a card."),
        ("Posez la question sans elle ; l’éditeur peut le demander à l’opérateur.",
         "Ask without it; the vendor may apply to the operator."),
    ),
    "not_confirmed": _problem(
        403, "not_confirmed",
        ("La personne n’a pas encore confirmé sa présence ici.",
         "The person has not confirmed yet that she is here."),
        ("Demandez-lui de répondre dans son espace, puis posez de nouveau la question.",
         "Ask her to answer in her own space, then ask again."),
    ),
}  # fmt: skip


_CHALLENGES = {"session": ', error="invalid_token"', "proof": ', error="invalid_dpop_proof"'}
"""RFC 9449 §7.1, by the first word of the code."""
_BARE = frozenset({"session_unknown"})
"""RFC 6750 §3.1: whoever sent no handle is told no error; ours does not say which it was."""


def headers_of(problem: Problem) -> dict[str, str]:
    """What goes with a refusal beside its body: how to sign in, or when to try again."""
    if problem.status == 401:
        error = _CHALLENGES.get(problem.code.partition("_")[0], "") if problem.code not in _BARE else ""
        return {"www-authenticate": f'DPoP algs="ES256 Ed25519"{error}'}
    if problem.retry_after is not None:
        return {"retry-after": str(problem.retry_after)}
    if problem.status == 503:
        return {"retry-after": "1"}
    return {}


def field_problem(field: str, reason: Phrase, remedy: Phrase) -> Problem:
    """A field that cannot be accepted as it stands."""
    return Problem(422, "field", reason, remedy, {"field": field, "title": FIELD_TITLE})


def of_field(error: FieldError) -> Problem:
    """The same of an error; FHIR has a word of its own for the kind of fault."""
    found = field_problem(error.field, error.reason, error.remedy)
    if isinstance(error, ElementError):
        return replace(found, extra={**(found.extra or {}), "issue": error.issue})
    return found
