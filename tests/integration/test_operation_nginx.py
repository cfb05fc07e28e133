"""The nginx example, live: whom it hands on to, what it says by itself, what it must not change on the way."""

import gzip
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import msgspec
import pytest

from tests.certificates import self_signed
from tests.integration.signin_world import free_port
from tests.waiting import eventually
from tierce.kernel.clock import SystemClock
from tierce.settings import Settings
from tierce.web.fhir.names import ELIGIBILITY_PATH as FHIR
from tierce.web.names import OUTER, SITES
from tierce.web.status.page import INSTEAD

DEPLOY = Path(__file__).parents[2] / "deploy"
SETTINGS = msgspec.toml.decode((DEPLOY / "tierce.toml").read_bytes(), type=Settings)
HOSTS = {name: getattr(SETTINGS, name).url.removeprefix("https://") for name in (*SITES, *OUTER)}
pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not on this machine")


def certificate(folder: Path) -> None:
    """One of all its names, signed by itself."""
    made = self_signed(SystemClock().now() + timedelta(days=1), *HOSTS.values())
    for name in ("fullchain.pem", "key.pem"):
        (folder / name).write_bytes(made)


def trusting(folder: Path) -> ssl.SSLContext:
    """What believes that certificate alone, for its names alone."""
    return ssl.create_default_context(cafile=folder / "fullchain.pem")


def as_debian(folder: Path, secure: int, plain: int, ports: dict[str, int]) -> Path:
    """The example within what Debian's own nginx.conf says, on ports and in a folder of this test."""
    certificate(folder)
    (folder / "status").mkdir()
    shutil.copytree(DEPLOY / "nginx" / "said", folder / "said")
    shutil.copy(DEPLOY / "nginx" / "tierce-proxy.conf", folder)
    text = (DEPLOY / "nginx" / "tierce.conf").read_text("utf-8")
    for there, here in (
        *((f" {port};", f" {here};") for port, here in ports.items()),  # first: one of ours may end as one of theirs
        ("/etc/ssl/tierce/fullchain.pem", str(folder / "fullchain.pem")),
        ("/etc/ssl/private/tierce.pem", str(folder / "key.pem")),
        ("/etc/nginx/tierce-proxy.conf", str(folder / "tierce-proxy.conf")),
        ("/etc/nginx/tierce-said/", f"{folder}/said/"),
        ("/var/www/tierce-status/", f"{folder}/status/"),
        ("/var/log/nginx/", f"{folder}/"),
        ("listen 443", f"listen 127.0.0.1:{secure}"),
        ("listen 80", f"listen 127.0.0.1:{plain}"),
    ):
        assert there in text, there
        text = text.replace(there, here)
    debians = "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;\nssl_prefer_server_ciphers on;\ngzip on;\n"
    debians += f"access_log {folder}/access.log;\n"
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        debians += f"{kind}_temp_path {folder}/{kind};\n"
    # Started by root, nginx gives its workers to somebody who may not look into a folder of this test.
    user = "user root;\n" if os.geteuid() == 0 else ""
    head = f"{user}pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
    whole = f"{head}http {{\n{debians}{text}\n}}\n"
    (folder / "nginx.conf").write_text(whole)
    return folder / "nginx.conf"


