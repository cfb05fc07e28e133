"""Alerts that we send: what is signed, to whom, and that each arrives once counted whatever dies in between."""

import json
import os
import signal
import subprocess
import sys
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.integration.conftest import Connect
from tests.integration.rooms import HELENE, Room, open_room
from tests.integration.signin_world import free_port
from tests.integration.sites_world import Site, play_office
from tests.integration.test_office_site import form_of, plain
from tests.settings_file import settings_text
from tests.waiting import eventually
from tierce.journal.encoding import decode
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import ProfessionalId
from tierce.kernel.loopback import NO_TLS
from tierce.lab.country.identifiers import make_rpps
from tierce.peer_alerts.telling.carrying import code_of
from tierce.peer_alerts.telling.model import Saying
from tierce.peer_alerts.telling.service import Teller, signing_key
from tierce.policy.acts import Act
from tierce.policy.peer_alerts import Event
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
US, RPPS = "https://alertes.riveclaire.example", make_rpps(501)


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    opened = open_room(connect, keyring)
    opened.admin.execute("update directory.professional set rpps = %s where id = 501", (RPPS,))
    opened.admin.commit()
    return opened


def hearing(room: Room, name: str, push: str) -> None:
    """Register an operator that is told."""
    room.admin.execute(
        "insert into access.alert_peer (name, issuer, keys, why, audience, push) values (%s, %s, '', 'x', %s, %s)",
        (name, f"https://{name}.example", f"https://{name}.example/them", push),
    )
    room.admin.commit()


