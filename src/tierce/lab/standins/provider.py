"""The rules of the stand-in identity providers: what each realm vouches for, codes, tokens and their lifetimes.

Shapes are those of the professionals' provider as read in published samples, and of a FranceConnect-like provider
for persons. Everything lives in memory and is bounded.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hmac import compare_digest
from typing import Any, Generic, TypeVar
from uuid import NAMESPACE_URL, uuid5

import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tierce.identity.dpop import digest_of
from tierce.kernel.clock import Clock
from tierce.kernel.errors import TierceError

CODE_SECONDS = 60
ACCESS_SECONDS = 120
REFRESH_SECONDS = 1800
SIGN_IN_SECONDS = 600
SESSION_SECONDS = 36_000
HELD_MAX = 20_000
OID_PROFESSION = "1.2.250.1.213.1.1.5.5"


class RealmName(StrEnum):
    """The four providers played."""

    PSC = "psc"
    STAFF = "staff"
    PERSONS = "persons"
    INSURERS = "insurers"


class ProviderError(TierceError):
    """The request is refused with an OAuth error code."""

    def __init__(self, error: str, description: str, *, redirect: bool = False) -> None:
        """`redirect` says that the client's address is proved and may be told."""
        super().__init__(description)
        self.error, self.description, self.redirect = error, description, redirect


class Client(msgspec.Struct, frozen=True):
    """A registered client of one realm."""

    realm: RealmName
    client_id: str
    client_secret: str
    redirect_uris: list[str]
    backchannel_logout_uri: str = ""
    post_logout_redirect_uris: list[str] = []


class Place(msgspec.Struct, frozen=True):
    """A place of practice of a professional."""

    finess: str
    name: str
    town: str = ""
    mode: str = "L"
    siret: str = ""
    structure: str = ""


class PscEntry(msgspec.Struct, frozen=True):
    """A professional known to the provider; `acr` is what her means of sign-in reaches."""

    national_id: str
    family_name: str
    given_name: str
    profession_code: str = "10"
    activities: list[Place] = []
    acr: str = "eidas1"
    featured: bool = False


class StaffEntry(msgspec.Struct, frozen=True):
    """A member of the operator's staff."""

    subject: str
    name: str
    roles: list[str]
    acr: str = "phrh"
    amr: tuple[str, ...] = ("hwk", "user", "pin")
    featured: bool = True


class PersonEntry(msgspec.Struct, frozen=True):
    """A person with a pivot identity; no NIR."""

    sub: str
    family_name: str
    given_name: str
    birthdate: str
    gender: str
    birthplace: str
    birthcountry: str = "99100"
    acr: str = "eidas1"
    featured: bool = False


class InsurerEntry(msgspec.Struct, frozen=True):
    """Somebody of an insurer's staff; `amc` is the number of the insurer she works for."""

    subject: str
    name: str
    amc: str
    insurer: str = ""
    acr: str = "phrh"
    amr: tuple[str, ...] = ("hwk", "user", "pin")
    featured: bool = True


T = TypeVar("T")
Entry = PscEntry | StaffEntry | PersonEntry | InsurerEntry


class Directory(msgspec.Struct, frozen=True):
    """The file given at start: clients and invented identities."""

    clients: list[Client] = []
    psc: list[PscEntry] = []
    staff: list[StaffEntry] = []
    persons: list[PersonEntry] = []
    insurers: list[InsurerEntry] = []


@dataclass(slots=True)
class Transaction:
    """One sign-in page that is open; `approved` once the push has been accepted on the phone."""

    client: Client
    redirect_uri: str
    state: str
    nonce: str
    challenge: str
    scope: str
    level: int
    expires: float
    pushed_to: str | None = None
    approved: bool = False


@dataclass(slots=True)
class Code:
    """An authorization code; `used` holds the tokens it gave, to be revoked if it comes again."""

    transaction: Transaction
    subject: str
    expires: float
    used: list[str] | None = None


@dataclass(slots=True)
class Token:
    """What an access or refresh token stands for."""

    client: Client
    subject: str
    expires: float
    scope: str
    session: str


