"""A whole story on a running installation, then: its logs, its health, its figures, its kept checkpoint."""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from tests.installation import installation
from tests.integration.signin_world import free_port
from tests.integration.thief import Thief, enter, visit
from tests.waiting import eventually
from tierce.cli import app
from tierce.kernel.clock import SystemClock
from tierce.kernel.loopback import NO_TLS
from tierce.lab.demo.stage import OFFICER, Stage
from tierce.settings import load
from tierce.storage.cluster import SUPERUSER
from tierce.storage.heartbeat import JOBS
from tierce.upkeep.doctor import base
from tierce.upkeep.doctor.model import Grade
from tierce.upkeep.doctor.outside import names, ports
from tierce.upkeep.health import store
from tierce.upkeep.health.board import ROWS
from tierce.upkeep.health.locks import OURS
from tierce.upkeep.health.service import states
from tierce.web.logs import FIELDS
from tierce.web.names import EVERY, INNER, OUTER, SITES

RUNNER = CliRunner()
LABEL = "Madame Cerisier mardi"
STRANGER = {"nir": "299074197999960", "birth_date": "19990717", "rank": 1}
LABELS = {
    "status",
    "lane",
    "part",
    "outcome",
    "process",
    "version",
    "le",
    "kind",
    "rung",
    "check",
    "road",
    "why",
    "provider",
}
"""Every label that a figure may have; none of them names anybody."""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with installation(300, 3) as running:
        yield running


@pytest.fixture(scope="module")
def story(stage: Stage) -> Thief:
    """Asks good and bad by a professional, pages read by an officer and a person, and things sent to wrong places."""
    doctor, paul = enter(stage, "claire_morvan"), stage.person("paul_lenoir")
    answer = doctor.ask(paul, "MEDG")
    assert answer.json()["shown"] is True
    doctor.post(f"/v1/history/{answer.json()['engagement']}/revisit")
    doctor.ask(STRANGER, "MEDG")
    for body in (b'{"nir": "' + paul["nir"].encode() + b'"', json.dumps({**paul, "label": LABEL}).encode()):
        assert doctor.post("/v1/rights", body).status_code in {400, 422}
    for site in SITES:
        for path in (f"/people/{paul['nir']}", f"/?nir={paul['nir']}", f"/v1/history/{LABEL}/revisit", "/lenoir"):
            httpx.get(stage.url(site) + path, headers=doctor.bearer, trust_env=False, verify=NO_TLS)
    httpx.post(stage.url("api") + "/v1/rights", content=b"x" * 90_000, trust_env=False, verify=NO_TLS)
    with visit(stage, "office", OFFICER) as office:
        assert office.get("/live").status_code in {200, 404}
        office.get(f"/account/{paul['nir']}")
    with stage.database.connect(SUPERUSER) as admin:
        # The database goes away under the gate and comes back: every process says so, in its own words.
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where usename like 'tierce%' and usename <> 'tierce_worker'"
        )
    eventually(lambda: doctor.ask(paul, "MEDG").status_code == 200, "the gate open again", seconds=20)
    return doctor


def _lines(stage: Stage) -> list[dict[str, Any]]:
    files = [stage.logs / f"{name}.log" for name in EVERY]
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def test_every_line_of_every_log_is_json_with_known_fields(stage: Stage, story: Thief) -> None:
    lines = _lines(stage)
    assert {line["process"] for line in lines} == set(EVERY)
    assert all(set(line) <= set(FIELDS) for line in lines), [line for line in lines if not set(line) <= set(FIELDS)]
    assert all(line.keys() >= {"at", "level", "process", "event"} for line in lines)


def test_no_log_holds_anybody(stage: Stage, story: Thief) -> None:
    text = "\n".join(file.read_text("utf-8") for file in stage.logs.glob("*.log")).lower()
    assert text
    people = [member for family in stage.truth["story"].values() for member in family.get("members", [])]
    assert people
    secret = {str(one["nir"]) for one in people} | {str(one["nir"])[:13] for one in people} | {STRANGER["nir"]}
    secret |= {str(one[field]) for one in people for field in ("birth_date", "family_name") if one.get(field)}
    secret |= {LABEL, story.handle, "vasseur", "morvan"}
    assert {word for word in secret if str(word).lower() in text} == set()


