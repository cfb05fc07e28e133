"""Units, nginx example and settings example hold together, and the tools that will read them accept them."""

import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.integration.units import lasting_units
from tests.waiting import eventually
from tierce.insurers.breaches.rules import REPORT_BYTES_MAX
from tierce.kernel.ids import InsurerId
from tierce.policy.deposits import SPOOL_BYTES_MAX
from tierce.policy.kept import Hand, Kept
from tierce.policy.retention import RETENTION
from tierce.settings import Settings
from tierce.storage.errors import KeyMissingError, SealBrokenError
from tierce.storage.heartbeat import JOBS
from tierce.storage.keys import (
    BANK_KEY,
    COMPARTMENT_KEYS,
    DEPOSIT_KEY,
    NO_KEY,
    Compartment,
    Keyring,
    create_keys,
    wrap_key,
)
from tierce.upkeep.backup.service import NAMED, forget_old
from tierce.upkeep.service import INSTANCES, LENDING_KEY, make_keys
from tierce.web.api import app as api
from tierce.web.insurers import app as insurers
from tierce.web.names import BESIDE, EVERY, INNER, KEYS, OUTER, SITES
from tierce.web.office import app as office
from tierce.web.persons import app as persons
from tierce.web.portal import app as portal
from tierce.web.readiness import ROLES

DEPLOY = Path(__file__).parents[2] / "deploy"
RUNBOOKS = DEPLOY.parent / "docs" / "runbooks"
PROMTOOL = shutil.which("promtool") or shutil.which(DEPLOY.parent / "var" / "tools" / "promtool")
MASTERS = set(COMPARTMENT_KEYS.values())
PAIRED = {DEPOSIT_KEY, BANK_KEY}
"""Private keys whose public halves lie in other processes: the one before opens what was sealed to it."""
UNITS = sorted((DEPLOY / "systemd").glob("*.*"))


def test_there_is_a_unit_for_each_process_and_it_is_handed_its_own_files() -> None:
    for name in EVERY:
        text = (DEPLOY / "systemd" / f"tierce-{name}.service").read_text("utf-8")
        handed = {line.split(":")[0] for line in re.findall(r"^LoadCredential=(.*)$", text, re.M)}
        keys = {one.removesuffix(".key") for one in handed if one.endswith(".key")}
        wanted = {str(one) for one in KEYS.get(name, ())} | ({f"instance-{name}"} if name != "portal" else set())
        wanted |= {f"{master}.{when}" for master in wanted & MASTERS for when in ("next", "previous")}
        wanted |= {f"{one}.previous" for one in wanted & PAIRED}
        assert keys == wanted | ({"instance-log"} if name == "worker" else set()), name
        role = {**ROLES, "worker": "tierce_worker", "billing": "tierce_billing"}.get(name)
        passwords = {f"{one}.password" for one in (role, *BESIDE.get(name, ())) if one}
        assert {one for one in handed if one.endswith(".password")} == passwords, name
        assert re.search(r"^(?:Load|Set)Credential=", text, re.M), f"{name} would try to read every secret"
        for hard in ("DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=\n"):
            assert hard in text, (name, hard)


def test_an_upgrade_puts_in_place_what_an_install_does() -> None:
    """What a version mends in a unit, a folder or the proxy reaches an installation that stands."""
    install, upgrade = ((RUNBOOKS / f"{name}.md").read_text("utf-8") for name in ("install", "upgrade"))
    placed = re.findall(r"^ *\$ ((?:/opt/tierce/bin/pip )?install .*)$", install, re.M)
    kept_by_hand = ("/etc/tierce/tierce.toml", "/etc/nginx/conf.d/tierce.conf")  # names were put in
    assert len(placed) > 6
    for line in placed:
        assert line in upgrade or line.endswith(kept_by_hand), line
    assert "diff deploy/nginx/tierce.conf /etc/nginx/conf.d/tierce.conf" in upgrade


def test_every_key_file_that_a_unit_is_handed_is_made_with_the_keys_or_may_be_left_out(tmp_path: Path) -> None:
    make_keys(tmp_path)
    for unit in UNITS:
        text = unit.read_text("utf-8")
        handed = re.findall(r"^LoadCredential=(\S+):/etc/tierce/keys/(\S+)$", text, re.M)
        assert all(name == file for name, file in handed), unit.name
        missing = {file for _, file in handed if not (tmp_path / file).is_file()}
        # Without a value of its own, a file that is not there keeps the unit from starting.
        instead = re.findall(r"^SetCredential=(\S+\.key):(.*)$", text, re.M)
        assert missing == {file for file, _ in instead}, unit.name
        assert all(value.encode() == NO_KEY for _, value in instead), unit.name
        masters = MASTERS & {file.removesuffix(".key") for file, _ in handed}
        replaced = {f"{one}.{when}.key" for one in masters for when in ("next", "previous")}
        paired = PAIRED & {file.removesuffix(".key") for file, _ in handed}
        assert missing == replaced | {f"{one}.previous.key" for one in paired}, unit.name


