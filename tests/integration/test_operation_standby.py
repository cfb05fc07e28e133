"""The page *a standby*, followed: what an answer waits for, what a standby that takes over has, and what it lacks."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from tests.folders import private_folder
from tests.installation import installation
from tests.integration.test_operation_adopted import SAVED, asks, intact, kept_size, promoted
from tests.integration.test_operation_backup import run
from tests.integration.test_operation_runbooks import commands_of
from tests.integration.thief import Thief, enter
from tests.waiting import eventually
from tierce.cli import app
from tierce.journal.engagement import format_engagement
from tierce.kernel.ids import EntrySeq
from tierce.kernel.loopback import NO_TLS
from tierce.lab.demo.stage import Stage
from tierce.scope.rules import LOST_BLOCKS
from tierce.settings import load
from tierce.storage.cluster import DURABLE, SUPERUSER, Cluster
from tierce.storage.keys import Keyring, Purpose
from tierce.upkeep.doctor import standbys

pytestmark = pytest.mark.integration
AUTHORITY, CERTIFICATES, *EACH, MADE, TYPED, COPIED, AWAITED, EXAMINED, ALONE, PROMOTED, ADOPTED = commands_of(
    "standby"
)
STANDBY, FAR = "secours", "lointain"
"""The page's standby, and one that nothing waits for."""
PASSWORD = "four words of a test"
LOST = 3
WAITS = "select pid from pg_stat_activity where wait_event = 'SyncRep' and usename = 'tierce_api'"


@dataclass
class Site:
    """The first server with all that serves from it, and the standbys that follow it, by name."""

    stage: Stage
    doctor: Thief
    home: Path
    standbys: dict[str, Cluster] = field(default_factory=dict)
    secured: bool = False

    @property
    def first(self) -> Cluster:
        cluster = self.stage.cluster
        assert cluster is not None
        return cluster

    def follow(self, line: str, port: int, name: str = STANDBY) -> str:
        """Run a line of the page where PostgreSQL listens at this port; `name` in the place of the page's standby."""
        data = self.standbys[name].data if name in self.standbys else self.first.data
        owner = self.first.data.stat()
        for there, here in (
            ("runuser -u postgres -- ", ""),
            ("host=db1.internal port=5432", f"host=db1.internal hostaddr=127.0.0.1 port={self.stage.database.port}"),
            ("-o postgres -g postgres", f"-o {owner.st_uid} -g {owner.st_gid}"),
            ("/etc/ssl/tierce/bases.pem", str(self.home / "authority.pem")),
            ("> /etc/postgresql/15/main/conf.d/network.conf", f">> {data}/postgresql.conf"),
            ("/etc/postgresql/15/main", str(data)),
            ("/var/lib/postgresql/15/main", str(data)),
            ("db2.internal", "localhost"),  # where this machine finds the standby
            *((f"10.0.0.{machine}/32", "127.0.0.1/32") for machine in (11, 12, 21)),
            ("/etc/tierce/tierce.toml", str(self.stage.settings_file)),
            (STANDBY, name),
        ):
            line = line.replace(there, here)
        secret = (self.stage.database.secrets / f"{SUPERUSER}.password").read_text().strip()
        said = {
            "PATH": f"{Path(sys.executable).parent}:{self.first.binaries}:{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(port),
            "PGUSER": SUPERUSER,
        }
        said |= (
            {"PGPASSFILE": str(self.home / "pgpass")} if line.startswith("pg_basebackup") else {"PGPASSWORD": secret}
        )
        # Without a terminal psql reads what is typed twice where it reads everything.
        done = subprocess.run(
            ["bash", "-c", line], cwd=self.home, env=os.environ | said, input=f"{PASSWORD}\n{PASSWORD}\n",
            capture_output=True, text=True, check=False, start_new_session=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stdout[-900:]}\n{done.stderr[-900:]}"
        return done.stdout

    def secure(self) -> None:
        """Have the first server certified as the page does, and let in whom its lines name, and nobody else."""
        if self.secured:
            return
        self.secured = True
        for line in (AUTHORITY, CERTIFICATES):
            self.follow(line, 0)
        (self.first.data / "pg_hba.conf").write_text("")
        for line in EACH[:-1]:
            self.follow(line, 0)
        passwords = self.home / "pgpass"
        passwords.write_text(f"db1.internal:{self.stage.database.port}:*:*:{PASSWORD}\n")
        passwords.chmod(0o600)
        owner = self.first.data.stat()
        shutil.chown(passwords, owner.st_uid, owner.st_gid)

    def make(self, name: str) -> None:
        """Make a standby as the page does, and start it."""
        self.secure()
        self.follow(EACH[-1], 0, name)
        with self.admin() as admin:
            admin.execute("select pg_reload_conf()")
        home = self.home / name
        shutil.copytree(self.stage.database.secrets, home / "secrets")
        self.standbys[name] = cluster = Cluster(home, DURABLE)
        cluster.data.parent.mkdir(parents=True, exist_ok=True)
        self.follow(MADE, self.stage.database.port, name)
        self.follow(TYPED, self.stage.database.port, name)
        self.follow(COPIED, self.stage.database.port, name)
        for line in EACH:
            self.follow(line.replace("db1.internal", "db2.internal"), 0, name)
        owner = self.first.data.stat()
        for one in (cluster.data, *cluster.data.rglob("*")):
            shutil.chown(one, owner.st_uid, owner.st_gid)
        cluster.start()

    @contextmanager
    def admin(self, name: str = "") -> Iterator[psycopg.Connection]:
        """The administrator, on the first server or on a standby."""
        database = self.stage.database if not name else self.standbys[name].database(self.stage.database.name)
        with database.connect(SUPERUSER, autocommit=True) as connection:
            yield connection

    def findings(self) -> dict[str, str]:
        """What the doctor says of standbys: the subject of each, by code."""
        said = CliRunner().invoke(app, ["doctor", "--settings", str(self.stage.settings_file), "--json", "-"]).stdout
        found = {one["code"]: one["subject"] for one in json.loads(said)["findings"]}
        return {code: subject for code, subject in found.items() if code.startswith(("standby", "server-recov"))}

    def status(self) -> int:
        """Ask once; what the API answers."""
        return self.doctor.ask(self.stage.person("paul_lenoir"), "MEDG").status_code

    def ready(self) -> bool:
        url = self.stage.url("api")
        return httpx.get(f"{url}/health/ready", trust_env=False, verify=NO_TLS).status_code == 200

    def taken_over(self, name: str) -> Path:
        """The machine's own files as they are now, with settings that name the standby; where those are."""
        home = self.home / f"machine-{name}"
        home.mkdir()
        for one in SAVED:
            if (self.stage.home / one).is_dir():
                shutil.copytree(self.stage.home / one, home / one)
        there = self.standbys[name].database(self.stage.database.name)
        text = self.stage.settings_file.read_text("utf-8")
        text = text.replace(str(self.stage.database.secrets), str(there.secrets))
        text = text.replace(f"port = {self.stage.database.port}", f"port = {there.port}")
        by_name = f'[database]\nauthority = "{self.home / "authority.pem"}"\nhost = "localhost"'
        text = text.replace('[database]\nhost = "127.0.0.1"', by_name)
        text = text.replace(str(self.stage.home), str(home))
        file = home / "tierce.toml"
        file.write_text(f'log = "{home / "log"}"\nsegments = "{home / "segments"}"\n' + text, "utf-8")
        return file


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with installation(300, 3) as stage, private_folder() as home:
        found = Site(stage, enter(stage, "claire_morvan"), home)
        try:
            yield found
        finally:
            for cluster in found.standbys.values():
                cluster.discard()


