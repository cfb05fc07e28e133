"""The commands of presence, as an operator types them: signers, peers, certificates, each with its journal line."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from tests.integration.world import World, make_world
from tests.settings_file import settings_text
from tierce.journal.encoding import decode
from tierce.policy.acts import Act
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.upkeep import presence

pytestmark = pytest.mark.integration

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def world(database: Database) -> World:
    made = make_world(database)
    made.run("delete from journal.instance")
    return made


@pytest.fixture
def run(world: World, key_directory: Path, tmp_path: Path) -> Run:
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(world.database, key_directory, operator="Rive Claire"))

    def typed(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(presence.app, [*words, "--settings", str(file)])
        return done.exit_code, done.output

    return typed


def lines(world: World) -> list[tuple[Act, int, int]]:
    """Act, insurer and reference of each journal line, in order."""
    with world.database.connect(SUPERUSER) as admin:
        rows = admin.execute("select body from journal.entry order by seq").fetchall()
    entries = [decode(bytes(body)) for (body,) in rows]
    return [(Act(entry.act), int(entry.insurer), int(entry.reference)) for entry in entries]


def public_key(folder: Path, name: str = "peer.pub") -> str:
    file = folder / name
    key = Ed25519PrivateKey.generate().public_key()
    file.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return str(file)


def test_each_insurer_gets_one_signer_and_another_after_a_revocation(world: World, run: Run) -> None:
    code, said = run("signers", "--json", "-")
    assert code == 0, said
    told = msgspec.json.decode(said)
    insurers = world.scalar("select count(*) from registry.insurer")
    assert told["made"] == len(told["signers"]) == insurers
    first = told["signers"][0]
    assert first["signs"] is True
    assert msgspec.json.decode(run("signers", "--json", "-")[1])["made"] == 0, "one each"
    assert run("revoke", str(first["signer"]), "--why", "copied disk")[0] == 0
    code, said = run("revoke", str(first["signer"]), "--why", "copied disk")
    assert (code, "no key" in said) == (1, True)
    again = msgspec.json.decode(run("signers", "--json", "-")[1])
    assert again["made"] == 1
    assert [one["signs"] for one in again["signers"] if one["amc"] == first["amc"]] == [False, True]
    assert "revoked" in run("signers")[1]
    told_acts = lines(world)
    assert [act for act, _, _ in told_acts] == [Act.PRESENCE_SIGNER] * (insurers + 2)
    assert told_acts[insurers][2] == first["signer"]


def test_a_peer_is_registered_ends_and_may_not_be_an_insurer_that_is_not_here(
    world: World, run: Run, tmp_path: Path
) -> None:
    key = public_key(tmp_path)
    code, said = run("peer", "oct-merle", "--key", key)
    assert (code, "tierce feed presence FILE --peer oct-merle" in said) == (0, True)
    code, said = run("peer", "prevoyance", "--key", key, "--insurer", "99999999")
    assert (code, "no insurer has this AMC number" in said) == (1, True)
    weak = tmp_path / "weak.pub"
    weak.write_bytes(
        generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    for wrong in (str(weak), str(tmp_path / "none.pub"), __file__):
        code, said = run("peer", "other", "--key", wrong)
        assert (code, said.startswith("✗ rien n’a été inscrit / nothing was registered")) == (2, True)
    assert world.scalar("select array_agg(name) from presence.peer") == ["oct-merle"]
    assert run("end-peer", "oct-merle", "--why", "contract ended")[0] == 0
    assert run("end-peer", "oct-merle", "--why", "contract ended")[0] == 1
    assert world.scalar("select revoked_why from presence.peer") == "contract ended"
    assert [act for act, _, _ in lines(world)] == [Act.PRESENCE_SIGNER] * 2


def test_software_may_declare_readings_until_it_may_no_more(world: World, run: Run) -> None:
    world.run("insert into directory.software values (7, 1, 'Officine') on conflict do nothing")
    assert run("certify", "7")[0] == 0
    assert world.scalar("select count(*) from presence.certified where software = 7") == 1
    code, said = run("certify", "4242")
    assert (code, "no software has this number" in said) == (1, True)
    assert run("certify", "1")[0] == 2, "the portal is never certified"
    assert run("certify", "7", "--end")[0] == 0
    code, said = run("certify", "7", "--end")
    assert (code, "nothing already" in said) == (1, True)
    told = [(act, reference) for act, _, reference in lines(world)]
    assert told == [(Act.PRESENCE_CERTIFIED, 7)] * 2
