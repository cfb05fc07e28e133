"""Leaving a stand-in in one's browser: OpenID Connect RP-Initiated Logout 1.0, as strict as the real ones are.

A browser that signed in is remembered by a cookie, as a real provider's own session is: the next sign-in is one
click. It is led back only where its client registered; without a hint of ours, the person is asked first.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError

from tierce.lab.standins.provider import Client, Held, ProviderError, Realm

SECONDS = 36_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser brings to the page where one signs out; `subject` and `session` are of the hint, if any."""

    client: Client | None
    back: str
    state: str
    subject: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class Browsers:
    """Who is signed in at a realm in which browser, by the value of its cookie."""

    realm: Realm
    held: Held[str]

    @property
    def cookie(self) -> str:
        """The name of the cookie."""
        return f"standin-{self.realm.name}"

    def known(self, cookies: Mapping[str, str]) -> str:
        """Whom this browser was used by last; empty when nobody is remembered."""
        return self.held.get(cookies.get(self.cookie, "")) or ""

    def read(self, query: Mapping[str, str]) -> Asked:
        """Check what is asked; ProviderError when the hint is not ours or the way back is not its client's."""
        client_id, subject, session = query.get("client_id", ""), "", ""
        if query.get("id_token_hint"):
            claims = self._hint(query["id_token_hint"])
            if client_id not in {"", claims["aud"]}:
                raise ProviderError("invalid_request", "the hint is another client's")
            client_id, session = claims["aud"], claims["sid"]
            subject = next(key for key, entry in self.realm.entries.items() if self.realm.sub(entry) == claims["sub"])
        back, client = query.get("post_logout_redirect_uri", ""), self.realm.clients.get(client_id)
        if back and (client is None or back not in client.post_logout_redirect_uris):
            raise ProviderError("invalid_request", "unknown client or address to return to")
        return Asked(client, back, query.get("state", ""), subject, session)

    def must_ask(self, asked: Asked, known: str) -> bool:
        """Whether the person is asked first: nothing of ours says that it is she who leaves."""
        return not asked.subject or known not in {"", asked.subject}

    def leave(self, asked: Asked, cookies: Mapping[str, str]) -> list[tuple[str, str]]:
        """Forget the browser, and end the hint's session, or all of whom it was used by; their logout tokens."""
        subject = asked.subject or self.known(cookies)
        self.held.drop(cookies.get(self.cookie, ""))
        return self.realm.end(subject, asked.session) if subject else []

    def _hint(self, token: str) -> dict[str, str]:
        try:
            return jwt.decode(token, self.realm.key, algorithms=[self.realm.algorithm]).claims
        except (JoseError, ValueError) as error:
            raise ProviderError("invalid_request", "the hint is no ID token of this provider") from error
