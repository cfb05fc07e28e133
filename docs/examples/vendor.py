"""Software of a practice, as its vendor might begin: signs its user in, asks, and survives what the field does.

Python and `cryptography` alone. docs/reference/vendors.md explains it; a test runs it on a whole installation.
"""

import base64
import hashlib
import http.client
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Json = dict[str, Any]
WAIT_SECONDS, TRIES = 10, 4
NEEDED = "KEY_FILE MACHINE_KEY_FILE API CLIENT PROVIDER PROVIDER_CLIENT PROVIDER_SECRET_FILE BACK".split()


class LostError(Exception):
    """No answer of Tierce arrived: the request may have been answered all the same."""


class RefusedError(Exception):
    """Tierce refused; `told` is its document: `code` for the program, `reason` and `remedy` for the user."""

    def __init__(self, status: int, told: Json, headers: Message) -> None:
        super().__init__(f"{status} {told['code']}: {told['reason']['fr']} {told['remedy']['fr']}")
        self.status, self.code, self.told, self.headers = status, told["code"], told, headers


def plain(outcome: Json) -> Json:
    """An OperationOutcome of an address under /fhir/ as the document of /v1: the same codes, in other words."""
    (issue,) = outcome["issue"]
    told = {"code": issue["details"]["coding"][0]["code"], "reason": {"fr": issue["details"]["text"]}}
    waits = any(one["url"].endswith("/deposit") for one in issue.get("extension", ()))
    return {**told, "remedy": {"fr": issue["diagnostics"]}, "deposit": waits, "field": issue.get("expression")}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def digest(data: bytes) -> str:
    return b64(hashlib.sha256(data).digest())


def kept_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """A key, drawn once. Keep a machine's where it cannot be copied: TPM, Secure Enclave, key store."""
    if not path.exists():
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        drawn = ec.generate_private_key(ec.SECP256R1())
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(drawn.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    found = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(found, ec.EllipticCurvePrivateKey)
    return found


def jwk_of(key: ec.EllipticCurvePrivateKey) -> Json:
    point = key.public_key().public_numbers()
    x, y = (b64(number.to_bytes(32, "big")) for number in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def signed(key: ec.EllipticCurvePrivateKey, header: Json, claims: Json) -> str:
    """A JWT, ES256: the two numbers of the signature side by side, not in DER."""
    text = ".".join(b64(json.dumps(part).encode()) for part in ({"alg": "ES256", **header}, claims))
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return text + "." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def send(method: str, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, Json, Message]:
    """One exchange over HTTP: status, JSON and headers; LostError when nothing of the kind came back."""
    request = urllib.request.Request(url, None if method == "GET" else body, headers, method=method)
    try:
        try:
            answer = urllib.request.urlopen(request, timeout=WAIT_SECONDS)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            content = answer.read()
            return answer.status, json.loads(content) if content else {}, answer.headers
    except (OSError, http.client.HTTPException, ValueError) as error:  # cut, late, or a proxy's page
        raise LostError from error


class Provider:
    """The professionals' provider, at which the vendor has a client of its own: code flow with PKCE."""

    def __init__(self, discovery: str, client: str, secret: str, back: str) -> None:
        _, self.document, _ = send("GET", discovery, b"", {})
        self.client, self.secret, self.back = client, secret, back

    def sign_in(self, browse: Callable[[str], str]) -> str:
        """The user's access token, two minutes long; `browse` opens an address and gives the one it ended at."""
        state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
        query = {
            "client_id": self.client, "redirect_uri": self.back, "response_type": "code", "scope": "openid scope_all",
            "state": state, "nonce": secrets.token_urlsafe(16), "acr_values": "eidas1",
            "code_challenge": digest(verifier.encode()), "code_challenge_method": "S256",
        }  # fmt: skip
        ended = browse(self.document["authorization_endpoint"] + "?" + urllib.parse.urlencode(query))
        came = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(ended).query))
        assert came["state"] == state, "the answer to another sign-in"
        form = {"grant_type": "authorization_code", "code": came["code"], "redirect_uri": self.back}
        form["code_verifier"] = verifier
        basic = ":".join(urllib.parse.quote_plus(part) for part in (self.client, self.secret)).encode()
        headers = {"Authorization": "Basic " + base64.b64encode(basic).decode()}
        _, told, _ = send("POST", self.document["token_endpoint"], urllib.parse.urlencode(form).encode(), headers)
        return str(told["access_token"])