def test_each_process_lives_and_is_ready(stage: Stage, story: Thief) -> None:
    settings = load(stage.settings_file)
    eventually(lambda: all(one.ready for one in states(settings)), "every process ready")
    done = RUNNER.invoke(app, ["health", "show", "--settings", str(stage.settings_file), "--json", "-"])
    assert done.exit_code == 0, done.output
    found = {one["process"]: one for one in json.loads(done.stdout)}
    assert set(found) == set(EVERY)
    assert set(found["signer"]["checks"]) == set(found["peers"]["checks"]) == {"database", "schema", "clock", "keys"}
    assert set(found["api"]["checks"]) == {"database", "schema", "clock", "keys", "gate", "spool"}
    for site in SITES:
        assert httpx.get(stage.url(site) + "/health/live", trust_env=False, verify=NO_TLS).json()["live"] is True


def test_a_process_that_the_settings_leave_out_is_neither_asked_nor_missed(stage: Stage, tmp_path: Path) -> None:
    """An installation may give nobody a dynamic card, and hear of no other operator."""
    without = tmp_path / "tierce.toml"
    text = stage.settings_file.read_text("utf-8")
    without.write_text(re.sub(r"\[(?:signer|peers)\]\n(?:\w+ = .*\n)+", "", text), "utf-8")
    assert {one.process for one in states(load(without))} == {*SITES, "worker", "billing"}
    done = RUNNER.invoke(app, ["health", "show", "signer", "--settings", str(without)])
    assert done.exit_code == 2
    assert "« signer » : api, portal" in done.output


def test_health_and_figures_are_for_this_machine_alone(stage: Stage) -> None:
    for site in SITES:
        for page in ("/health/ready", "/health/live", "/metrics"):
            assert httpx.get(stage.url(site) + page, trust_env=False, verify=NO_TLS).status_code == 200
            came_by_proxy = httpx.get(
                stage.url(site) + page, headers={"x-forwarded-for": "203.0.113.7"}, trust_env=False, verify=NO_TLS
            )
            assert came_by_proxy.status_code == 404, (site, page)


def test_each_site_says_which_one_it_is_to_anybody(stage: Stage) -> None:
    """One word, by which `tierce doctor` finds a public name that leads to the wrong site."""
    for site in SITES:
        with httpx.Client(headers={"x-forwarded-for": "203.0.113.7"}, trust_env=False, verify=NO_TLS) as client:
            answer = client.get(f"{stage.url(site)}/.well-known/tierce-site")
        assert (answer.status_code, answer.text) == (200, site)
    assert [one.code for one in names(load(stage.settings_file))] == ["names"]


def test_a_key_that_is_gone_makes_a_process_not_ready_and_says_no_more(stage: Stage, story: Thief) -> None:
    key = stage.home / "keys" / "trait.key"
    key.rename(key.with_suffix(".away"))
    try:
        address = stage.url("persons") + "/health/ready"
        wanted = {"ready": False, "checks": {"database": True, "schema": True, "clock": True, "keys": False}}

        def told() -> bool:
            answer = httpx.get(address, trust_env=False, verify=NO_TLS)
            return (answer.status_code, answer.json()) == (503, wanted)

        eventually(told, "its keys, and nothing else, make it not ready")
    finally:
        key.with_suffix(".away").rename(key)


def _figures(text: str) -> dict[str, list[Any]]:
    return {family.name: family.samples for family in text_string_to_metric_families(text)}