class Site(BaseHTTPRequestHandler):
    """Answers with its own port and what it was told of whoever asks, as no site of ours does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        told = {"port": self.connection.getsockname()[1], "path": self.path, "headers": self.headers.items()}
        said = json.dumps({**told, "filling": " " * 4_000}).encode()
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("strict-transport-security", "max-age=1")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_POST(self) -> None:
        """Wait a second for the whole of what is sent, as a process of ours waits thirty."""
        self.connection.settimeout(1)
        left, until = int(self.headers["content-length"]), time.monotonic() + 1
        try:
            while left and time.monotonic() < until:
                left -= len(self.rfile.read1(left))
        except TimeoutError:
            pass
        self.send_response(408 if left else 200)
        self.send_header("content-length", "0")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the server's own name for it
        """Say nothing."""


@dataclass
class Front:
    """A running nginx, and the sites behind it."""

    folder: Path
    secure: int
    plain: int
    sites: dict[str, ThreadingHTTPServer] = field(default_factory=dict)

    def ask(
        self,
        site: str,
        path: str = "/",
        *,
        method: str = "GET",
        host: str | None = None,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:  # fmt: skip - one request
        """Ask on a connection of its own: what a connection was opened for is part of the question."""
        named = HOSTS.get(site, site)
        with httpx.Client(verify=trusting(self.folder), trust_env=False) as web:
            return web.request(
                method,
                f"https://127.0.0.1:{self.secure}{path}",
                headers={"host": host or named, **(headers or {})},
                content=content,
                extensions={"sni_hostname": named},
            )  # fmt: skip - one request


@contextmanager
def running(
    folder: Path,
    *,
    away: tuple[str, ...] = (),
    edit: Callable[[str], str] = lambda text: text,
    site: type[BaseHTTPRequestHandler] = Site,
) -> Iterator[Front]:
    """Run nginx with the example before the sites, save those that are away."""
    with ExitStack() as stack:
        front = Front(folder, free_port(), free_port())
        ports = {}
        for name in HOSTS:
            if name in away:
                ports[str(getattr(SETTINGS, name).port)] = free_port()
                continue
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), site))
            Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            stack.callback(server.shutdown)
            front.sites[name] = server
            ports[str(getattr(SETTINGS, name).port)] = server.server_port
        conf = as_debian(folder, front.secure, front.plain, ports)
        conf.write_text(edit(conf.read_text()))
        process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(conf), "-g", "daemon off;"])
        stack.callback(process.wait)
        stack.callback(process.terminate)
        eventually(lambda: _is_open(front.secure), "nginx listens")
        yield front


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_nginx_accepts_the_example_within_debians_own_settings(tmp_path: Path) -> None:
    conf = as_debian(tmp_path, 8443, 8080, {})
    said = subprocess.run(
        ["nginx", "-t", "-p", str(tmp_path), "-c", str(conf)], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    # From 1.25.1 HTTP/2 is said by a line of its own, which Debian 12's refuses: the example keeps what both take.
    newer = '"listen ... http2" directive is deprecated'
    warned = [line for line in said.stderr.splitlines() if "[warn]" in line and newer not in line]
    assert not warned, said.stderr


def test_nginx_hands_each_name_to_its_own_process_and_answers_to_no_other(tmp_path: Path) -> None:
    with running(tmp_path) as front:
        for name, server in front.sites.items():
            answer = front.ask(name)
            assert answer.json()["port"] == server.server_port, name
            assert answer.headers.get_list("strict-transport-security") == ["max-age=63072000; includeSubDomains"]
        with pytest.raises(httpx.ConnectError):
            front.ask("other.example")
        # One of our names in the handshake and another in the request, over TLS and without.
        with pytest.raises(httpx.RemoteProtocolError):
            front.ask("portal", host="other.example")
        plain = f"http://127.0.0.1:{front.plain}/x?a=1"
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(plain, headers={"host": "other.example"}, trust_env=False)
        moved = httpx.get(plain, headers={"host": HOSTS["portal"]}, trust_env=False)
        assert moved.headers["location"] == f"https://{HOSTS['portal']}/x?a=1"


def test_a_site_is_told_the_address_of_whoever_asks_whatever_she_says_of_it(tmp_path: Path) -> None:
    """The network that a journal line keeps, and the check against a relayed sign-in, rest on it."""
    claimed = {"x-forwarded-for": "198.51.100.9", "forwarded": "for=198.51.100.9", "x_forwarded_for": "198.51.100.9"}
    with running(tmp_path) as front:
        for name in SITES:
            told = [
                value
                for header, value in front.ask(name, headers=claimed).json()["headers"]
                if header.lower() == "x-forwarded-for"
            ]
            assert told == ["127.0.0.1"], name


@pytest.mark.parametrize(("named", "seen"), [("127.0.0.1", "198.51.100.9"), ("192.0.2.10", "127.0.0.1")])
def test_behind_a_balancer_it_is_believed_and_nobody_else(tmp_path: Path, named: str, seen: str) -> None:
    def edit(text: str) -> str:
        text = text.replace("# set_real_ip_from 192.0.2.10;", f"set_real_ip_from {named};")
        text = text.replace("# real_ip_header", "real_ip_header").replace("ssl http2;", "ssl http2 proxy_protocol;")
        return text.replace("ssl default_server;", "ssl proxy_protocol default_server;")

    with running(tmp_path, edit=edit) as front, socket.create_connection(("127.0.0.1", front.secure), 5) as plain:
        plain.sendall(b"PROXY TCP4 198.51.100.9 192.0.2.1 40000 443\r\n")
        with trusting(tmp_path).wrap_socket(plain, server_hostname=HOSTS["api"]) as secured:
            head = (
                f"GET / HTTP/1.1\r\nHost: {HOSTS['api']}\r\nX-Forwarded-For: 203.0.113.5\r\nConnection: close\r\n\r\n"
            )
            secured.sendall(head.encode())
            answer = b"".join(iter(lambda: secured.recv(65_536), b""))
    told = dict(json.loads(answer.partition(b"\r\n\r\n")[2])["headers"])
    assert told["X-Forwarded-For"] == seen


def test_what_is_filled_up_to_one_size_keeps_it(tmp_path: Path) -> None:
    """Debian's nginx.conf compresses pages: whether an incident concerns her could be read from the size."""
    with running(tmp_path) as front:
        answers = [front.ask(name, headers={"accept-encoding": "gzip"}) for name in SITES]
        assert [one.headers.get("content-encoding") for one in answers] == [None] * len(SITES)
    assert len(gzip.compress(b" " * 4_000)) < 100, "as much as it would have told"


