"""What a timer should have done by now: the doctor tells it, the alerts count alike, and the units do it."""

import os
import re
import subprocess
from datetime import timedelta
from pathlib import Path

from tests.integration.conftest import Connect
from tests.integration.logs import log_of
from tierce.journal.model import Entry, EntryKind
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import LOG_ORIGIN, Appender
from tierce.storage import heartbeat
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.upkeep.doctor import archive, outside, timers
from tierce.upkeep.doctor.log import SILENT_MAX
from tierce.upkeep.service import make_keys

DEPLOY = Path(__file__).parents[2] / "deploy"
LATE = {f"job-late-{job}" for job in heartbeat.JOBS}


def test_the_doctor_tells_what_no_timer_did_in_time_and_what_the_last_reading_found(
    database: Database, connect: Connect, tmp_path: Path
) -> None:
    def wrong() -> set[str]:
        with database.connect("tierce_upkeep") as upkeep:
            return {one.code for one in timers.late(upkeep) if one.remedy is not None}

    assert wrong() == set(), "nothing was ever written"
    make_keys(tmp_path / "keys")
    ring, log = Keyring(tmp_path / "keys", ()), connect("tierce_worker")
    Appender.enrol(log, "worker", ring.instance("worker")).append(log, [Entry(kind=EntryKind.UPKEEP, time_us=1)])
    Sequencer(log, LOG_ORIGIN, ring.instance("log"), log_of(log)).step()
    assert wrong() == set(), "an installation of today is late with nothing"
    with database.connect(SUPERUSER, autocommit=True) as admin:
        for hours, found in ((29, set()), (31, LATE), (9 * 24, LATE | {"journal-not-read"})):
            admin.execute("update journal.checkpoint set at = now() - %s", (timedelta(hours=hours),))
            assert wrong() == found, hours
        with database.connect("tierce_upkeep") as upkeep:
            heartbeat.job_ended(upkeep, "backup", "0")
        admin.execute(
            "insert into journal.verification (entries, size, root, sealed, redacted, errors, first)"
            " values (1, 1, decode(repeat('00', 32), 'hex'), 0, 0, 2, 'entry-altered')"
        )
        rest = LATE - {"job-late-backup"}
        assert wrong() == rest | {"journal-altered"}
        admin.execute("update journal.verification set at = now() - interval '9 days', errors = 0, first = null")
        assert wrong() == rest | {"journal-not-read"}


def test_the_doctor_and_the_alerts_count_alike() -> None:
    rules = (DEPLOY / "alerts.yml").read_text("utf-8")
    since = "tierce_journal_first_timestamp_seconds"
    late, unread = (one // timedelta(seconds=1) for one in (timers.JOB_LATE, timers.READ_LATE))
    for job in heartbeat.JOBS:
        assert f'kind="{job}"}} > {late} and on () time() - {since} > {late}\n' in rules
    assert f"tierce_journal_read_timestamp_seconds > {unread} and on () time() - {since} > {unread}\n" in rules
    assert "expr: tierce_journal_read_errors > 0\n" in rules
    for figure, most in (
        ("tierce_archive_age_seconds > ", archive.LATE_SECONDS),
        ("tierce_slot_held_bytes > ", archive.SLOT_BYTES_MAX),
        ("tierce_witness_age_seconds > ", SILENT_MAX.total_seconds()),
        ("tierce_certificate_ends_timestamp_seconds - time() < ", outside.CERTIFICATE_WARNING.total_seconds()),
        ("tierce_client_secret_ends_timestamp_seconds - time() < ", outside.SECRET_WARNING.total_seconds()),
    ):
        assert f"expr: {figure}{most:.0f}\n" in rules


def test_the_reading_of_the_week_is_the_command_of_its_page() -> None:
    """With every option that the page prints, on the folders that the other units name."""
    unit = (DEPLOY / "systemd" / "tierce-verify.service").read_text("utf-8")
    page = (DEPLOY.parent / "docs" / "runbooks" / "journal-does-not-verify.md").read_text("utf-8")
    given = dict(re.findall(r"(TIERCE_\w+)=(\S+)", unit))
    (printed,) = re.findall(r"\$ (tierce journal verify.*?)\n```", page, re.S)
    for option, value in re.findall(r'--([\w-]+) ("[^"]+"|\S+)', printed.replace("\\\n", " ")):
        variable = {"secrets": "TIERCE_SECRETS", "log": "TIERCE_LOG_FOLDER", "segments": "TIERCE_SEGMENTS_FOLDER"}
        assert given[variable[option]] == value if option in variable else f"--{option} {value}" in unit, option
    timer = (DEPLOY / "systemd" / "tierce-verify.timer").read_text("utf-8")
    assert "OnCalendar=Sun " in timer
    assert "tierce-verify.timer" in (DEPLOY.parent / "docs" / "runbooks" / "install.md").read_text("utf-8")
    assert "tierce-verify.timer" in (DEPLOY.parent / "docs" / "runbooks" / "upgrade.md").read_text("utf-8")


def test_no_timer_waits_for_an_hour_that_a_night_of_march_has_not() -> None:
    """It is of the machine's zone, and systemd leaves out a time that is not there: nothing was saved that night."""
    for timer in sorted((DEPLOY / "systemd").glob("*.timer")):
        (when,) = re.findall(r"^OnCalendar=(.*)$", timer.read_text("utf-8"), re.M)
        assert not re.search(r" 0?2:", when), f"{timer.name}: between 02:00 and 03:00"


def test_a_witness_is_given_every_line_that_its_file_names(tmp_path: Path) -> None:
    """After a rotation the log has two, and the unit must give both."""
    unit = (DEPLOY / "systemd" / "tierce-witness.service").read_text("utf-8")
    (script,) = re.findall(r"^ExecStart=/bin/sh -c '(.*)'$", unit, re.M)
    echo = script.replace("exec /opt/tierce/bin/tierce", "exec echo")
    environment = {**os.environ, "TIERCE_WITNESS_NAME": "caisse/un", "TIERCE_LOG_KEY": "log+1+a log+2+b"}
    said = subprocess.run(["/bin/sh", "-c", echo], env=environment, capture_output=True, text=True, check=True).stdout
    assert said.split()[:3] == ["witness", "serve", "/var/lib/tierce-witness"]
    assert said.split()[3:] == ["--name", "caisse/un", "--log-key", "log+1+a", "--log-key", "log+2+b"]