class Tierce:
    """One user on one machine. `sign_in` and `choose` are the user's part: an access token, one of her activities."""

    def __init__(
        self, api: str, name: str, key: ec.EllipticCurvePrivateKey, machine: ec.EllipticCurvePrivateKey,
        sign_in: Callable[[], str], choose: Callable[[list[Json]], Json] = lambda activities: activities[0],
    ) -> None:  # fmt: skip
        self.api, self.name, self.key, self.machine = api.rstrip("/"), name, key, machine
        self.sign_in, self.choose, self.clock = sign_in, choose, time.time
        self.handle, self.chosen, self.behind = "", Json(), 0.0

    def now(self) -> int:
        """The time there: their clock, as far as their answers told it."""
        return int(self.clock() + self.behind)

    def once(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Json:
        """One request, with a proof made for it alone: never send the same proof twice."""
        claims = {"htm": method, "htu": self.api + path, "iat": self.now(), "bd": digest(body)}
        claims["jti"] = secrets.token_urlsafe(16)
        sent = {"Content-Type": "application/json", **(headers or {})}
        if self.handle:
            claims["ath"] = digest(self.handle.encode())
            sent["Authorization"] = "DPoP " + self.handle
        sent["DPoP"] = signed(self.machine, {"typ": "dpop+jwt", "jwk": jwk_of(self.machine)}, claims)
        status, told, found = send(method, self.api + path, body, sent)
        if status >= 400:
            told = plain(told) if "issue" in told else told
            if "code" not in told:  # a proxy's own words
                raise LostError
            raise RefusedError(status, told, found)
        return told

    def enter(self) -> None:
        """Exchange the user's sign-in for a session; nothing of an exchange is sent twice."""
        self.handle, token = "", self.sign_in()
        for _ in range(TRIES):
            claims = {"iss": self.name, "sub": self.name, "aud": self.api + "/v1/token", "iat": self.now()}
            claims |= {"exp": self.now() + 60, "jti": secrets.token_urlsafe(16)}
            form = {
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "client_id": self.name,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": signed(self.key, {"typ": "JWT"}, claims), "subject_token": token,
                "subject_token_type": "urn:ietf:params:oauth:token-type:access_token", **self.chosen,
            }  # fmt: skip
            body = urllib.parse.urlencode(form).encode()
            try:
                told = self.once("POST", "/v1/token", body, {"Content-Type": "application/x-www-form-urlencoded"})
            except LostError:
                continue  # a session may have been opened: it ends by itself
            except RefusedError as refused:
                if refused.code == "activity_wanted":
                    self.chosen = {"activity": str(self.choose(refused.told["activities"])["id"])}
                elif refused.code == "too_fast":
                    time.sleep(int(refused.headers.get("Retry-After", 1)))
                elif refused.code != "client_replayed" and not self.set_clock(refused):
                    raise  # replayed: something in between sent it twice
                continue
            self.handle = told["access_token"]
            return
        raise LostError

    def set_clock(self, refused: RefusedError) -> bool:
        """Whether a clock that is off was the reason; their `Date` says by how much."""
        if refused.code not in {"proof_iat", "client_expired"} or self.behind:
            return False
        self.behind = parsedate_to_datetime(refused.headers["Date"]).timestamp() - self.clock()
        return True

    def call(self, method: str, path: str, body: bytes = b"", key: str = "") -> Json:
        """A request that may be sent again: a look, or one that `key`, or something in its body, makes one."""
        for turn in range(1, TRIES + 1):
            try:
                return self.once(method, path, body, {"Idempotency-Key": key} if key else {})
            except LostError:
                time.sleep(turn)
            except RefusedError as refused:
                if turn == TRIES:
                    raise
                if refused.status == 401 and refused.code.startswith("session_"):
                    self.enter()
                elif refused.code == "too_fast" or (refused.status == 503 and not refused.told.get("deposit")):
                    time.sleep(int(refused.headers.get("Retry-After", 1)))
                elif not self.set_clock(refused):
                    raise
        raise LostError

    def ask(self, question: Json) -> Json:
        """One question, however often it had to be sent; when its answer was lost, that answer is opened again."""
        told = self.call("POST", "/v1/rights", json.dumps(question).encode(), secrets.token_urlsafe(16))
        return self.revisit(told["engagement"]) if told.get("outcome") == "shown" else told

    def ask_in_fhir(self, request: Json) -> Json:
        """The same question as a CoverageEligibilityRequest; `preAuthRef` is the engagement number."""
        path, body = "/fhir/CoverageEligibilityRequest/$submit", json.dumps(request).encode()
        return self.call("POST", path, body, secrets.token_urlsafe(16))

    def revisit(self, engagement: str) -> Json:
        """Open an answer of one's own establishment again: a disclosure like another, each time."""
        return self.call("POST", f"/v1/history/{urllib.parse.quote(engagement, safe='')}/revisit")

    def end(self) -> None:
        """Sign out; whatever comes back, the handle is forgotten, and what it opened ends by itself."""
        with suppress(LostError, RefusedError):
            self.once("POST", "/v1/session/end")
        self.handle = ""

    def deposit(self, card: Json) -> Json:
        """Leave what a card says while the service is closed: the same body is the same deposit."""
        return self.call("POST", "/v1/deposits", json.dumps({**card, "request": secrets.token_hex(16)}).encode())

    def agree(self, agreement: Json) -> Json:
        """Ask before the care what will be paid, quoting an engagement: the same body is the same agreement."""
        return self.call("POST", "/v1/agreements", json.dumps(agreement).encode())

    def agreement(self, number: str) -> Json:
        """How an agreement stands: it is decided some seconds after it was asked for."""
        return self.call("GET", f"/v1/agreements/{urllib.parse.quote(number, safe='')}")

    def invoice(self, invoice: Json) -> Json:
        """Send an invoice that quotes an engagement number, or an agreement: the same body is the same invoice."""
        return self.call("POST", "/v1/invoices", json.dumps(invoice).encode())


def main() -> None:
    """`keys` prints what to register; else sign in, and answer each question on the input, a JSON object a line."""
    given, lines = os.environ, iter(sys.stdin)
    missing = [name for name in (NEEDED[:1] if sys.argv[1:] == ["keys"] else NEEDED) if name not in given]
    if missing:
        sys.exit(f"not set: {', '.join(missing)}; docs/reference/vendors.md says what each is")
    key = kept_key(Path(given["KEY_FILE"]))
    if sys.argv[1:] == ["keys"]:
        print(json.dumps({"keys": [jwk_of(key)]}))
        return

    def browse(address: str) -> str:
        print("Ouvrez / open:", address, "\nAdresse où vous arrivez / the address where you end:", file=sys.stderr)
        return next(lines).strip()

    secret = Path(given["PROVIDER_SECRET_FILE"]).read_text("utf-8").strip()
    provider = Provider(given["PROVIDER"], given["PROVIDER_CLIENT"], secret, given["BACK"])
    machine = kept_key(Path(given["MACHINE_KEY_FILE"]))
    tierce = Tierce(
        given["API"], given["CLIENT"], key, machine, lambda: provider.sign_in(browse), lambda all_: all_[0]
    )
    tierce.enter()
    try:
        for line in lines:
            try:
                told = tierce.ask(json.loads(line))
            except RefusedError as refused:
                told = refused.told
            except ValueError:
                told = {"reason": {"fr": "Ce n’est pas un objet JSON sur une ligne.", "en": "Not JSON on one line."}}
            print(json.dumps(told, ensure_ascii=False), flush=True)
    finally:
        tierce.end()  # whatever happened: the session is hers


if __name__ == "__main__":
    main()