def test_figures_name_nobody(stage: Stage, story: Thief) -> None:
    texts = [httpx.get(stage.url(site) + "/metrics", trust_env=False, verify=NO_TLS).text for site in SITES]
    done = RUNNER.invoke(app, ["health", "metrics", "--settings", str(stage.settings_file)])
    assert done.exit_code == 0, done.output
    texts.append(done.stdout)
    labels = {
        label for text in texts for samples in _figures(text).values() for one in samples for label in one.labels
    }
    assert labels <= LABELS
    api = _figures(texts[SITES.index("api")])
    assert sum(one.value for one in api["tierce_request_seconds"] if one.labels.get("lane") == "ask") > 0
    assert "tierce_gate_asks" in api
    assert {one.labels["check"]: one.value for one in api["tierce_ready"]} == dict.fromkeys(
        ("database", "schema", "clock", "keys", "gate", "spool"), 1
    )
    own = _figures(texts[-1])
    assert own["tierce_journal_size"][0].value > 0
    beats = [one.labels for one in own["tierce_heartbeat_age_seconds"]]
    assert beats == [{"process": "billing"}, {"process": "worker"}]
    assert own["tierce_invoice_oldest_seconds"][0].value == 0
    assert own["tierce_worker_sequenced"][0].value > 0


def test_while_the_database_is_away_the_file_of_figures_tells_the_workers_alone(stage: Stage, tmp_path: Path) -> None:
    """Those of before would go on saying that all is well."""
    away, file = tmp_path / "tierce.toml", tmp_path / "tierce.prom"
    text = stage.settings_file.read_text("utf-8")
    away.write_text(text.replace(f"port = {stage.database.port}\n", f"port = {free_port()}\n"), "utf-8")
    file.write_text('tierce_heartbeat_age_seconds{process="worker"} 1.0\n')
    done = RUNNER.invoke(app, ["health", "metrics", "--to", str(file), "--settings", str(away)])
    assert done.exit_code == 2
    assert "✗ la base ne donne pas de chiffres" in done.output
    assert _figures(file.read_text("utf-8")).keys() >= {"tierce_worker_sequenced", "tierce_spool_bytes"}
    assert "tierce_heartbeat_age_seconds" not in file.read_text("utf-8")
    assert [one.name for one in tmp_path.iterdir() if one not in (away, file)] == []
    shown = RUNNER.invoke(app, ["health", "show", "worker", "--settings", str(away)])
    assert (shown.exit_code, shown.output) == (1, "worker     on ne sait pas / unknown  (database)\n")


def test_every_figure_that_an_alert_or_the_dashboard_reads_is_served(stage: Stage, story: Thief) -> None:
    rules = (Path(__file__).parents[2] / "deploy" / "alerts.yml").read_text("utf-8")
    drawn = [curve.expression for row in ROWS for panel in row.panels for curve in panel.curves]
    wanted = set(re.findall(r"tierce_[a-z_]+", rules + " ".join(drawn)))
    settings = load(stage.settings_file)
    ports = {name: getattr(settings, name).port for name in (*SITES, *INNER, *OUTER)}
    texts = [
        httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, verify=NO_TLS).text for port in ports.values()
    ]
    assert "tierce_sign_in_wait_seconds 0.000" in texts[list(ports).index("portal")], "nobody waits to sign in"
    texts.append(RUNNER.invoke(app, ["health", "metrics", "--settings", str(stage.settings_file)]).stdout)
    served = {one.name for text in texts for samples in _figures(text).values() for one in samples}
    served |= set(re.findall(r"^# TYPE (\w+)", "\n".join(texts), re.M))
    assert wanted
    assert wanted - served == set()
    worker = _figures(texts[-1])
    assert {one.labels["part"] for one in worker["tierce_disk_free_ratio"] if 0 < one.value <= 1} == {"spool", "log"}


def test_a_job_is_known_by_when_it_last_ended_well(stage: Stage, story: Thief) -> None:
    def ended() -> dict[str, float]:
        text = RUNNER.invoke(app, ["health", "metrics", "--settings", str(stage.settings_file)]).stdout
        return {one.labels["kind"]: one.value for one in _figures(text)["tierce_job_ended_timestamp_seconds"]}

    assert ended() == dict.fromkeys(JOBS, 0), "never: an alert sees it too"
    retention = ["retention", "run", "--settings", str(stage.settings_file)]
    assert RUNNER.invoke(app, [*retention, "--dry-run"]).exit_code == 0
    assert ended()["retention"] == 0, "nothing was removed"
    began = SystemClock().now().timestamp()
    assert RUNNER.invoke(app, retention).exit_code == 0
    assert ended()["retention"] >= began - 1
    assert ended()["backup"] == 0