def test_a_process_reads_the_master_that_takes_the_place_of_its_own_only_when_it_was_handed_one(
    tmp_path: Path,
) -> None:
    make_keys(tmp_path)
    new, place = bytes(range(32)), (Compartment.PERSON, InsurerId(1), 1)
    wrapped = wrap_key(new, *place, b"k" * 32)
    (tmp_path / "person.next.key").write_bytes(NO_KEY)
    with pytest.raises(SealBrokenError):
        Keyring(tmp_path, ["person"]).unwrap("person", *place, wrapped)
    (tmp_path / "person.next.key").write_bytes(new)
    assert Keyring(tmp_path, ["person"]).unwrap("person", *place, wrapped) == b"k" * 32
    (tmp_path / "person.next.key").write_bytes(new[:4])
    with pytest.raises(KeyMissingError, match=r"person\.next\.key holds 4 bytes"):
        Keyring(tmp_path, ["person"])
    notices = (DEPLOY / "systemd" / "tierce-notices.service").read_text("utf-8")
    assert f"LoadCredential={LENDING_KEY}:" in notices, "it cannot make one where it runs"


def test_the_example_settings_are_read_and_name_every_site() -> None:
    settings = msgspec.toml.decode((DEPLOY / "tierce.toml").read_bytes(), type=Settings)
    nginx = (DEPLOY / "nginx" / "tierce.conf").read_text("utf-8")
    for site in (*SITES, *OUTER):
        given = getattr(settings, site)
        host = given.url.removeprefix("https://")
        assert re.search(rf"^ +{re.escape(host)} +{given.port};$", nginx, re.M), site


def test_the_proxy_lets_through_what_each_site_takes() -> None:
    """A form that the proxy cuts shorter than its site does is refused in the proxy's words, at the worst moment."""
    text = (DEPLOY / "nginx" / "tierce.conf").read_text("utf-8")
    general = re.search(r"^    client_max_body_size +(\d+)k;", text, re.M)
    assert general
    forms = (portal.FORM_BYTES_MAX, office.FORM_BYTES_MAX, persons.FORM_BYTES_MAX, insurers.FORM_BYTES_MAX)
    assert int(general[1]) * 1024 >= max(*forms, api.BODY_BYTES_MAX)
    report = re.search(r"location ~ (\S+) \{ client_max_body_size (\d+)k; client_body_buffer_size (\d+)k;", text)
    assert report
    assert re.fullmatch(report[1], "/incidents/12/report")
    assert int(report[2]) * 1024 >= REPORT_BYTES_MAX + 8_192
    assert report[2] == report[3], "the rest would be written to the disk"
    handed = (DEPLOY / "nginx" / "tierce-proxy.conf").read_text("utf-8")
    assert re.search(r"^proxy_max_temp_file_size 0;$", handed, re.M), "letters would be written to the disk"


def test_every_folder_that_settings_and_units_name_is_made_and_every_unit_is_on_the_page() -> None:
    made = {
        line.split()[1] for line in (DEPLOY / "tmpfiles.conf").read_text("utf-8").splitlines() if line[:2] == "d "
    }
    settings = msgspec.toml.decode((DEPLOY / "tierce.toml").read_bytes(), type=Settings)
    named = {str(one) for one in (
        settings.spool_directory(), settings.log_directory(), settings.segments_directory(),
        settings.letters_directory(), settings.deposits.status,
    )}  # fmt: skip
    groups = set(re.findall(r"^g (\S+)", (DEPLOY / "sysusers.conf").read_text("utf-8"), re.M))
    page = (RUNBOOKS / "install.md").read_text("utf-8")
    for unit in UNITS:
        text = unit.read_text("utf-8")
        named |= {path for line in re.findall(r"^ReadWritePaths=(.*)$", text, re.M) for path in line.split()}
        for line in re.findall(r"^(?:Supplementary)?Groups?=(.*)$", text, re.M):
            assert set(line.split()) <= groups, unit.name
        if "[Install]" in text and unit.name != "tierce-witness.service":
            assert unit.name.removesuffix(".service") in page, unit.name
    assert named <= made, named - made