class Held(Generic[T]):
    """A bounded table that forgets its oldest items."""

    def __init__(self) -> None:
        """Start empty."""
        self._items: OrderedDict[str, T] = OrderedDict()

    def put(self, item: T) -> str:
        """Keep an item under a random name."""
        name = secrets.token_urlsafe(32)
        self._items[name] = item
        if len(self._items) > HELD_MAX:
            self._items.popitem(last=False)
        return name

    def get(self, name: str) -> T | None:
        """Find an item."""
        return self._items.get(name)

    def drop(self, name: str) -> None:
        """Forget an item."""
        self._items.pop(name, None)

    def drop_if(self, fits: Callable[[T], bool]) -> list[T]:
        """Forget the items that fit; returns them."""
        names = [name for name, item in self._items.items() if fits(item)]
        return [self._items.pop(name) for name in names]

    def values(self) -> list[T]:
        """List all the items."""
        return list(self._items.values())


class Realm:
    """One provider: its identities, clients, key and what is under way."""

    def __init__(self, name: RealmName, issuer: str, directory: Directory, clock: Clock) -> None:
        """`issuer` is the address that tokens are issued under."""
        self.name, self.issuer, self._clock = name, issuer, clock
        self.clients = {client.client_id: client for client in directory.clients if client.realm is name}
        self.entries: dict[str, Entry] = {}
        if name is RealmName.PSC:
            self.entries.update((entry.national_id, entry) for entry in directory.psc)
        elif name is RealmName.STAFF:
            self.entries.update((entry.subject, entry) for entry in directory.staff)
        elif name is RealmName.INSURERS:
            self.entries.update((entry.subject, entry) for entry in directory.insurers)
        else:
            self.entries.update((entry.sub, entry) for entry in directory.persons)
        self.key: RSAKey | ECKey
        if name is RealmName.PSC:
            self.key, self.algorithm = RSAKey.generate_key(2048, {"kid": f"{name}-1", "use": "sig"}), "RS256"
        else:
            self.key, self.algorithm = ECKey.generate_key("P-256", {"kid": f"{name}-1", "use": "sig"}), "ES256"
        self.transactions: Held[Transaction] = Held()
        self._codes: Held[Code] = Held()
        self._access: Held[Token] = Held()
        self._refresh: Held[Token] = Held()
        self._sessions: Held[Token] = Held()

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def begin(self, query: Mapping[str, str]) -> str:
        """Check an authorization request and open its sign-in page; returns the transaction's name."""
        client = self.clients.get(query.get("client_id", ""))
        if client is None or query.get("redirect_uri") not in client.redirect_uris:
            raise ProviderError("invalid_request", "unknown client or address to return to")
        wrong = {
            "unsupported_response_type": query.get("response_type") != "code",
            "invalid_scope": "openid" not in query.get("scope", "").split(),
            "invalid_request": not query.get("state")
            or not query.get("nonce")
            or query.get("code_challenge_method") != "S256"
            or len(query.get("code_challenge", "")) != 43,
        }
        for error, is_wrong in wrong.items():
            if is_wrong:
                raise ProviderError(error, "state, nonce and PKCE with S256 are required", redirect=True)
        asked = query.get("acr_values", "")
        return self.transactions.put(
            Transaction(
                client=client,
                redirect_uri=query["redirect_uri"],
                state=query["state"],
                nonce=query["nonce"],
                challenge=query["code_challenge"],
                scope=query["scope"],
                level=int(asked[-1]) if asked.startswith("eidas") and asked[-1].isdigit() else 0,
                expires=self._now() + SIGN_IN_SECONDS,
            )
        )

    def open_transaction(self, name: str) -> Transaction:
        """Find a sign-in page that is still open."""
        found = self.transactions.get(name)
        if found is None or found.expires <= self._now():
            raise ProviderError("invalid_request", "this sign-in page is over")
        return found

    def entry(self, subject: str) -> Entry:
        """Find an identity of the directory."""
        try:
            return self.entries[subject]
        except KeyError:
            raise ProviderError("access_denied", "this identity is not in the directory") from None

    def push(self, transaction: str, subject: str) -> None:
        """Ring the phone of an identity for this sign-in page, whoever opened the page."""
        self.entry(subject)
        self.open_transaction(transaction).pushed_to = subject

    def approve(self, subject: str) -> int:
        """Accept on the phone whatever rings; returns how many pages that let through."""
        waiting = [one for one in self.transactions.values() if one.pushed_to == subject and not one.approved]
        live = [one for one in waiting if one.expires > self._now()]
        for one in live:
            one.approved = True
        return len(live)

    def grant(self, transaction: str, subject: str) -> dict[str, str]:
        """Close a sign-in page for an identity; returns the parameters of the way back."""
        found = self.open_transaction(transaction)
        self.entry(subject)
        self.transactions.drop(transaction)
        code = self._codes.put(Code(found, subject, self._now() + CODE_SECONDS))
        return {"code": code, "state": found.state, "iss": self.issuer, "session_state": secrets.token_hex(8)}

    def authenticate(self, client_id: str, secret: str) -> Client:
        """Check a client's secret."""
        client = self.clients.get(client_id)
        if client is None or not compare_digest(client.client_secret.encode(), secret.encode()):
            raise ProviderError("invalid_client", "unknown client or wrong secret")
        return client

    def exchange(self, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
        """Answer the token endpoint."""
        if form.get("grant_type") == "refresh_token":
            held = self._refresh.get(form.get("refresh_token", ""))
            if held is None or held.client is not client or held.expires <= self._now():
                raise ProviderError("invalid_grant", "unknown or expired refresh token")
            self._refresh.drop(form["refresh_token"])
            return self._tokens(client, held.subject, held.scope, held.session, nonce=None)[0]
        if form.get("grant_type") != "authorization_code":
            raise ProviderError("unsupported_grant_type", "authorization_code or refresh_token")
        code = self._codes.get(form.get("code", ""))
        if code is None or code.transaction.client is not client:
            raise ProviderError("invalid_grant", "unknown code")
        if code.used is not None:
            for name in code.used:
                self._access.drop(name)
                self._refresh.drop(name)
            raise ProviderError("invalid_grant", "this code was used already")
        code.used = []
        asked = code.transaction
        if code.expires <= self._now() or form.get("redirect_uri") != asked.redirect_uri:
            raise ProviderError("invalid_grant", "expired code or other address")
        if digest_of(form.get("code_verifier", "").encode()) != asked.challenge:
            raise ProviderError("invalid_grant", "wrong code verifier")
        session = secrets.token_hex(16)
        answer, code.used = self._tokens(client, code.subject, asked.scope, session, nonce=asked.nonce)
        self._sessions.put(Token(client, code.subject, self._now() + SESSION_SECONDS, asked.scope, session))
        return answer

    def _tokens(
        self, client: Client, subject: str, scope: str, session: str, *, nonce: str | None
    ) -> tuple[dict[str, Any], list[str]]:
        now = self._now()
        access = self._access.put(Token(client, subject, now + ACCESS_SECONDS, scope, session))
        refresh = self._refresh.put(Token(client, subject, now + REFRESH_SECONDS, scope, session))
        entry = self.entry(subject)
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": self.sub(entry),
            "aud": client.client_id,
            "azp": client.client_id,
            "iat": int(now),
            "exp": int(now) + ACCESS_SECONDS,
            "auth_time": int(now),
            "acr": entry.acr,
            "sid": session,
        }
        if isinstance(entry, StaffEntry | InsurerEntry):
            claims["amr"] = list(entry.amr)
        if nonce is not None:
            claims["nonce"] = nonce
        header = {"alg": self.algorithm, "kid": self.key.kid, "typ": "JWT"}
        answer = {
            "access_token": access,
            "expires_in": ACCESS_SECONDS,
            "refresh_token": refresh,
            "refresh_expires_in": REFRESH_SECONDS,
            "token_type": "Bearer",
            "id_token": jwt.encode(header, claims, self.key),
            "session_state": session,
            "scope": scope,
        }
        return answer, [access, refresh]

    def sub(self, entry: Entry) -> str:
        """The subject of the tokens: for professionals `f:<uuid>:<national id>`."""
        if isinstance(entry, PscEntry):
            return f"f:{uuid5(NAMESPACE_URL, self.issuer)}:{entry.national_id}"
        return entry.subject if isinstance(entry, StaffEntry | InsurerEntry) else entry.sub

    def end(self, subject: str, session: str = "") -> list[tuple[str, str]]:
        """End every session of an identity, or that one; the logout token of each, with where its client takes it."""
        ended = self._sessions.drop_if(lambda one: one.subject == subject and session in {"", one.session})
        return [
            (one.client.backchannel_logout_uri, self._logout_token(one))
            for one in ended
            if one.client.backchannel_logout_uri and one.expires > self._now()
        ]

    def _logout_token(self, token: Token) -> str:
        now = int(self._now())
        claims = {
            "iss": self.issuer,
            "aud": token.client.client_id,
            "iat": now,
            "exp": now + ACCESS_SECONDS,
            "jti": secrets.token_urlsafe(16),
            "sub": self.sub(self.entry(token.subject)),
            "sid": token.session,
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }
        return jwt.encode({"alg": self.algorithm, "kid": self.key.kid, "typ": "logout+jwt"}, claims, self.key)

    def introspect(self, access_token: str) -> dict[str, Any]:
        """Answer the introspection endpoint (RFC 7662): any client of the realm may ask about any token."""
        token = self._access.get(access_token)
        if token is None or token.expires <= self._now():
            return {"active": False}
        entry = self.entry(token.subject)
        told: dict[str, Any] = {
            "active": True,
            "iss": self.issuer,
            "sub": self.sub(entry),
            "azp": token.client.client_id,
            "client_id": token.client.client_id,
            "acr": entry.acr,
            "exp": int(token.expires),
            "typ": "Bearer",
            "scope": token.scope,
            "session_state": token.session,
        }
        if isinstance(entry, PscEntry):
            told |= {"preferred_username": entry.national_id, "SubjectNameID": entry.national_id}
        return told

    def userinfo(self, access_token: str) -> dict[str, Any]:
        """Answer the UserInfo endpoint."""
        token = self._access.get(access_token)
        if token is None or token.expires <= self._now():
            raise ProviderError("invalid_token", "unknown or expired access token")
        entry = self.entry(token.subject)
        if isinstance(entry, PscEntry):
            return psc_userinfo(self.sub(entry), entry)
        if isinstance(entry, StaffEntry):
            return {"sub": entry.subject, "name": entry.name, "roles": entry.roles}
        if isinstance(entry, InsurerEntry):
            return {"sub": entry.subject, "name": entry.name, "amc": entry.amc}
        traits = ("sub", "family_name", "given_name", "birthdate", "gender", "birthplace", "birthcountry")
        return {trait: getattr(entry, trait) for trait in traits}


