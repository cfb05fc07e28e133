"""The doctor greets the relay of e-mail: one that is away is known before a message waits."""

import socket
import threading
from pathlib import Path

import msgspec

from tests.settings_file import settings_text
from tierce.settings import MailSettings, load
from tierce.storage.database import Database
from tierce.upkeep.doctor import outside
from tierce.upkeep.doctor.model import Grade


def test_a_relay_that_does_not_greet_is_named(tmp_path: Path) -> None:
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(Database("127.0.0.1", 1, "x", tmp_path), tmp_path, operator="Rive Claire"))
    assert outside.relay(load(file)) == [], "none is set"
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            with listening.accept()[0] as connection:
                connection.sendall(b"220 relay\r\n")

        port = listening.getsockname()[1]
        mail = MailSettings("127.0.0.1", port, "a@b.example", "b.example", "b.example", "t", "/none")
        settings = msgspec.structs.replace(load(file), mail=mail)
        greets = threading.Thread(target=greet)
        greets.start()
        assert [one.grade for one in outside.relay(settings)] == [Grade.GOOD]
        greets.join()
    assert [(one.code, one.grade) for one in outside.relay(settings)] == [("relay", Grade.BAD)]