def test_each_job_may_write_where_it_writes_and_removes() -> None:
    """A unit sees a read-only system: a folder that it was not given back ends its job with an error, each night."""
    settings = msgspec.toml.decode((DEPLOY / "tierce.toml").read_bytes(), type=Settings)
    needed = {
        "retention": {settings.letters_directory()},
        "seal": {settings.segments_directory()},
        "worker": {settings.log_directory(), settings.spool_directory(), Path(str(settings.deposits.status))},
        "api": {settings.spool_directory()},
    }
    for name, folders in needed.items():
        text = (DEPLOY / "systemd" / f"tierce-{name}.service").read_text("utf-8")
        given = {Path(one) for line in re.findall(r"^ReadWritePaths=(.*)$", text, re.M) for one in line.split()}
        assert "ProtectSystem=strict" in text, name
        assert folders <= given, name


def test_each_alert_has_its_page_and_its_line_on_the_page_of_alerts() -> None:
    rules = (DEPLOY / "alerts.yml").read_text("utf-8")
    alerts = re.findall(r"- alert: (\w+)\n +expr: .+\n(?: +for: \w+\n)? +annotations: {.+, runbook: (\S+)}", rules)
    assert len(alerts) == rules.count("- alert:")
    lines = (RUNBOOKS / "health-and-alerts.md").read_text("utf-8")
    for name, page in alerts:
        assert (RUNBOOKS / Path(page).name).is_file(), page
        assert f"`{name}`" in lines, name
    # A file of figures that grows old, or that is gone, silences every alert on it but this one.
    (old,) = re.findall(r"- alert: FiguresOld\n +expr: (.+)", rules)
    stamp = "tierce_figures_timestamp_seconds"
    assert old == f"time() - {stamp} > 300 or absent({stamp})"
    # Each job that a timer runs at night has its alert, and the spool's comes before it is full.
    jobs = set(re.findall(r'tierce_job_ended_timestamp_seconds{kind="(\w+)"}', rules))
    timed = {unit.stem.removeprefix("tierce-") for unit in UNITS if unit.suffix == ".timer"}
    nightly = timed - {"metrics", "verify", "base"}
    assert jobs == nightly == set(JOBS)
    assert sorted(map(int, re.findall(r"tierce_spool_bytes > (\d+)", rules)))[0] == 0, "they wait at all"
    assert all(int(most) < SPOOL_BYTES_MAX for most in re.findall(r"tierce_spool_bytes > (\d+)", rules))


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not here, nor could ./dev have it from Debian's prometheus")
def test_prometheus_reads_the_rules() -> None:
    said = subprocess.run(
        [str(PROMTOOL), "check", "rules", DEPLOY / "alerts.yml"], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stdout + said.stderr


def test_the_page_of_alerts_names_every_port_of_the_settings_and_the_job_of_the_rules() -> None:
    page = (RUNBOOKS / "health-and-alerts.md").read_text("utf-8")
    settings = msgspec.toml.decode((DEPLOY / "tierce.toml").read_bytes(), type=Settings)
    ports = {getattr(settings, name).port for name in (*SITES, *INNER, *OUTER)}
    assert {int(port) for port in re.findall(r'"127\.0\.0\.1:(\d+)"', page)} == ports
    assert "- job_name: tierce\n" in page
    assert 'up{job="tierce"}' in (DEPLOY / "alerts.yml").read_text("utf-8")


@pytest.mark.skipif(shutil.which("systemd-tmpfiles") is None, reason="systemd is not on this machine")
@pytest.mark.parametrize(
    ("folder", "name", "kept_class"),
    [
        ("/srv/tierce-feeds", "99100001.csv", Kept.RECEIVED),
        ("/srv/tierce-feeds", "PS_LibreAcces_Personne_activite.txt", Kept.RECEIVED),
        ("/srv/tierce-feeds", "presence/2026-03-03.csv", Kept.RECEIVED),
        ("/srv/tierce-feeds", "99100001.csv.rejects.csv", Kept.REJECTS),
    ],
)
def test_files_end_after_their_duration_and_not_before(
    tmp_path: Path, folder: str, name: str, kept_class: Kept
) -> None:
    """The machine's own cleaner, on one line of the example in a folder of this test; its duration is the table's."""
    rule = RETENTION[kept_class]
    assert rule.keep is not None
    assert rule.hand is Hand.OPERATOR
    duration = f"{rule.keep.days}d"
    (line,) = re.findall(rf"^d {folder} .*$", (DEPLOY / "tmpfiles.conf").read_text("utf-8"), re.M)
    kept, conf = tmp_path / "kept", tmp_path / "one.conf"
    file = kept / name
    file.parent.mkdir(parents=True)
    file.write_text("line,field\n")
    os.utime(file, (0, 0))  # as of 1970 where it was made; here, it came just now

    def clean(age: str) -> None:
        assert f":{duration}" in line
        owner = f"{kept.owner()} {kept.group()}"
        conf.write_text(line.replace(folder, str(kept)).replace("root root", owner).replace(duration, age) + "\n")
        subprocess.run(["systemd-tmpfiles", "--clean", conf], check=True)

    clean(duration)
    assert file.exists()
    before = file.stat().st_ctime_ns
    eventually(lambda: _now_ns(tmp_path) > before + 10_000_000, "the file system's clock moves on")
    file.read_text()
    clean("1ms")
    assert not file.exists()


def test_a_backup_ends_by_a_newer_one_and_never_by_its_age_alone(tmp_path: Path) -> None:
    (line,) = re.findall(r"^d /srv/backup .*$", (DEPLOY / "tmpfiles.conf").read_text("utf-8"), re.M)
    assert line.split()[-1] == "-", "the machine's cleaner removes none"
    assert "take --to /srv/backup --forget-old" in (DEPLOY / "systemd" / "tierce-backup.service").read_text("utf-8")
    rule = RETENTION[Kept.BACKUPS]
    assert rule.keep is not None
    assert rule.hand is Hand.BACKUP
    now = datetime(2026, 11, 27, 2, 10, tzinfo=UTC)
    ages = {"old": rule.keep + timedelta(seconds=1), "due": rule.keep, "new": timedelta()}
    made = {name: tmp_path / (now - age).strftime(NAMED) for name, age in ages.items()}
    begun = tmp_path / f"{made['old'].name}.part"
    for folder in (*made.values(), begun, tmp_path / "tierce-by-hand"):
        folder.mkdir()
        (folder / "manifest.json").write_text("{}")
    assert forget_old(tmp_path, made["new"], now) == [made["old"], begun]
    assert {one.name for one in tmp_path.iterdir()} == {made["due"].name, made["new"].name, "tierce-by-hand"}
    assert forget_old(tmp_path, made["new"], now + 2 * rule.keep) == [made["due"]], "the one just taken stays"


def _now_ns(folder: Path) -> int:
    """The instant at which a file that is written now was changed."""
    (folder / "now").write_text("")
    return (folder / "now").stat().st_ctime_ns


def test_the_import_works_in_the_folder_that_is_cleaned() -> None:
    page = (RUNBOOKS / "import.md").read_text("utf-8")
    used = {str(Path(one).parent) for one in re.findall(r"^\$ tierce feed \w+ (\S+)", page, re.M)}
    assert used == {"/srv/tierce-feeds"}


def restarted_by(page: str) -> set[str]:
    """The units that the blocks of a page start again."""
    lines = re.findall(r"^\$ systemctl (?:try-)?restart (.*)$", (RUNBOOKS / f"{page}.md").read_text("utf-8"), re.M)
    return {name.removeprefix("tierce-") for line in lines for name in line.split()}


def test_an_upgrade_starts_every_lasting_unit_again_and_new_passwords_all_that_were_handed_one() -> None:
    assert restarted_by("upgrade") == set(lasting_units()) > {"notices", "signer"}
    handed = {
        name
        for name in lasting_units()
        if ".password:" in (DEPLOY / "systemd" / f"tierce-{name}.service").read_text("utf-8")
    }
    assert restarted_by("role-passwords") == handed


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine")
def test_systemd_accepts_every_unit(tmp_path: Path) -> None:
    for unit in UNITS:
        program = Path(sys.executable).with_name("tierce")
        (tmp_path / unit.name).write_text(unit.read_text("utf-8").replace("/opt/tierce/bin/tierce", str(program)))
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(str(file) for file in tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip - a command line reads as one
    ours = [line for line in said.stderr.splitlines() if "tierce" in line]
    assert (said.returncode, ours) == (0, []), said.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine")
def test_no_unit_keeps_more_of_the_machine_than_it_needs() -> None:
    """Exposure as systemd counts it, of 10: a unit without any of its fences has 9.6."""
    services = [str(unit) for unit in UNITS if unit.suffix == ".service"]
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=25", "--no-pager", *services],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip - a command line reads as one
    assert len(re.findall("Overall exposure level", said.stdout)) == len(services)
    assert said.returncode == 0, re.findall("Overall exposure.*", said.stdout)


def test_a_unit_that_lasts_is_tried_again_for_ever() -> None:
    """Five starts in ten seconds are systemd's own limit, after which nothing starts it again."""
    for unit in UNITS:
        text = unit.read_text("utf-8")
        if "[Install]" in text and unit.suffix == ".service":
            assert re.search(r"^StartLimitIntervalSec=0$.*^\[Service\]$.*^Restart=on-failure$", text, re.M | re.S), (
                unit.name
            )


def test_a_process_under_a_service_manager_reads_what_it_was_handed_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = tmp_path / "credentials"
    create_keys(handed, INSTANCES)
    settings = msgspec.toml.decode((DEPLOY / "tierce.toml").read_bytes(), type=Settings)
    assert settings.key_directory() == Path("/etc/tierce/keys")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    assert settings.key_directory() == settings.connection().secrets == handed
