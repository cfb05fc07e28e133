"""Prepares a whole installation on one machine: database, keys, an invented country, stand-ins, processes."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import httpx
import pyrage

from tierce import __version__
from tierce.billing.bank.copying import Seals
from tierce.billing.bank.sealing import read_public
from tierce.feeds.commands import open_intake
from tierce.feeds.intake import Intake
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.feed import Rejection
from tierce.kernel.language import Language, Phrase
from tierce.kernel.loopback import NO_TLS
from tierce.lab.country.loading import enrol_everybody, load_country
from tierce.lab.country.population import Plan, write_country
from tierce.lab.demo import store
from tierce.lab.demo.errors import DemoError
from tierce.lab.demo.steps import Steps, number
from tierce.lab.standins.from_country import write_directory
from tierce.lab.standins.provider import Client, RealmName
from tierce.policy.returning import SIGN_INS_A_SECOND
from tierce.registry.model import People
from tierce.registry.proving.store import prove_keys
from tierce.registry.service import Listener
from tierce.settings import DEVELOPMENT_PREFIX
from tierce.storage.cluster import SUPERUSER, Cluster, new_secret
from tierce.storage.database import Database
from tierce.storage.migrate import migrate, register_portal
from tierce.upkeep.presence import register_signers
from tierce.upkeep.service import make_keys
from tierce.web.back_channel import BACK_CHANNEL
from tierce.web.leaving import SIGNED_OUT
from tierce.web.names import INNER, OUTER, SITES

SEED: Final = 1
PAYER_IBAN: Final = "FR5699999000010000000000475"
"""The invented operator's account: no bank has the code 99999."""
OPTICIAN_FINESS: Final = "990000036"
OPTICIAN_IBAN: Final = "FR8999999000010000000000172"
OPTICIAN_HOLDER: Final = "SARL Optique des Remparts"
OFFICER: Final = "hélène.vasseur"
"""The security officer of the story, as her provider names her."""
OPERATIONS: Final = "bruno.caradec"
"""Whoever looks after payments with her."""
INSURER_USER: Final = "camille.rouvray"
"""Somebody of the first insurer's staff, as her provider names her."""
READY_SECONDS_MAX: Final = 120.0
STOP_SECONDS_MAX: Final = 20.0
VENDOR_CLIENT: Final = "merle-psc"
"""An invented vendor's client of the professionals' provider; its software is registered by hand."""
VENDOR_BACK: Final = "http://127.0.0.1:9/back"
REALMS: Final = {
    "portal": RealmName.PSC,
    "office": RealmName.STAFF,
    "persons": RealmName.PERSONS,
    "insurers": RealmName.INSURERS,
}
_ASKED: Final = {
    "api": "/health", "portal": "/health", "office": "/", "persons": "/", "insurers": "/",
    "signer": "/health", "peers": "/health",
}  # fmt: skip
"""Where each site is asked whether it serves."""
_COUNTED: Final = Phrase("{persons} personnes, {insurers} organismes", "{persons} people, {insurers} insurers")
_LINES: Final = Phrase("{lines} lignes", "{lines} lines")
_IN_USE: Final = Phrase(
    "une autre exécution se sert de {home}. Arrêtez-la par Ctrl-C dans son terminal, ou choisissez un autre dossier "
    "avec --home. Si elle a été tuée, arrêtez la base qu’elle a laissée (kill -INT {pid}), puis ce que `ps` nomme "
    "`tierce.cli serve`.",
    "another run is using {home}. Stop it with Ctrl-C in its terminal, or choose another folder with --home. If it "
    "was killed, stop the database that it left (kill -INT {pid}), then what `ps` shows as `tierce.cli serve`.",
)
_MADE_EACH_TIME: Final = (
    "keys",
    "spool",
    "status",
    "payments",
    "secrets",
    "logs",
    "clients",
    "state",
    "log",
    "tierce.toml",
    "identities.json",
    "postgres.log",
)