def test_a_session_whose_lock_others_wait_for_is_named(stage: Stage, story: Thief) -> None:
    settings = load(stage.settings_file)
    assert [one.grade for one in base.locks(settings)] == [Grade.GOOD]
    with stage.database.connect(SUPERUSER) as holder, stage.database.connect(SUPERUSER) as waiter:
        holder.execute("lock table registry.feed in access exclusive mode")
        waits = Thread(target=waiter.execute, args=("select from registry.feed",))
        waits.start()
        try:
            with stage.database.connect("tierce_upkeep") as upkeep:
                found = eventually(lambda: store.holders(upkeep, 0.0), "somebody waits")
            assert [(one.pid, one.role) for one in found] == [(holder.info.backend_pid, SUPERUSER)]
            assert [one.grade for one in base.locks(settings)] == [Grade.GOOD], "for a moment, as anybody does"
        finally:
            holder.rollback()
            waits.join()


def test_a_lock_of_ours_that_another_program_holds_is_told_by_the_doctor(stage: Stage, story: Thief) -> None:
    with stage.database.connect(SUPERUSER) as stranger:
        stranger.execute("select pg_advisory_lock(%s)", (OURS["import"],))
        (found,) = base.locks(load(stage.settings_file))
        assert (found.code, found.subject) == ("lock-foreign", f"PostgreSQL, {stranger.info.backend_pid}")
        assert "« import »" in found.said.fr


def _tree(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    return [pid, *(one for child in found for one in _tree(child))]


def test_the_status_page_sees_an_api_that_answers_no_more(stage: Stage, story: Thief) -> None:
    """It hangs, with the worker and the database well."""
    page = stage.home / "status" / "index.html"
    everything = _tree(stage.processes["serve"].pid)
    api = next(pid for pid in everything if Path(f"/proc/{pid}/comm").read_text("utf-8").strip() == "tierce-api")
    hung = _tree(api)
    eventually(lambda: "Le service répond" in page.read_text("utf-8"), "the page of a service that is well")
    for pid in hung:
        os.kill(pid, signal.SIGSTOP)
    try:
        eventually(lambda: "Le service ne répond pas" in page.read_text("utf-8"), "the page says so", seconds=30)
    finally:
        for pid in hung:
            os.kill(pid, signal.SIGCONT)
    eventually(lambda: "Le service répond" in page.read_text("utf-8"), "the page takes it back", seconds=30)


def test_the_last_checkpoint_is_kept_outside_the_database(stage: Stage, story: Thief) -> None:
    kept = Path(stage.home / "state" / "checkpoint")

    def same() -> bool:
        with stage.database.connect("tierce_upkeep") as connection:
            row = connection.execute("select note from journal.checkpoint order by size desc limit 1").fetchone()
        return row is not None and kept.read_text("utf-8") == row[0]

    eventually(same, "the kept checkpoint is the newest")


def test_processes_that_stop_are_seen(stage: Stage, story: Thief) -> None:
    """Last of this file: everything is stopped, the database goes on."""
    stage.processes["serve"].terminate()
    stage.processes["serve"].wait(timeout=30)
    with stage.database.connect(SUPERUSER) as admin:
        admin.execute("update upkeep.heartbeat set at = at - interval '1 minute'")
    done = RUNNER.invoke(app, ["health", "show", "--settings", str(stage.settings_file), "--json", "-"])
    assert done.exit_code == 1
    assert {one["process"]: one["live"] for one in json.loads(done.stdout)} == dict.fromkeys(EVERY, False)
    assert {one.subject for one in ports(load(stage.settings_file)) if one.code == "site-down"} == {
        *SITES,
        "signer",
        "peers",
    }
