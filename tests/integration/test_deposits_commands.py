"""The commands of deposits and of the status page, as an operator types them."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from tests.integration.depositing import card, open_shop, optician
from tests.integration.signin_world import free_port
from tests.integration.world import World, make_world
from tests.settings_file import settings_text
from tests.waiting import eventually
from tierce.kernel.clock import FixedClock
from tierce.settings import OperatorSettings, load
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.upkeep import deposits, status
from tierce.web.names import SERVICE
from tierce.web.status.answering import SILENT_AFTER, Answering
from tierce.web.status.page import StatusPage

CHOICE = ("--domain", "OPTI", "--up-to", "120", "--from", "2026-01-01", "--until", "2027-12-31", "--by", "lettre")


@pytest.fixture
def world(database: Database) -> World:
    made = make_world(database)
    made.run("delete from journal.instance")
    return made


def test_choices_counts_and_resolution_by_hand(
    world: World, keyring: Keyring, key_directory: Path, tmp_path: Path
) -> None:
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(world.database, key_directory, operator="Rive Claire"))

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(deposits.app, [*words, "--settings", str(file)])
        return done.exit_code, done.output

    assert run("choice", "12345678", *CHOICE)[0] == 2
    code, said = run("choice", "99000001", *CHOICE)
    assert (code, "120" in said) == (0, True), said
    assert "120.00" in run("choices")[1]
    assert world.scalar("select count(*) from journal.entry where kind = 9") == 1
    assert "at most 3 days before" in run("choices")[1]
    assert run("choice", "99000001", *CHOICE, "--days-before", "4")[0] == 2
    assert "at most 1 days before" in run("choice", "99000001", *CHOICE, "--days-before", "1")[1]
    shop = open_shop(world, keyring, key_directory.parent / "spool")
    asyncio.run(shop.leave(optician(world), card()))
    shop.counter.turn()
    code, said = run("resolve", "--json", "-")
    assert code == 0, said
    assert '"guaranteed":1' in said
    assert '{"state":"guaranteed","reason":"none","deposits":1}' in run("list", "--json", "-")[1]
    assert "D-" in run("list")[1]
    shop.spool.close()


@contextmanager
def answering_site(port: int, *, store: bool = True) -> Iterator[None]:
    """Something that answers where `api` would, and is gone with the context."""

    class Alive(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == SERVICE else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"open": store, "store": store, "closed": []}).encode())

        def log_message(self, *_words: object) -> None:
            return

    with HTTPServer(("127.0.0.1", port), Alive) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def test_the_status_page_says_that_nothing_answers_once_a_restart_would_be_over() -> None:
    clock, port = FixedClock(datetime(2026, 11, 27, 9, tzinfo=UTC)), free_port()
    answering = Answering(port, clock)
    began = clock.now()
    assert not answering.ask()
    assert answering.silent_since() is None, "it may be restarting"
    clock.advance(SILENT_AFTER)
    assert not answering.ask()
    assert answering.silent_since() == began
    with answering_site(port), answering.asked(lambda: None):
        eventually(lambda: answering.silent_since() is None, "asked again, by itself")
    assert not answering.ask()
    assert answering.silent_since() is None


def test_the_status_page_says_what_users_meet_though_the_worker_waits_or_is_answered(
    world: World, tmp_path: Path
) -> None:
    """A store that hangs holds the worker; one without a free connection answers the worker, and not `api`."""
    clock, port = FixedClock(datetime(2026, 11, 27, 9, tzinfo=UTC)), free_port()
    answering = Answering(port, clock)
    page = StatusPage(tmp_path, OperatorSettings("a", "b", "c", "d", "e"), clock, answering)
    title = ">Le registre ne répond pas</h1>"
    with world.database.connect("tierce_worker") as connection, answering_site(port, store=False):
        page.write(connection)
        assert title not in (tmp_path / "index.html").read_text()
        assert answering.ask()
        page.write_when_stuck()
        assert title not in (tmp_path / "index.html").read_text(), "it may be a restart, and the worker came just now"
        clock.advance(SILENT_AFTER)
        assert answering.ask()
        page.write_when_stuck()
        assert title in (tmp_path / "index.html").read_text(), "the worker comes no more"
        page.write(connection)
        assert title in (tmp_path / "index.html").read_text(), "the worker is answered, users are not"
    with world.database.connect("tierce_worker") as connection, answering_site(port):
        assert answering.ask()
        clock.advance(SILENT_AFTER)
        page.write_when_stuck()
        assert title not in (tmp_path / "index.html").read_text(), "the worker waits on, and users are answered"
        page.write(connection)
        assert title not in (tmp_path / "index.html").read_text(), "both are answered"


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("away", [False, True])
def test_the_status_page_is_written_whatever_answers_or_not(
    world: World, key_directory: Path, tmp_path: Path, *, away: bool, silent: bool
) -> None:
    database = Database("127.0.0.1", free_port(), "x", world.database.secrets) if away else world.database
    file, folder = tmp_path / "tierce.toml", tmp_path / "page"
    text = settings_text(database, key_directory, operator="Rive Claire")
    api = '[api]\nurl = "http://127.0.0.1:1"\nport = '
    file.write_text(text.replace(f"{api}1\n", f"{api}{free_port()}\n"))
    with nullcontext() if silent else answering_site(load(file).api.port):
        done = CliRunner().invoke(status.app, ["--write", str(folder), "--settings", str(file)])
    assert done.exit_code == 0, done.output
    page = (folder / "index.html").read_text()
    works = "Le registre ne répond pas" if away else "Le service répond"
    assert f">{'Le service ne répond pas' if silent else works}</h1>" in page
    works = "The register does not answer" if away else "The service answers"
    assert ("The service does not answer" if silent else works) in page
    assert page.count("répond</span>") == (0 if silent else 1 if away else 2), "questions and deposits"
    assert "<script" not in page
    assert (folder / "tierce.css").exists()
    # In the place of a page that does not answer, nobody reads that all is well.
    instead = (folder / "instead.html").read_text()
    assert ("Cette page ne répond pas" in instead) == (not away and not silent)
    assert "répond</span>" not in instead or away or silent
    assert not list(folder.glob(".*")), "nothing is left half-written"