@dataclass(slots=True)
class Stage:
    """A running installation."""

    home: Path
    country: Path
    database: Database
    ports: dict[str, int]
    truth: dict[str, Any] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    cluster: Cluster | None = None
    """The database's server, for whoever stops it on purpose."""

    def url(self, site: str) -> str:
        """The address of a site: portal, api, office, persons, insurers, standins or unprotected."""
        return f"http://127.0.0.1:{self.ports[site]}"

    @property
    def logs(self) -> Path:
        """Where every process writes."""
        return self.home / "logs"

    def wait_until(self, condition: Callable[[], bool], what: str, most: float = READY_SECONDS_MAX) -> None:
        """Wait for a process, so many seconds at most, or raise DemoError naming its log."""
        deadline = time.monotonic() + most
        while not condition():
            for name, process in self.processes.items():
                if process.poll() is not None:
                    msg = f"{name} s’est arrêté : voyez {self.logs} / {name} ended by itself; see {self.logs}"
                    raise DemoError(msg)
            if time.monotonic() > deadline:
                msg = (
                    f"{what} n’est pas prêt après {most:.0f} s : voyez {self.logs} / "
                    f"{what} was not ready within {most:.0f} s; see {self.logs}"
                )
                raise DemoError(msg)
            time.sleep(0.05)

    def wait_serving(self, site: str, path: str) -> None:
        """Wait until a site answers at `path`."""
        self.wait_until(lambda: _answers(self.url(site) + path), site)

    @property
    def settings_file(self) -> Path:
        """The settings of every process."""
        return self.home / "tierce.toml"

    def person(self, role: str) -> dict[str, Any]:
        """The first member of a story family, as the country's truth tells her."""
        member: dict[str, Any] = self.truth["story"][role]["members"][0]
        return member

    def national_id(self, role: str) -> str:
        """The national identifier of a professional of the story."""
        return f"8{self.truth['story'][role]['rpps']}"


@contextmanager
def open_stage(
    home: Path,
    steps: Steps,
    *,
    persons: int,
    insurers: int = 84,
    keep: bool = False,
    only: tuple[str, ...] = (),
    sign_ins: int = SIGN_INS_A_SECOND,
    loaded: Callable[["Stage"], None] = lambda _stage: None,
) -> Iterator[Stage]:
    """Prepare everything and stop everything; nothing that was made before is used save the country's files.

    Args:
        home: folder of the installation; `country` beside it keeps invented countries from one run to the next.
        steps: hears of each step.
        persons: people of the country.
        insurers: insurers of the country, at most 84.
        keep: leave the database's files after the end.
        only: the processes to start; every one when left out.
        sign_ins: how many may begin to sign in at the portal each second.
        loaded: called once the country is loaded, before any process starts.

    Raises:
        DemoError: a process did not start; the message names its log.
    """
    home = home.absolute()
    with ExitStack() as stack:
        country = _country(home.parent / "country", steps, persons, insurers)
        cluster = _clean_home(home, steps.language)
        if not keep:
            stack.callback(shutil.rmtree, cluster.data, ignore_errors=True)
        with steps.step(Phrase("PostgreSQL, base et rôles", "PostgreSQL, database and roles")):
            cluster.start()
            stack.callback(cluster.stop)
            database = cluster.database("tierce")
            migrate(database)
            make_keys(home / "keys")
            prove_keys(database, home / "keys")
        ports = _free_ports((*SITES, *INNER, *OUTER, "standins", "unprotected"))
        stage = Stage(home, country, database, ports, cluster=cluster)
        stage.truth = json.loads((country / "truth.json").read_text(encoding="utf-8"))
        _load(stage, steps)
        loaded(stage)
        with steps.step(Phrase("les processus de la plateforme", "the processes of the platform")):
            _write_settings(stage, sign_ins)
            _start(stack, stage, "standins", ["lab", "standins", "--directory", str(home / "identities.json")])
            serve = ["serve", "--settings", str(stage.settings_file), "--logs", str(stage.logs)]
            _start(stack, stage, "serve", [*serve, *(f"--only={name}" for name in only)])
            stage.wait_serving("standins", "/")
            for site, path in _ASKED.items():
                if site in (only or _ASKED):
                    stage.wait_serving(site, path)
            with database.connect("tierce_office") as connection:
                stage.wait_until(lambda: store.lines_waiting(connection) == 0, "worker")
        yield stage