def test_a_standby_that_nothing_waits_for_is_told_of(site: Site) -> None:
    assert site.findings() == {"standbys": "PostgreSQL"}, "nobody follows"
    site.make(FAR)
    found = eventually(lambda: site.findings() if "standbys" not in site.findings() else {}, "it follows", seconds=30)
    assert found == {"standby-behind-answers": FAR}
    asks(site.stage, site.doctor, 1)
    with site.admin() as admin, site.admin(FAR) as far:
        written = admin.execute("select count(*) from journal.entry").fetchone()
        eventually(lambda: far.execute("select count(*) from journal.entry").fetchone() == written, "it has it all")
        # The network between the two is cut, and nobody asks waits for it.
        far.execute("alter system set primary_conninfo = ''")
        far.execute("select pg_reload_conf()")
        followed = "select count(*) from pg_stat_replication"
        eventually(lambda: admin.execute(followed).fetchone() == (0,), "it follows no more", seconds=30)
    asks(site.stage, site.doctor, 3)


def test_between_the_two_nobody_reads_and_nobody_stands_in(site: Site) -> None:
    follows = f"host=db1.internal hostaddr=127.0.0.1 port={site.stage.database.port} user={FAR} dbname=postgres"
    secret = f"passfile={site.home / 'pgpass'} replication=true"
    held = f"{follows} {secret} sslmode=verify-full sslrootcert={site.home / 'authority.pem'}"
    psycopg.connect(held, autocommit=True).close()
    for wrong, why in (
        (f"{follows} {secret} sslmode=disable", "no encryption"),
        (held.replace("host=db1.internal", "host=db9.internal"), "does not match host name"),
        (held.replace("authority.pem", "localhost.pem"), "certificate verify failed"),
    ):
        with pytest.raises(psycopg.OperationalError, match=why):
            psycopg.connect(wrong)