def psc_userinfo(sub: str, entry: PscEntry) -> dict[str, Any]:
    """Shape a professional as the provider does: absent values are empty strings, an exercise comes twice."""
    exercise = {
        "codeProfession": entry.profession_code,
        "codeCategorieProfessionnelle": "C",
        "codeCiviliteDexercice": "",
        "nomDexercice": entry.family_name,
        "prenomDexercice": entry.given_name,
        "codeTypeSavoirFaire": "",
        "codeSavoirFaire": "",
        "activities": [_activity(place) for place in entry.activities],
    }
    exercises = [exercise, exercise] if entry.activities else []
    return {
        "sub": sub,
        "SubjectNameID": entry.national_id,
        "preferred_username": entry.national_id,
        "given_name": entry.given_name,
        "family_name": entry.family_name,
        "email_verified": False,
        "codeCivilite": "",
        "SubjectRole": [f"{entry.profession_code}^{OID_PROFESSION}"],
        "SubjectOrganization": entry.activities[0].name if entry.activities else "",
        "SubjectOrganizationID": "",
        "Secteur_Activite": "SA07^1.2.250.1.71.4.2.4",
        "Mode_Acces_Raison": "",
        "UITVersion": "1.0",
        "PSI_Locale": "1.2.250.1.213.1.3.1.1",
        "otherIds": [{"identifiant": entry.national_id, "origine": "RPPS", "qualite": 1}],
        "SubjectRefPro": {"codeCivilite": "", "exercices": exercises},
    }


def _activity(place: Place) -> dict[str, str]:
    return {
        "codeModeExercice": place.mode,
        "codeSecteurDactivite": "SA07" if place.mode == "L" else "SA01",
        "codeSectionPharmacien": "",
        "codeRole": "",
        "codeGenreActivite": "",
        "numeroSiretSite": place.siret,
        "numeroSirenSite": "",
        "numeroFinessSite": place.finess,
        "numeroFinessetablissementJuridique": "",
        "identifiantTechniqueDeLaStructure": place.structure,
        "raisonSocialeSite": place.name,
        "enseigneCommercialeSite": "",
        "libelleCommune": place.town,
        "ancienIdentifiantDeLaStructure": "",
        "autoriteDenregistrement": "",
    }


def load_directory(text: bytes) -> Directory:
    """Read the directory file; the error names the place in the file."""
    try:
        return msgspec.json.decode(text, type=Directory)
    except msgspec.DecodeError as error:
        msg = f"directory file: {error}; see docs/reference/standins.md for its shape"
        raise ProviderError("server_error", msg) from None
