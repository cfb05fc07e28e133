"""What the scripts of a bound site's pages do with the browser's key, for programs that play a browser.

Each answer is what `httpx` is to send: `http.post(**browser.start())`.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from tierce.identity.sites.service import RENEW, START
from tierce.kernel.clock import Clock
from tierce.lab.standins.browser_key import BrowserKey


def signed_start(api: str, key: BrowserKey, at: float, return_to: str = "/activity") -> dict[str, Any]:
    """What begins a professional's sign-in, at the portal or at the API whose public address is `api`."""
    body = json.dumps({"site": "portal", "return_to": return_to}).encode()
    return {"content": body, "headers": begun_by(f"{api}/v1/sign-in/start", key, at, body)}


def begun_by(url: str, key: BrowserKey, at: float, body: bytes = b"{}") -> dict[str, str]:
    """The headers of what a browser's key signs before there is a session."""
    proof = key.proof("POST", url, handle=None, at=at, body=body)
    return {"content-type": "application/json", "dpop": proof.decode()}


@dataclass(frozen=True, slots=True)
class BoundBrowser:
    """A browser in front of one site, whose public address is `site`; its key never leaves it."""

    site: str
    clock: Clock
    key: BrowserKey = field(default_factory=BrowserKey)

    def start(self, return_to: str = "/") -> dict[str, Any]:
        """What begins a sign-in; the answer's `location` is the provider's page."""
        return self._signed(START, {"return_to": return_to}, None)

    def renew(self, handle: str, challenge: str) -> dict[str, Any]:
        """What has the ticket of a session replaced, for a challenge that the site drew."""
        return self._signed(RENEW, {"challenge": challenge}, handle)

    def _signed(self, path: str, said: dict[str, str], handle: str | None) -> dict[str, Any]:
        url, body = f"{self.site}{path}", json.dumps(said).encode()
        proof = self.key.proof("POST", url, handle=handle, at=self.clock.now().timestamp(), body=body)
        return {"url": url, "content": body, "headers": {"content-type": "application/json", "dpop": proof.decode()}}
