"""The way to a relay on another machine: encrypted, signed in, or nothing leaves."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.certificates import self_signed
from tests.integration.messages_world import kept, mail_server
from tests.mailbox import mailbox
from tierce.kernel.clock import SystemClock
from tierce.notices.deliveries.errors import LoginRefusedError, MailServerError, TlsMissingError
from tierce.notices.deliveries.model import MailServer, Reply
from tierce.notices.deliveries.smtp import Line

pytestmark = pytest.mark.integration
MESSAGE = b"Message-ID: <0123456789abcdef0123@riveclaire.example>\r\n\r\nBonjour.\r\n"
PASSWORD = "un mot de passe d'essai"


def certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1, signed by itself, with its key in the same file."""
    path = folder / "relay.pem"
    path.write_bytes(self_signed(SystemClock().now() + timedelta(days=1), "127.0.0.1"))
    return path


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int, Path]]:
    """A real server that takes nothing outside TLS nor before its login: folder, port, certificate."""
    folder = tmp_path_factory.mktemp("relay")
    pem = certificate(folder)
    with mailbox(folder, "--certificate", str(pem), "--login", "rive", PASSWORD) as port:
        yield folder, port, pem


def server(folder: Path, port: int, tmp_path: Path, password: str = PASSWORD) -> MailServer:
    given = tmp_path / "password"
    given.write_text(f"{password}\n", encoding="utf-8")
    return mail_server(tmp_path, port, starttls=True, user="rive", password=given)


@contextmanager
def line(one: MailServer) -> Iterator[Line]:
    opened = Line(one)
    try:
        yield opened
    finally:
        opened.close()


def test_i4_a_message_goes_encrypted_and_signed_in_to_a_relay_that_is_known(
    relay: tuple[Path, int, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, port, pem = relay
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    before = len(kept(folder))
    with line(server(folder, port, tmp_path)) as to:
        assert to.send("retour-00@retours.example", "anne@foyer.example", MESSAGE) == Reply(250, "2.0.0")
        refused = to.send("retour-00@retours.example", "550-5.1.1-anne@foyer.example", MESSAGE)
        assert refused == Reply(550, "5.1.1")
        for odd in ("josé@foyer.example", "anne@foyer.example>\r\nRCPT TO:<eve@elsewhere.example"):
            assert to.send("retour-00@retours.example", odd, MESSAGE) == Reply(553, "5.1.3")
        assert to.send("retour-00@retours.example", "paul@foyer.example", MESSAGE) == Reply(250, "2.0.0")
    taken = kept(folder)[before:]
    assert {path.read_bytes().split(b"\r\n")[1] for path in taken} == {
        b"Delivered-To: anne@foyer.example", b"Delivered-To: paul@foyer.example",
    }  # fmt: skip
    assert all(path.read_bytes().endswith(b"\r\n\r\nBonjour.\r\n") for path in taken)


def test_i4_a_certificate_that_nobody_vouches_for_ends_it_before_the_login(
    relay: tuple[Path, int, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, port, _ = relay
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path / "other")))
    before = kept(folder)
    with pytest.raises(TlsMissingError):
        Line(server(folder, port, tmp_path))
    assert kept(folder) == before


def test_i4_a_refused_login_ends_it_and_nothing_leaves(
    relay: tuple[Path, int, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, port, pem = relay
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    before = kept(folder)
    with pytest.raises(LoginRefusedError) as told:
        Line(server(folder, port, tmp_path, "un autre"))
    assert not re.search("autre|rive", str(told.value))
    assert kept(folder) == before


def test_i4_a_relay_without_starttls_or_one_that_wants_it_gets_nothing_in_clear(
    relay: tuple[Path, int, Path], tmp_path: Path
) -> None:
    with mailbox(tmp_path / "plain") as port, pytest.raises(TlsMissingError):
        Line(server(tmp_path, port, tmp_path))
    assert not kept(tmp_path / "plain")
    folder, port, _ = relay
    before = kept(folder)
    with pytest.raises((MailServerError, LoginRefusedError)):
        Line(
            mail_server(tmp_path, port, starttls=False, user="rive", password=server(folder, port, tmp_path).password)
        )
    assert kept(folder) == before


def test_i4_another_machine_is_never_spoken_to_in_clear(tmp_path: Path) -> None:
    """Reached as another machine would be, by an address that is not the loopback's name."""
    with mailbox(tmp_path / "plain") as port, pytest.raises(TlsMissingError):
        Line(mail_server(tmp_path, port, host="0.0.0.0", starttls=False))  # noqa: S104 - an address to connect to
    assert not kept(tmp_path / "plain")