def opened(token: str, jwk: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the claims of a token whose signature holds, by code that shares nothing with what signed it."""

    def raw(part: str) -> bytes:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))

    head, body, signature = token.split(".")
    x, y = (int.from_bytes(raw(jwk[one])) for one in ("x", "y"))
    both = raw(signature)
    der = encode_dss_signature(int.from_bytes(both[:32]), int.from_bytes(both[32:]))
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    public.verify(der, f"{head}.{body}".encode(), ec.ECDSA(SHA256()))
    return json.loads(raw(head)), json.loads(raw(body))


def test_staff_tell_every_operator_with_a_reason_and_what_is_signed_names_a_professional_alone(
    room: Room, database: Database
) -> None:
    path = "/accounts/501/tell"

    async def scene(site: Site) -> None:
        assert "Aucun opérateur n'est inscrit pour être prévenu" in plain(await site.http.get(path))
        none = await site.http.post(path, data=form_of(site) | {"event": "disabled", "why": "Vol reconnu."})
        assert none.status_code == 422
        hearing(room, "merlerive", "https://merlerive.example/events")
        hearing(room, "ormepierre", "https://ormepierre.example/events")
        assert "2 opérateurs seront prévenus : merlerive, ormepierre." in plain(await site.http.get(path))
        used = {"event": "probable", "since": "2026-03-01T10:00", "until": "2026-03-01T11:30", "why": "Liste lue."}
        for wrong in (
            {"event": ""}, {"why": " "}, {"why": "vu 2 85 02 99 341 007 53"}, {"since": ""},
            {"until": "2026-03-01T09:00"}, {"until": "2099-03-01T09:00"},
        ):  # fmt: skip
            assert (await site.http.post(path, data=form_of(site) | used | wrong)).status_code == 422
        assert (await site.http.post(path, data=form_of(site) | used)).status_code == 303
        shown = plain(await site.http.get(path))
        assert "Probable. Utilisée le 1er mars 2026, de 10 h 00 à 11 h 30." in shown.replace("\u00a0", " ")
        assert "merlerive part dans la seconde" in shown
        assert (await site.http.get("/accounts/999/tell")).status_code == 404

    play_office(room, database, scene)
    rows = room.admin.execute("select peer, token from access.alert_out order by peer").fetchall()
    public = signing_key(bytes(32)).as_dict(private=False)
    both = [opened(token, public) for _, token in rows]
    assert [head["typ"] for head, _ in both] == ["secevent+jwt"] * 2
    assert [claims["aud"] for _, claims in both] == [
        "https://merlerive.example/them",
        "https://ormepierre.example/them",
    ]
    assert both[0][1]["jti"] != both[1][1]["jti"]
    claims = both[0][1]
    ((event, told),) = claims["events"].items()
    assert set(claims) == {"iss", "aud", "iat", "jti", "sub_id", "events"}
    assert (claims["iss"], claims["sub_id"]["sub"], told["confidence"]) == (US, RPPS, "probable")
    assert set(told) == {"start", "end", "confidence"}
    assert told["end"] - told["start"] == 91 * 60 - 60
    assert "Liste" not in json.dumps(claims) + event
    bodies = [decode(bytes(one)) for (one,) in room.admin.execute("select body from journal.entry where kind = 5")]
    assert [line.act for line in bodies] == [Act.STAFF_ALERT_SEND]


class Listening:
    """Another operator's receiver, which answers as it is told, and may do something before."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.before: Callable[[], None] = lambda: None
        self.status, self.body = 202, b""


@contextmanager
def listening() -> Iterator[tuple[Listening, str]]:
    heard = Listening()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["content-type"] == "application/secevent+jwt"
            heard.tokens.append(self.rfile.read(int(self.headers["content-length"])).decode())
            heard.before()
            with suppress(OSError):
                self.send_response(heard.status)
                self.send_header("content-length", str(len(heard.body)))
                self.end_headers()
                self.wfile.write(heard.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield heard, f"http://127.0.0.1:{server.server_port}/events"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def serving(settings: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The real process; killed at the end, with its worker."""
    command = [sys.executable, "-m", "tierce", "serve", "--settings", str(settings), "--only", "peers"]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)


def test_killed_between_sending_and_hearing_it_sends_again_and_the_other_counts_it_once(
    room: Room, database: Database, key_directory: Path, keyring: Keyring, tmp_path: Path
) -> None:
    port, settings = free_port(), tmp_path / "tierce.toml"
    settings.write_text(
        settings_text(database, key_directory, operator="Rive Claire") + f'[peers]\nurl = "{US}"\nport = {port}\n'
    )
    appender = Appender.enrol(room.office, "office", keyring.instance("office"))
    teller = Teller(appender, SystemClock(), US, signing_key(bytes(32)))
    teller.publish(room.office)

    def stands() -> tuple[object, ...] | None:
        row = room.admin.execute("select delivered is not null, refused, tries from access.alert_out").fetchone()
        room.admin.commit()
        return row

    with listening() as (heard, address):
        hearing(room, "merlerive", address)
        teller.tell(room.office, HELENE, ProfessionalId(501), Saying(Event.ACCOUNT_DISABLED, "Vol reconnu."))
        with serving(settings, port) as first:
            heard.before = lambda: os.killpg(first.pid, signal.SIGKILL)
            first.wait(timeout=60)
        assert stands() == (False, None, 1), "sent, and nobody heard the answer: in doubt"
        heard.before = lambda: None
        with serving(settings, port):
            eventually(lambda: (stands() or ())[0] is True, "the alert is delivered", seconds=60)
            jwks = httpx.get(f"http://127.0.0.1:{port}/jwks.json", trust_env=False, verify=NO_TLS).json()
            said = httpx.get(
                f"http://127.0.0.1:{port}/.well-known/ssf-configuration", trust_env=False, verify=NO_TLS
            ).json()
            assert (said["issuer"], said["jwks_uri"]) == (US, f"{US}/jwks.json")
            opened_all = [opened(token, jwks["keys"][0]) for token in heard.tokens]
            assert len(opened_all) == 2
            assert len({claims["jti"] for _, claims in opened_all}) == 1
            assert [list(claims["events"].values()) for _, claims in opened_all] == [[{"reason": "hijacking"}]] * 2
            heard.status, heard.body = 400, b'{"err":"invalid_key","description":"a text that we keep nowhere"}'
            room.admin.execute("delete from access.alert_out")
            room.admin.commit()
            teller.tell(room.office, HELENE, ProfessionalId(501), Saying(Event.ACCOUNT_ENABLED, "Une erreur."))
            eventually(lambda: stands() == (False, "invalid_key", 1), "refused under its code", seconds=30)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"err":"invalid_key"}', "invalid_key"),
        (b'{"err":"<b>"}', "refused"),
        (b"\xff", "refused"),
        (b"[" * 9_999, "refused"),
    ],
)
def test_of_a_refusal_only_a_plain_code_is_kept(body: bytes, code: str) -> None:
    assert code_of(body) == code