def start_unprotected(stack: ExitStack, stage: Stage) -> None:
    """Start the portal without a gate, loaded with the same files."""
    _start(stack, stage, "unprotected", ["lab", "portal2024", "--country", str(stage.country)])
    stage.wait_serving("unprotected", "/health")


def _country(cache: Path, steps: Steps, persons: int, insurers: int) -> Path:
    """The files of the invented country of today, made once."""
    today: date = date_of(paris_day(SystemClock().now()))
    found = cache / f"{__version__}-{SEED}-{persons}-{insurers}-{today.isoformat()}"
    if found.exists():
        return found
    with steps.step(Phrase("un pays inventé", "an invented country")) as more:
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = cache / f".{found.name}-{os.getpid()}"
        shutil.rmtree(unfinished, ignore_errors=True)
        made = [0]
        write_country(Plan(persons, insurers, SEED, today), unfinished, made.append)
        unfinished.rename(found)
        counted = _COUNTED[steps.language]
        more.append(counted.format(persons=number(made[-1], steps.language), insurers=insurers))
    return found


def _clean_home(home: Path, language: Language) -> Cluster:
    """Forget the installation of an earlier run; refuse when it still runs."""
    home.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(home)
    running = cluster.data / "postmaster.pid"
    if running.exists() and Path(f"/proc/{(pid := running.read_text().split()[0])}").exists():
        raise DemoError(_IN_USE[language].format(home=home, pid=pid))
    shutil.rmtree(cluster.data, ignore_errors=True)
    for name in _MADE_EACH_TIME:
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    (home / "logs").mkdir()
    return cluster


def _load(stage: Stage, steps: Steps) -> None:
    """Import the country as an operator imports its files."""
    what = Phrase("droits et annuaire importés et scellés", "rights and directory imported and sealed")
    with steps.step(what) as more:
        with closing(open_intake(stage.database, stage.home / "keys", People.INVENTED)) as intake:
            lines = load_country(intake, stage.country, lambda _lines: None)
            _take_account(stage, intake)
        more.append(_LINES[steps.language].format(lines=number(lines, steps.language)))
        register_portal(stage.database, 1, "Portail")
        enrol_everybody(stage.database, stage.home / "keys")
        register_signers(stage.database, stage.home / "keys")


def _take_account(stage: Stage, intake: Intake) -> None:
    """Take in where the optician is paid, from the operator's file; the process `billing` puts it in force.

    An account waits three working days. The demonstration has none to wait: it says that the file came a week ago.
    """

    def refuse(rejection: Rejection) -> None:
        reason, remedy = rejection.reason, rejection.remedy
        msg = (
            f"ligne {rejection.line}, {rejection.field} : {reason.fr} {remedy.fr} / "
            f"line {rejection.line}, {rejection.field}: {reason.en} {remedy.en}"
        )
        raise DemoError(msg)

    file = stage.home / "accounts.csv"
    file.write_text(
        f"establishment,iban,holder\n{OPTICIAN_FINESS},{OPTICIAN_IBAN},{OPTICIAN_HOLDER}\n", encoding="utf-8"
    )
    seals = Seals(lambda: read_public(stage.home / "keys"), _treasurer(stage.home))
    intake.accounts(file, seals, Listener(refuse, lambda _lines: None), dry_run=False)
    file.unlink()
    with stage.database.connect(SUPERUSER, autocommit=True) as connection:
        store.accounts_came_a_week_ago(connection)


