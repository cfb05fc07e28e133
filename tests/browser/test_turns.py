"""Among many who come at once a browser waits for its turn by itself, and goes on to the provider when it comes."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewBrowser
from tests.browser.looks import faults_of
from tests.integration.signin_world import free_port
from tests.waiting import eventually
from tierce.kernel.loopback import NO_TLS
from tierce.lab.demo.stage import Stage
from tierce.policy.returning import AT_ONCE_SECONDS

pytestmark = pytest.mark.browser

AHEAD = 15
"""Who has a turn before ours, hence seconds that she waits; a slow machine is slow within them."""


@pytest.fixture
def crowded(stage: Stage, tmp_path: Path) -> Iterator[str]:
    """Another process of the same portal, which lets one begin each second, and to which many have just come."""
    port = free_port()
    text = stage.settings_file.read_text("utf-8")
    own = re.compile(r"(\[portal\]\n(?:[^\[\n]*\n)*?port = )\d+\n(sign_ins = )\d+")
    changed, times = own.subn(rf"\g<1>{port}\n\g<2>1", text)
    assert times == 1
    settings = tmp_path / "tierce.toml"
    settings.write_text(changed, "utf-8")
    command = [sys.executable, "-m", "tierce", "serve", "--settings", str(settings), "--only", "portal"]
    process, site = subprocess.Popen(command, start_new_session=True), f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=site, trust_env=False, verify=NO_TLS) as http:
            eventually(lambda: _answers(http), "the portal serves", seconds=60)
            for _ in range(AT_ONCE_SECONDS + 1 + AHEAD):
                http.cookies.clear()
                http.get("/sign-in")
        yield site
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)


def _answers(http: httpx.Client) -> bool:
    with suppress(httpx.HTTPError):
        return http.get("/health").status_code == 204
    return False


def test_a_browser_waits_by_itself_and_goes_on_when_its_turn_comes(
    stage: Stage, new_browser: NewBrowser, crowded: str
) -> None:
    page = new_browser(width=390).new_page()
    page.goto(f"{crowded}/sign-in")
    expect(page.locator("h1")).to_have_text("Votre tour arrive")
    assert faults_of(page, "waiting") == []
    turn = {one["name"]: one["value"] for one in page.context.cookies()}["tierce-portal-turn"]
    page.reload()
    assert turn in {one["value"] for one in page.context.cookies()}
    page.wait_for_url(re.compile("/psc/auth"), timeout=1000 * 4 * AHEAD)
    assert "tierce-portal-turn" not in {one["name"] for one in page.context.cookies()}
