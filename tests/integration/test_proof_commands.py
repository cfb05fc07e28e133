"""`tierce incident` and `tierce controls`, run as an operator does."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forks import tierce
from tests.integration.asks import ORIGIN
from tests.integration.inspected import EARLIER_DIGEST, EARLIER_RULES, Inspected, inspected, verify
from tests.integration.logs import log_of, segments_folder
from tests.settings_file import settings_text
from tierce.incidents.rules import incident_reference
from tierce.journal.encoding import decode
from tierce.journal.note import verifier_key
from tierce.kernel.clock import PARIS
from tierce.kernel.ids import staff_id
from tierce.policy.acts import Act
from tierce.policy.digest import policy_digest
from tierce.storage.cluster import Cluster
from tierce.storage.database import Database

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("proofs")


@pytest.fixture(scope="module")
def house(cluster: Cluster, template: Database, home: Path) -> Iterator[Inspected]:
    with inspected(cluster, template, home) as found:
        yield found


@pytest.fixture(scope="module")
def settings(house: Inspected, home: Path) -> Path:
    keys = home / "keys"
    (keys / "log.pub").write_text(verifier_key(ORIGIN, house.room.keyring.instance("worker").public_key()))
    admin = house.room.admin
    folders = f'log = "{log_of(admin).path}"\nsegments = "{segments_folder(admin)}"\n'
    path = home / "tierce.toml"
    path.write_text(folders + settings_text(house.database, keys, operator="Rive Claire"), encoding="utf-8")
    return path


def test_a_pack_is_made_by_its_reference_and_the_journal_says_by_whom(
    house: Inspected, settings: Path, tmp_path: Path
) -> None:
    reference = incident_reference(house.incident.id, house.incident.day)
    assert reference in tierce("incident", "list", "--settings", settings).stdout
    out = tmp_path / "dossier.zip"
    command = ("incident", "pack", reference, "--out", out, "--by", "Marc Tessier", "--settings", settings)
    done = tierce(*command, "--json", "-")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    with zipfile.ZipFile(out) as archive:
        archive.extractall(tmp_path / "dossier")
        assert made["files"] == len(archive.namelist())
    code, said = verify(tmp_path / "dossier")
    assert code == 0, said
    row = house.room.admin.execute("select body from journal.entry order by seq desc limit 1").fetchone()
    assert row is not None
    line = decode(row[0])
    assert (line.act, line.reference) == (Act.STAFF_PACK, house.incident.id)
    assert line.professional == staff_id("command:Marc Tessier")
    assert int(line.device) == int(made["sha256"][:16], 16) >> 1
    again = tierce(*command)
    assert (again.returncode, "existe déjà" in again.stderr) == (2, True)
    unknown = tierce("incident", "pack", "I-19990101-ABCD", "--out", tmp_path / "x.zip", "--settings", settings)
    assert (unknown.returncode, "tierce incident list" in unknown.stderr) == (2, True)


def test_controls_are_listed_looked_at_and_opened_for_a_day(house: Inspected, settings: Path) -> None:
    assert "test_what_is_taken_is_in_the_journal_first" in tierce("controls", "list").stdout
    checked = tierce("controls", "check", "--settings", settings, "--json", "-")
    found = json.loads(checked.stdout)
    assert (checked.returncode, found["overdue"]) == (0, []), found
    assert found["checks"]["grants"]["standing"] == "holds"
    day = house.room.clock.now().astimezone(PARIS).date().isoformat()
    shown = tierce("controls", "show", "--on", day, "--settings", settings)
    assert shown.stdout.startswith(f"tierce-controls-v1\nday {day}\n"), shown.stderr
    none = tierce("controls", "show", "--on", "2020-01-01", "--settings", settings)
    assert (none.returncode, "No snapshot was taken" in none.stderr) == (2, True)
    taken = tierce("controls", "snapshot", "--settings", settings)
    assert taken.returncode == 0, taken.stderr
    assert "is taken" in tierce("controls", "snapshot", "--settings", settings).stdout
    rules = tierce("controls", "rules", "--settings", settings).stdout.splitlines()
    assert [line.split()[0] for line in rules] == [policy_digest().hex(), EARLIER_DIGEST.hex()]
    one = tierce("controls", "rules", EARLIER_DIGEST.hex()[:6].upper(), "--settings", settings)
    assert (one.returncode, one.stdout) == (0, EARLIER_RULES)
    unknown = tierce("controls", "rules", "ffff", "--settings", settings)
    assert (unknown.returncode, unknown.stdout, "says them all" in unknown.stderr) == (2, "", True)
