"""`tierce remote`: who is asked on the way is said by command, with a line and a reason; the doctor watches."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from typer.testing import CliRunner

from tests.integration.fresh import as_superuser
from tests.integration.world import World, make_world
from tests.settings_file import settings_text
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import InsurerId
from tierce.policy.acts import Act
from tierce.storage.database import Database
from tierce.storage.insurer_keys import make_insurer_keys
from tierce.storage.keys import Keyring
from tierce.upkeep import remote
from tierce.upkeep.doctor import remote as doctor
from tierce.upkeep.doctor.model import Grade

pytestmark = pytest.mark.integration
ADDRESS = "https://droits.lac.example/rights"


def test_an_insurer_is_declared_watched_and_cut(
    database: Database, key_directory: Path, keyring: Keyring, tmp_path: Path
) -> None:
    world: World = make_world(database)
    world.run("insert into registry.insurer (id, amc, name) values (2, '99000002', 'Prévoyance du Lac')")
    world.run("insert into person.record values (1, 1, 'x')")
    file, key = tmp_path / "tierce.toml", tmp_path / "lac.pub"
    file.write_text(settings_text(world.database, key_directory, operator="Rive Claire"))
    public = Ed25519PrivateKey.generate().public_key()
    key.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(remote.app, [*words, "--settings", str(file)])
        return done.exit_code, done.output

    def declare(amc: str, url: str = ADDRESS, why: str = "convention") -> int:
        return run("declare", amc, "--url", url, "--key", str(key), "--why", why)[0]

    assert declare("99000001") == 1, "copies of its people are here"
    assert declare("99000009") == 1, "none has this number"
    code, told = run("declare", "99000002", "--url", ADDRESS, "--key", str(key), "--why", "convention")
    assert (code, "tierce feed insurers FILE" in told) == (1, True), "nothing seals what it would answer"
    with as_superuser(world.database) as admin:
        make_insurer_keys(admin, keyring, [InsurerId(2)])
    assert declare("99000002", "http://droits.lac.example/") == 2
    assert declare("99000002", "https://somebody@droits.lac.example/") == 2
    assert declare("99000002", why=" ") == 2
    assert world.scalar("select count(*) from journal.entry") == 0
    assert run("end", "99000002", "--why", "x")[0] == 1

    assert declare("99000002") == 0
    assert declare("99000002", why="another key") == 0
    assert world.scalar("select array_agg(ended is null order by id) from registry.remote") == [False, True]
    assert world.scalar("select public_key from registry.remote where ended is null") == public.public_bytes_raw()
    told = run("list", "--json", "-")[1]
    assert ADDRESS in told
    assert '"answered":0' in told

    def says() -> list[tuple[str, Grade]]:
        with world.database.connect("tierce_upkeep") as connection:
            return [(one.code, one.grade) for one in doctor.insurers(connection, SystemClock())]

    assert says() == [("insurers-asked", Grade.GOOD)]
    world.run("insert into registry.remote_state (insurer, failed_how, away_until)"
              " values (2, 'slow', now() + interval '1 minute')")  # fmt: skip
    assert says() == [("insurer-away", Grade.WARNING)]

    assert run("end", "99000002", "--why", "over")[0] == 0
    assert says() == []
    acts = world.scalar("select array_agg(get_byte(body, 2)) from journal.entry where kind = 9")
    assert acts == [Act.INSURER_REMOTE.value] * 3

    code, printed = run("key")
    assert code == 0
    assert load_pem_public_key(printed.encode()) == keyring.instance("api").public_key()