def test_a_site_that_is_away_is_told_as_such_whatever_was_asked(tmp_path: Path) -> None:
    with running(tmp_path, away=("portal", "api", "office")) as front:
        (tmp_path / "status" / INSTEAD).write_text("<h1>Cette page ne répond pas</h1>")
        (tmp_path / "status" / "index.html").write_text("<h1>Le service répond</h1>")
        (tmp_path / "status" / "tierce.css").write_text("p {}")
        for site, path, method in (
            ("portal", "/", "GET"), ("portal", "/ask", "POST"), ("office", "/incidents/1/live", "GET"),
        ):  # fmt: skip
            answer = front.ask(site, path, method=method)
            assert (answer.status_code, "Cette page ne répond pas" in answer.text) == (503, True), path
            assert answer.headers["retry-after"] == "30"
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert answer.headers.get_list("strict-transport-security") == ["max-age=63072000; includeSubDomains"]
        # The page's own files, and the page asked for by itself: nothing is wrong with those.
        for path in ("/status/", "/status/tierce.css"):
            alone = front.ask("portal", path)
            assert (alone.status_code, alone.headers.get("retry-after")) == (200, None), path
        # A question may have been asked: software sends it again by these numbers, and would mend itself by another.
        for path, method in (("/v1/rights", "POST"), ("/v1/seats", "GET"), ("/v1/token", "POST"), (FHIR, "POST")):
            assert front.ask("api", path, method=method).status_code == 502, path


@pytest.mark.parametrize("hosted", [0, 1, 2])
def test_software_that_is_hosted_and_a_hospital_have_rates_of_their_own(tmp_path: Path, hosted: int) -> None:
    """All its users come from one address, which may exchange and ask for them; another address is one machine."""

    def edit(text: str) -> str:
        return text.replace("# 198.51.100.7 1;", f"127.0.0.1 {hosted};") if hosted else text

    def refused(front: Front, web: httpx.Client, path: str, most: int = 200) -> httpx.Response | None:
        url, named = f"https://127.0.0.1:{front.secure}{path}", {"sni_hostname": HOSTS["api"]}
        answers = (web.get(url, headers={"host": HOSTS["api"]}, extensions=named) for _ in range(most))
        return next((one for one in answers if one.status_code != 200), None)

    with running(tmp_path, edit=edit) as front, httpx.Client(verify=trusting(tmp_path), trust_env=False) as web:
        found = [
            refused(front, web, "/v1/token"),
            refused(front, web, "/v1/token/", 5),
            refused(front, web, "/v1/rights"),
        ]
        assert [one is not None for one in found] == [not hosted] * 3, "with a slash behind it is the same rate"
        assert refused(front, web, "/v1/back-channel-logout") is None, "a provider tells of many from one address"
        at_once = [refused(front, web, path, 50) for path in ("/v1/sign-in/start", "/sign-in/callback")]
        assert [one is None for one in at_once] == [hosted == 2] * 2, "of hosted software nobody signs in for others"
        signing_in = refused(front, web, "/v1/sign-in/start", 2_000)
        assert signing_in is not None
        for one in filter(None, [*found, signing_in]):
            assert (one.status_code, one.json()["code"], one.headers["retry-after"]) == (429, "too_fast", "2")
            assert one.headers["content-type"].startswith("application/problem+json")


