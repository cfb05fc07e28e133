"""What serves or works refuses a database of another schema than its program's, and says so."""

import asyncio
from contextlib import suppress
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.forks import start_tierce, tierce
from tests.integration.conftest import Connect
from tests.settings_file import settings_text
from tests.waiting import eventually
from tierce.kernel.clock import SystemClock
from tierce.settings import Settings, load
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.errors import SchemaOtherError
from tierce.storage.version import head_version, insist_on_schema
from tierce.upkeep.service import make_keys
from tierce.web.billing import desk
from tierce.web.readiness import ROLES, Readiness

AHEAD, BEHIND = "9999", "0010"
STOP_SECONDS_MAX = 60


@pytest.fixture
def file(database: Database, tmp_path: Path) -> Path:
    """The settings of an installation on the database of this test."""
    make_keys(tmp_path / "keys")
    written = tmp_path / "tierce.toml"
    text = settings_text(database, tmp_path / "keys", operator="Rive Claire")
    text += '[peers]\nurl = "http://127.0.0.1:1"\nport = 1\n[signer]\nport = 1\n'
    written.write_text(text)
    return written


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    """The administrator."""
    return connect(SUPERUSER, autocommit=True)


def move(admin: psycopg.Connection, version: str) -> None:
    """Have the database say that it is at this version."""
    admin.execute("update registry_meta.schema_version set version_num = %s", (version,))


def ready(settings: Settings, name: str) -> dict[str, bool]:
    """The checks of one site, as its own role makes them."""
    return asyncio.run(Readiness(name, settings, (), SystemClock()).look(None))


def read(address: str) -> httpx.Response | None:
    """What an address answers, None of a process that is not up."""
    with suppress(httpx.TransportError):
        return httpx.get(address, trust_env=False)
    return None


@pytest.mark.parametrize("version", [AHEAD, BEHIND])
@pytest.mark.parametrize("name", ["office", "persons", "insurers", "signer", "peers", "worker"])
def test_no_process_starts_on_another_schema(
    file: Path, admin: psycopg.Connection, tmp_path: Path, name: str, version: str
) -> None:
    move(admin, version)
    out = tmp_path / "out"
    process = start_tierce("serve", "--only", name, "--settings", file, out=out)
    process.join(STOP_SECONDS_MAX)
    assert process.exitcode not in {None, 0}
    said = out.read_text()
    assert "SchemaOtherError" in said, said
    assert version in said
    assert head_version() in said
    assert "tierce upgrade" in said


@pytest.mark.parametrize("version", [AHEAD, BEHIND])
def test_care_goes_on_by_deposit_while_the_schema_is_another(
    file: Path, admin: psycopg.Connection, tmp_path: Path, version: str
) -> None:
    """An `api` that ended and began again in the middle of an upgrade answers nothing, and takes deposits."""
    move(admin, version)
    out, address = tmp_path / "out", f"http://127.0.0.1:{load(file).api.port}"
    out.touch()
    process = start_tierce("serve", "--only", "api", "--settings", file, out=out)
    try:
        told = eventually(lambda: read(f"{address}/v1/service"), "it serves")
        assert told is not None
        assert (told.status_code, told.json()["open"]) == (200, False), told.text
        asked = httpx.post(f"{address}/v1/rights", json={}, trust_env=False)
        assert (asked.status_code, asked.json()["code"]) == (503, "closed"), asked.text
        assert not httpx.get(f"{address}/health/ready", trust_env=False).json()["checks"]["gate"]
    finally:
        process.terminate()
        process.join(STOP_SECONDS_MAX)
    assert version in out.read_text()
    assert "tierce upgrade" in out.read_text()


def test_what_writes_to_people_and_what_decides_of_money_refuse_it_too(file: Path, admin: psycopg.Connection) -> None:
    move(admin, AHEAD)
    refused = tierce("notice", "run", "--once", "--settings", file)
    assert (refused.returncode, AHEAD in refused.stderr) == (2, True), refused.stderr
    with pytest.raises(SchemaOtherError, match=AHEAD), desk(load(file)):
        pass


@pytest.mark.parametrize("name", sorted(ROLES))
def test_a_process_that_serves_says_that_the_schema_has_gone_on_without_it(
    file: Path, admin: psycopg.Connection, name: str
) -> None:
    settings = load(file)
    assert ready(settings, name)["schema"]
    move(admin, AHEAD)
    found = ready(settings, name)
    assert (found["database"], found["schema"]) == (True, False)


def test_a_database_of_before_roles_could_read_its_version_is_behind(
    database: Database, connect: Connect, file: Path, admin: psycopg.Connection
) -> None:
    insist_on_schema(connect("tierce_office"))
    admin.execute("revoke usage on schema registry_meta from tierce_office")
    with pytest.raises(SchemaOtherError, match="tierce upgrade"):
        insist_on_schema(connect("tierce_office"))
    assert not ready(load(file), "office")["schema"]