def _write_settings(stage: Stage, sign_ins: int) -> None:
    """Write the settings file and the stand-ins' directory."""
    home = stage.home
    clients, realms = [], {}
    for site, realm in REALMS.items():
        secret_file = home / "clients" / f"{site}.secret"
        secret = DEVELOPMENT_PREFIX + new_secret(secret_file)
        secret_file.write_text(secret)
        back = f"{stage.url(site)}/sign-in/callback"
        over = (
            f"{stage.url('api')}/v1{BACK_CHANNEL}" if realm is RealmName.PSC else f"{stage.url(site)}{BACK_CHANNEL}"
        )
        clients.append(Client(realm, f"tierce-{site}", secret, [back], over, [stage.url(site) + SIGNED_OUT]))
        document = "wallet-openid-configuration" if realm is RealmName.PSC else "openid-configuration"
        realms[realm] = {
            "discovery": f"{stage.url('standins')}/{realm}/.well-known/{document}",
            "issuer": f"{stage.url('standins')}/{realm}",
            "client_id": f"tierce-{site}",
            "client_secret_file": str(secret_file),
            "scope": "openid scope_all" if realm is RealmName.PSC else "openid",
        }
    clients.append(
        Client(RealmName.PSC, VENDOR_CLIENT, new_secret(home / "clients" / "vendor.secret"), [VENDOR_BACK])
    )
    write_directory(stage.country, clients, home / "identities.json")
    (home / "state").mkdir()
    database = stage.database
    tables: dict[str, dict[str, Any]] = {
        "": {
            "mode": "demo", "keys": str(home / "keys"), "demo_people": str(stage.country / "truth.json"),
            "state": str(home / "state"),
        },
        "operator": {
            "name": "Rive Claire Tiers Payant",
            "address": "4 quai des Merles, 99000 Port-Sérac",
            "phone": "01 99 00 14 20",
            "officer": "Marc Tessier",
            "officer_email": "dpo@riveclaire.example",
        },
        "database": {
            "host": database.host, "port": database.port, "name": database.name, "secrets": str(database.secrets),
        },
        **{site: {"url": stage.url(site), "port": stage.ports[site]} for site in (*SITES, *OUTER)},
        "portal": {"url": stage.url("portal"), "port": stage.ports["portal"], "sign_ins": sign_ins},
        **{name: {"port": stage.ports[name]} for name in INNER},
        "deposits": {"status": str(home / "status")},
        "payments": {"account": PAYER_IBAN, "recipient": _treasurer(home)},
        "psc": {**realms[RealmName.PSC], "acr_values": "eidas1"},
        "staff": realms[RealmName.STAFF],
        "persons_provider": realms[RealmName.PERSONS],
        "insurers_provider": realms[RealmName.INSURERS],
    }  # fmt: skip
    lines = []
    for table, values in tables.items():
        lines += [f"\n[{table}]"] if table else []
        # A JSON string is a TOML basic string too.
        lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    stage.settings_file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _treasurer(home: Path) -> str:
    """Make the key of whoever takes files to the bank, once; hers is beside the demonstration, for whoever looks."""
    key = home / "banque.key"
    if not key.exists():
        key.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    return str(pyrage.x25519.Identity.from_str(key.read_text().strip()).to_public())


def _start(stack: ExitStack, stage: Stage, name: str, arguments: list[str]) -> None:
    """Start one command of ours in its own group, stopped with the stage."""
    if name in stage.ports:
        arguments = [*arguments, "--port", str(stage.ports[name])]
    with (stage.logs / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tierce.cli", *arguments],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    stage.processes[name] = process
    stack.callback(_stop, process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False, verify=NO_TLS).status_code < 500
    except httpx.TransportError:
        return False


def _free_ports(names: tuple[str, ...]) -> dict[str, int]:
    """Loopback ports that nothing listens on right now, all different."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in names]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return {name: probe.getsockname()[1] for name, probe in zip(names, probes, strict=True)}