def test_an_answer_waits_for_a_standby_that_is_waited_for(site: Site) -> None:
    stage = site.stage
    site.make(STANDBY)
    following = {"standby-behind-answers": STANDBY}
    eventually(lambda: site.findings() == following, "the doctor names it", seconds=30)
    with site.admin() as admin:
        encrypted = "select ssl from pg_stat_replication join pg_stat_ssl using (pid)"
        assert admin.execute(encrypted).fetchall() == [(True,)]
    site.follow(AWAITED, stage.database.port)
    eventually(lambda: site.findings() == {"standbys": STANDBY}, "it is waited for", seconds=30)
    assert "each answer is there before it leaves" in site.follow(EXAMINED, stage.database.port)
    assert site.status() == 200

    cluster = site.standbys[STANDBY]
    cluster.stop(immediate=True)
    assert site.status() == 503, "an ask whose line is on one machine alone is given up"
    # Each worker learns it from an ask of its own.
    eventually(lambda: site.status() == 503 and not site.ready(), "the gate says so", seconds=90)
    assert site.findings() == {"standby-awaited": "synchronous_standby_names"}
    refused = CliRunner().invoke(app, ["restore", "adopt", "--settings", str(stage.settings_file)])
    assert (refused.exit_code, "serveur de secours" in refused.output) == (2, True)
    with site.admin() as admin:

        def cancelled() -> bool:
            """Do what the page forbids, to whatever commit waits: PostgreSQL calls each of them done."""
            for (pid,) in admin.execute(WAITS).fetchall():
                admin.execute("select pg_cancel_backend(%s)", (pid,))
            return asked.done()

        with ThreadPoolExecutor(1) as asking:
            asked = asking.submit(lambda: {site.status() for _ in range(4)})
            eventually(cancelled, "commits no longer wait for the standby", seconds=90)
            assert asked.result() == {503}, "and nothing is answered that is on one machine alone"
    cluster.start()
    eventually(site.ready, "the gate is open by itself", seconds=60)
    eventually(lambda: site.status() == 200, "and answers", seconds=30)
    cluster.stop(immediate=True)
    assert site.status() == 503
    site.follow(ALONE, stage.database.port)
    eventually(lambda: site.status() == 200, "without the standby, as the page says", seconds=30)
    cluster.start()
    site.follow(AWAITED, stage.database.port)
    eventually(lambda: site.findings() == {"standbys": STANDBY}, "it is waited for again", seconds=30)


def test_under_load_it_takes_over_with_every_answer_that_left(site: Site) -> None:
    stage, told, over = site.stage, list[str](), threading.Event()

    def go_on() -> None:
        while not over.is_set():
            with_answer = site.doctor.ask(stage.person("paul_lenoir"), "MEDG")
            if with_answer.status_code == 200:
                told.append(with_answer.json()["engagement"])
            over.wait(0.2)

    asker = threading.Thread(target=go_on)
    asker.start()
    eventually(lambda: len(told) > 10, "people are asked about", seconds=60)
    site.first.stop(immediate=True)
    over.set()
    asker.join(60)
    stage.processes["serve"].terminate()
    stage.processes["serve"].wait(timeout=60)

    file = site.taken_over(STANDBY)
    assert [one.code for one in standbys.followed(load(file))] == ["server-recovering"]
    port = site.standbys[STANDBY].database("postgres").port
    site.follow(PROMOTED, port)
    with site.admin(STANDBY) as admin:
        eventually(lambda: promoted(admin), "it is promoted", seconds=60)
    settings = load(file)
    line = (settings.key_directory() / "log.pub").read_text("utf-8")
    strange = file.with_name("strange.toml")
    strange.write_text(file.read_text("utf-8").replace("authority.pem", "localhost.pem"), "utf-8")
    refused = CliRunner().invoke(app, ["restore", "adopt", "--settings", str(strange)])
    assert (refused.exit_code, "pas de certificat de cette autorité" in refused.output) == (2, True)
    found = json.loads(run(*ADOPTED.replace("/etc/tierce/tierce.toml", str(file)).split()[1:], "--json", "-"))
    assert (found["intact"], found["compared"], found["lost_lines"]) == (True, True, 0)
    assert intact(settings, line)
    with site.admin(STANDBY) as admin:
        key = Keyring(settings.key_directory(), [Purpose.ENGAGEMENT.value]).raw(Purpose.ENGAGEMENT.value)
        there = {format_engagement(key, EntrySeq(seq)) for (seq,) in admin.execute("select seq from journal.entry")}
        blocks = [row[0] for row in admin.execute("select block from journal.batch order by block desc limit 2")]
    assert set(told) <= there, "each answer that left is a line of the promoted server"
    assert blocks[0] - blocks[1] > LOST_BLOCKS


def test_one_that_nothing_waited_for_lacks_them_and_is_held(site: Site) -> None:
    file = site.taken_over(FAR)
    site.follow(PROMOTED, site.standbys[FAR].database("postgres").port, FAR)
    with site.admin(FAR) as admin:
        eventually(lambda: promoted(admin), "it is promoted", seconds=60)
    found = json.loads(run("restore", "adopt", "--settings", file, "--json", "-", code=LOST))
    published = kept_size(file.parent / "state")
    assert found["intact"] is True
    assert found["lost_lines"] == published - found["journal_size"] >= 3, "of people who were read, and are nowhere"
