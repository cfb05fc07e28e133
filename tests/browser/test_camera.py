"""A card read by the counter's camera, in a Chromium that reads no code by itself: the portal reads the picture."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import segno
from playwright.sync_api import Browser, Playwright, expect

from tests.browser.cards import PAUL, code_of, shown, token_of
from tests.browser.conftest import FLAGS, WAIT_MS, NewBrowser
from tests.browser.portal_pages import Portal, doctors
from tests.browser.program import chromium_program
from tests.browser.test_office_and_persons import entered
from tierce.lab.demo.stage import Stage

pytestmark = pytest.mark.browser

WIDTH, HEIGHT, POINT = 640, 480, 5
"""The camera's picture, and how many of its points one of the code takes."""
PAPER, INK = b"\xd8", b"\x30"


def film(path: Path, text: str | None) -> None:
    """Write what the camera sees: a code in the middle of a grey sheet, or the sheet alone; one frame of I420."""
    rows = [list(row) for row in segno.make(text, error="m", boost_error=False, micro=False).matrix] if text else []
    luma = bytearray(PAPER * WIDTH * HEIGHT)
    top, left = (HEIGHT - POINT * len(rows)) // 2, (WIDTH - POINT * len(rows)) // 2
    for y in range(POINT * len(rows)):
        for x, dark in enumerate(rows[y // POINT]):
            if dark:
                at = (top + y) * WIDTH + left + POINT * x
                luma[at : at + POINT] = INK * POINT
    head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\nFRAME\n".encode()
    path.write_bytes(head + luma + b"\x80" * (WIDTH * HEIGHT // 2))


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    """The file that the camera plays; it is opened when the camera starts."""
    path = tmp_path / "camera.y4m"
    film(path, None)
    return path


@pytest.fixture
def with_camera(playwright: Playwright, seen: Path) -> Iterator[Browser]:
    """The machine's own Chromium, whose camera is a film."""
    flags = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    film_of = f"--use-file-for-fake-video-capture={seen}"
    running = playwright.chromium.launch(executable_path=chromium_program(whole=True), args=[*FLAGS, *flags, film_of])
    yield running
    running.close()


@pytest.fixture(scope="module")
def unused_doctors(stage: Stage) -> Iterator[str]:
    """Doctors as whom no other test signs in: other modules begin at one end of the list or the other."""
    everyone = list(doctors(stage))
    return iter(everyone[len(everyone) // 2 :])


@pytest.fixture
def portal(stage: Stage, with_camera: Browser, unused_doctors: Iterator[str]) -> Portal:
    """A doctor at a counter that has a camera."""
    context = with_camera.new_context(locale="fr-FR", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(WAIT_MS)
    return Portal(stage, context).sign_in_by_number(next(unused_doctors))


def look(portal: Portal) -> None:
    """Start the camera from the question that is open."""
    portal.page.locator("details.presence summary").click()
    portal.page.get_by_role("button", name="Lire avec la caméra").click()


def look_in_vain(portal: Portal) -> None:
    """Start the camera and wait for the answer to its first picture: nothing in it is a card."""
    portal.open("/ask")
    with portal.page.expect_response("**/ask/picture") as answered:
        look(portal)
    assert answered.value.status == 204


def test_a_card_held_before_the_camera_is_read_and_serves(
    stage: Stage, new_browser: NewBrowser, portal: Portal, seen: Path
) -> None:
    phone = entered(stage, new_browser, "persons", PAUL, 360)
    shown(phone, stage, code_of(portal))
    token = token_of(phone)
    film(seen, token)
    portal.fill(stage.person("paul_lenoir"))
    look(portal)
    page = portal.page
    expect(page.locator("[data-camera] [role=status]")).to_have_text("Carte lue.")
    expect(page.locator("#presence")).to_have_value(token)
    expect(page.locator("video.camera")).to_be_hidden()
    portal.send()
    expect(page.locator("h1")).to_contain_text("Oui, couvert")
    assert portal.places().startswith("0 place"), "nothing is taken when she is there"
    assert portal.troubles == []


def test_a_sheet_without_a_code_is_looked_at_until_it_is_stopped(portal: Portal) -> None:
    look_in_vain(portal)
    page = portal.page
    expect(page.locator("[data-camera] [role=status]")).to_contain_text("n’en garde rien")
    expect(page.locator("video.camera")).to_be_visible()
    page.get_by_role("button", name="Arrêter la caméra").click()
    expect(page.locator("video.camera")).to_be_hidden()
    assert page.locator("#presence").input_value() == ""
    assert portal.troubles == []


def test_a_code_that_is_no_card_fills_nothing(portal: Portal, seen: Path) -> None:
    film(seen, "https://elsewhere.example/?card=" + "A" * 120)
    look_in_vain(portal)
    assert portal.page.locator("#presence").input_value() == ""