def test_what_nginx_refuses_by_itself_is_said_in_both_languages_and_in_softwares_own_form(tmp_path: Path) -> None:
    with running(tmp_path) as front:
        page = front.ask("portal", "/ask", method="POST", content=b"a" * 70_000)
        assert (page.status_code, page.headers["content-type"]) == (413, "text/html; charset=utf-8")
        assert page.text.index("trop long") < page.text.index("too long")
        for path in ("/v1/rights", FHIR):
            told = front.ask("api", path, method="POST", content=b"a" * 70_000)
            assert (told.status_code, told.json()["code"], told.json()["status"]) == (413, "too_large", 413)
            assert set(told.json()["remedy"]) == {"fr", "en"}
        # Nobody is led there by an address.
        assert front.ask("portal", "/said/fast.html").status_code == 404
        with httpx.Client(verify=trusting(tmp_path), trust_env=False) as web:
            asked = (
                web.get(
                    f"https://127.0.0.1:{front.secure}/", headers={"host": HOSTS["portal"]},
                    extensions={"sni_hostname": HOSTS["portal"]},
                )
                for _ in range(200)
            )  # fmt: skip
            slow = next(one for one in asked if one.status_code != 200)
        assert slow.status_code == 429
        assert slow.text.index("Trop de demandes") < slow.text.index("Too many requests")


def test_ciphers_without_authentication_are_refused(tmp_path: Path) -> None:
    def shaken(front: Front, ciphers: str) -> str | None:
        context = trusting(front.folder)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
        try:
            with (
                socket.create_connection(("127.0.0.1", front.secure), 5) as plain,
                context.wrap_socket(plain, server_hostname=HOSTS["portal"]) as secured,
            ):
                return (secured.cipher() or ("",))[0]
        except (ssl.SSLError, ConnectionResetError):
            return None

    with running(tmp_path) as front:
        assert shaken(front, "ECDHE+AESGCM") is not None
        assert shaken(front, "ECDHE+AES:!AESGCM:!AESCCM") is None


def test_whoever_is_slow_to_say_what_she_wants_is_let_go(tmp_path: Path) -> None:
    """Up to the headers' end the time of the default server holds, sixty seconds unless it says otherwise."""
    given = re.findall(r"client_header_timeout +(\d+)s;", (DEPLOY / "nginx" / "tierce.conf").read_text("utf-8"))
    assert given == ["10", "10"]

    def shorter(text: str) -> str:
        return re.sub(r"(client_header_timeout +)10s;", r"\g<1>1s;", text)

    with (
        running(tmp_path, edit=shorter) as front,
        socket.create_connection(("127.0.0.1", front.secure), 20) as plain,
        trusting(tmp_path).wrap_socket(plain, server_hostname=HOSTS["portal"]) as secured,
    ):
        began = time.monotonic()
        secured.sendall(f"GET / HTTP/1.1\r\nHost: {HOSTS['portal']}\r\nX-Slow: ".encode())
        assert secured.recv(100) == b""
        assert time.monotonic() - began < 10


@pytest.mark.parametrize(("site", "path"), [("portal", "/ask"), ("api", "/v1/rights")])
def test_whoever_sends_byte_by_byte_is_let_go_by_the_site(tmp_path: Path, site: str, path: str) -> None:
    """Nginx bounds the time between two pieces alone: held back there, a form of 64 KiB would take a week."""

    def shorter(text: str) -> str:
        assert "lingering_time              10s;" in text
        return text.replace("lingering_time              10s;", "lingering_time 1s;")

    with (
        running(tmp_path, edit=shorter) as front,
        socket.create_connection(("127.0.0.1", front.secure), 20) as plain,
        trusting(tmp_path).wrap_socket(plain, server_hostname=HOSTS[site]) as secured,
    ):
        began, answered = time.monotonic(), b""
        secured.sendall(f"POST {path} HTTP/1.1\r\nHost: {HOSTS[site]}\r\nContent-Length: 60000\r\n\r\n".encode())
        secured.settimeout(0.05)
        with suppress(OSError):  # it is closed while more is sent
            while time.monotonic() - began < 10:
                secured.sendall(b"a")
                with suppress(TimeoutError):
                    if not (piece := secured.recv(4_096)):
                        break
                    answered += piece
        assert answered.startswith(b"HTTP/1.1 408"), answered[:80]
        assert time.monotonic() - began < 5
