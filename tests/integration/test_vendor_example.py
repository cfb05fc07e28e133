"""The example client of the documentation, on a whole installation, with what a practice's network does to it."""

import asyncio
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from tests.fhir_examples import by_nir, faults_of
from tests.forks import tierce
from tests.installation import installation
from tests.integration.relay import relay
from tests.integration.thief import question
from tests.integration.vendor_play import user_token
from tests.waiting import eventually
from tierce.journal.encoding import decode
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.loopback import NO_TLS
from tierce.lab.demo.stage import VENDOR_BACK, VENDOR_CLIENT, Stage
from tierce.lab.standins.visitor import sign_in
from tierce.storage.cluster import SUPERUSER

EXAMPLE = Path(__file__).parents[2] / "docs/examples/vendor.py"
NAMED = ("--reason", "répétition générale", "--by", "Hélène Vasseur", "--for", "30m", "--yes")


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with installation(300, 2, ("api", "worker")) as running:
        yield running


@pytest.fixture(scope="module")
def given(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the example is told, once its software is registered as the page says."""
    folder = tmp_path_factory.mktemp("vendor")
    told = {
        "API": stage.url("api"), "CLIENT": "lgo-merle", "KEY_FILE": str(folder / "merle.pem"),
        "MACHINE_KEY_FILE": str(folder / "machine.pem"), "PROVIDER_CLIENT": VENDOR_CLIENT, "BACK": VENDOR_BACK,
        "PROVIDER": f"{stage.url('standins')}/psc/.well-known/wallet-openid-configuration",
        "PROVIDER_SECRET_FILE": str(stage.home / "clients" / "vendor.secret"),
    }  # fmt: skip
    keys = subprocess.run(
        [sys.executable, str(EXAMPLE), "keys"], env=os.environ | told, capture_output=True, check=True
    )
    (folder / "merle.jwks.json").write_bytes(keys.stdout)
    added = tierce(
        "software", "add", "lgo-merle", "--software", "12", "--vendor", "4", "--name", "LGO Merle",
        "--keys", folder / "merle.jwks.json", "--provider-client", VENDOR_CLIENT, "--settings", stage.settings_file,
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    assert "LGO Merle" in tierce("software", "list", "--settings", stage.settings_file).stdout
    return told


@pytest.fixture
def example() -> ModuleType:
    """The example as a module of its own, for whoever builds on it."""
    spec = importlib.util.spec_from_file_location("vendor_example", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def opened(example: ModuleType, stage: Stage, given: dict[str, str], machine: Path) -> Any:  # noqa: ANN401 - the example's
    """Its client for Nadia Ferrand, on a machine of her own."""
    secret = Path(given["PROVIDER_SECRET_FILE"]).read_text("utf-8")

    async def at_provider() -> str:
        async with httpx.AsyncClient(trust_env=False, verify=NO_TLS) as web:
            issuer, subject = f"{stage.url('standins')}/psc", stage.national_id("nadia_ferrand")
            return await user_token(web, issuer, (VENDOR_CLIENT, secret), VENDOR_BACK, subject)

    key = example.kept_key(Path(given["KEY_FILE"]))
    return example.Tierce(
        given["API"],
        given["CLIENT"],
        key,
        example.kept_key(machine),
        lambda: asyncio.run(at_provider()),
    )


def lines_of(stage: Stage) -> list[tuple[int, int, int]]:
    """Kind, software and vendor of every line about rights."""
    with stage.database.connect(SUPERUSER) as admin:
        bodies = admin.execute("select body from journal.entry where kind < 5 order by seq").fetchall()
    return [(line.kind, line.software, line.vendor) for line in (decode(row[0]) for row in bodies)]


async def signed_in(stage: Stage, address: str) -> str:
    """What the user does in her browser: the address where she ends."""
    async with httpx.AsyncClient(trust_env=False, verify=NO_TLS) as web:
        return await sign_in(web, address, stage.national_id("nadia_ferrand"))


def test_the_example_asks_through_a_proxy_that_loses_an_answer_and_sends_another_twice(
    stage: Stage, given: dict[str, str]
) -> None:
    asked = [question(stage.person("paul_lenoir"), "OPTI"), question(stage.person("paul_lenoir"), "PHAR")]
    with relay() as between:
        between.lose += ["/v1/rights"]
        between.repeat += ["/v1/token", "/v1/session/end"]
        ways = dict.fromkeys(("http_proxy", "HTTP_PROXY"), between.url) | {"no_proxy": "", "NO_PROXY": ""}
        running = subprocess.Popen(
            [sys.executable, str(EXAMPLE)], env=os.environ | given | ways, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert running.stderr is not None
        found = re.search(r"http\S+", running.stderr.readline())
        assert found is not None
        ended = asyncio.run(signed_in(stage, found[0]))
        said, errors = running.communicate("\n".join([ended, "mistyped", *(one.decode() for one in asked)]) + "\n")
    assert running.returncode == 0, errors
    mistyped, first, other_domain = map(json.loads, said.splitlines())
    assert set(mistyped["reason"]) == {"fr", "en"}, "said, and the session goes on"
    assert first["shown"] is True
    assert (other_domain["code"], other_domain["status"]) == ("not_allowed", 403)
    assert lines_of(stage)[:2] == [(1, 12, 4), (4, 12, 4)], "asked once, though it was sent twice, and opened again"
    with stage.database.connect(SUPERUSER) as admin:
        ends = admin.execute("select revoked_why from access.session where revoked is not null").fetchall()
    assert ends == [("signed out",)]


@pytest.mark.parametrize("off", [-300, 300])
def test_a_clock_five_minutes_off_is_mended_from_the_answer(
    example: ModuleType, stage: Stage, given: dict[str, str], off: int
) -> None:
    client = opened(example, stage, given, Path(given["MACHINE_KEY_FILE"]))
    client.clock = lambda: SystemClock().now().timestamp() + off
    told = client.ask(json.loads(question(stage.person("paul_lenoir"), "OPTI")))
    assert told["shown"] is True
    assert abs(client.behind + off) < 3
    care = date_of(paris_day(SystemClock().now())).isoformat()
    line = {"item": "XA90", "price": 12_000, "amo": 900, "asked": 8_000}
    bill = {"engagement": told["engagement"], "reference": f"F{off}", "care_date": care, "lines": [line]}
    taken = client.invoice(bill)
    assert (taken["asked"], taken["domain"]) == (8_000, "OPTI")
    assert client.invoice(bill) == taken


def test_a_question_in_fhir_is_answered_and_refused_by_the_same_codes(
    example: ModuleType, stage: Stage, given: dict[str, str]
) -> None:
    client = opened(example, stage, given, Path(given["MACHINE_KEY_FILE"]))
    paul, care = stage.person("paul_lenoir"), date_of(paris_day(SystemClock().now())).isoformat()
    asked = by_nir() | {"servicedDate": care}
    asked["item"][0]["category"]["coding"][0]["code"] = "OPTI"
    patient = asked["contained"][0]
    patient["identifier"][0]["value"], patient["birthDate"] = paul["nir"], paul["birth_date"]
    told = client.ask_in_fhir(asked)
    assert (told["outcome"], faults_of(told)) == ("complete", [])
    assert client.revisit(told["preAuthRef"])["engagement"] == told["preAuthRef"]
    with pytest.raises(example.RefusedError) as refused:
        client.ask_in_fhir({**asked, "purpose": ["discovery"]})
    assert (refused.value.status, refused.value.code) == (422, "field")
    assert refused.value.told["field"] == ["CoverageEligibilityRequest.purpose[0]"]


def test_an_agreement_is_asked_for_decided_and_invoiced(
    example: ModuleType, stage: Stage, given: dict[str, str]
) -> None:
    client = opened(example, stage, given, Path(given["MACHINE_KEY_FILE"]))
    told = client.ask(json.loads(question(stage.person("paul_lenoir"), "OPTI")))
    line = {"item": "XOPTIB", "price": 32_000, "amo": 12, "asked": 28_000}
    sought = {"engagement": told["engagement"], "reference": "P1", "kind": "request", "lines": [line]}
    asked = client.agree(sought)
    assert (asked["state"]["code"], asked["due"]) == ("received", None)
    assert tierce("billing", "run", "--once", "--settings", stage.settings_file).returncode == 0
    granted = client.agreement(asked["id"])
    assert (granted["state"]["code"], granted["due"], granted["lines"][0]["due"]) == ("granted", 25_000, 25_000)
    assert client.agree(sought)["state"]["code"] == "granted", "the same body is the same agreement, as it stands"
    care = date_of(paris_day(SystemClock().now())).isoformat()
    bill = {"agreement": asked["id"], "reference": "FP1", "care_date": care, "lines": [line]}
    assert client.invoice(bill)["asked"] == 28_000


def test_a_session_ended_from_another_machine_is_opened_again(
    example: ModuleType, stage: Stage, given: dict[str, str], tmp_path: Path
) -> None:
    one = opened(example, stage, given, Path(given["MACHINE_KEY_FILE"]))
    other = opened(example, stage, given, tmp_path / "other.pem")
    asked = json.loads(question(stage.person("paul_lenoir"), "OPTI"))
    assert one.ask(asked)["shown"] is True
    first = one.handle
    assert other.call("POST", "/v1/sessions/revoke-others")["ended"] >= 1
    assert one.ask(asked)["shown"] is True
    assert one.handle != first


def test_while_closed_a_card_is_deposited_once_and_its_receipt_told(
    example: ModuleType, stage: Stage, given: dict[str, str]
) -> None:
    """Last of this file: the domain stays closed, and the software is ended."""
    client, paul = opened(example, stage, given, Path(given["MACHINE_KEY_FILE"])), stage.person("paul_lenoir")
    assert client.call("GET", "/v1/service")["open"] is True
    closed = tierce("ladder", "close", "domain", "OPTI", *NAMED, "--settings", stage.settings_file)
    assert closed.returncode == 0, closed.stderr
    eventually(lambda: client.call("GET", "/v1/service")["open"] is False, "the closing is seen")
    with pytest.raises(example.RefusedError) as caught:
        client.ask(json.loads(question(paul, "OPTI")))
    assert (caught.value.code, caught.value.told["deposit"]) == ("closed", True)
    today = date_of(paris_day(SystemClock().now()))
    card = {
        "nir": paul["nir"], "rank": paul["rank"], "birth_date": paul["birth_date"], "amc": "99100001",
        "member": "A-0000417", "valid_until": f"{today.year}-12-31", "domain": "OPTI", "care_date": str(today),
        "amount": "59.90",
    }  # fmt: skip
    receipt = client.deposit(card)
    assert (receipt["state"], receipt["amount"]) == ("received", "59.90")
    address = "/v1/deposits/" + receipt["receipt"].replace("*", "%2A").replace("=", "%3D")
    eventually(lambda: client.call("GET", address)["state"] == "on_card", "the deposit is examined")
    end = ("software", "end", "lgo-merle", "--settings", stage.settings_file)
    assert tierce(*end).returncode == 0
    again = tierce(*end)
    assert again.returncode == 2
    assert "tierce software list" in again.stderr
    with pytest.raises(example.RefusedError, match="client_unknown"):
        client.enter()
