"""The commands of deposits and of the status page, as an operator types them."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.integration.depositing import card, open_shop, optician
from tests.integration.signin_world import free_port
from tests.integration.world import World, make_world
from tests.settings_file import settings_text
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.upkeep import deposits, status

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
    shop = open_shop(world, keyring, key_directory.parent / "spool")
    asyncio.run(shop.leave(optician(world), card()))
    shop.counter.turn()
    code, said = run("resolve", "--json", "-")
    assert code == 0, said
    assert '"guaranteed":1' in said
    assert '{"state":"guaranteed","reason":"none","deposits":1}' in run("list", "--json", "-")[1]
    assert "D-" in run("list")[1]
    shop.spool.close()


@pytest.mark.parametrize("away", [False, True])
def test_the_status_page_is_written_whether_the_database_answers_or_not(
    world: World, key_directory: Path, tmp_path: Path, *, away: bool
) -> None:
    database = Database("127.0.0.1", free_port(), "x", world.database.secrets) if away else world.database
    file, folder = tmp_path / "tierce.toml", tmp_path / "page"
    file.write_text(settings_text(database, key_directory, operator="Rive Claire"))
    done = CliRunner().invoke(status.app, ["--write", str(folder), "--settings", str(file)])
    assert done.exit_code == 0, done.output
    page = (folder / "index.html").read_text()
    expected = "Le registre ne répond pas" if away else "Le service répond"
    assert f">{expected}</h1>" in page
    assert ("The register does not answer" if away else "The service answers") in page
    assert "<script" not in page
    assert (folder / "tierce.css").exists()
    assert not list(folder.glob(".*")), "nothing is left half-written"
