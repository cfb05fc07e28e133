"""A chart as PNG, drawn by the machine's own Chromium."""

import asyncio
from pathlib import Path

from tierce.lab.demo.pages import open_browser
from tierce.lab.report.chart import HEIGHT, WIDTH

SCALE = 2


def draw(svg: Path, png: Path) -> None:
    """Draw an SVG of the report as a PNG.

    Raises:
        DemoError: there is no Chromium.
    """
    asyncio.run(_draw(svg.absolute().as_uri(), png))


async def _draw(address: str, png: Path) -> None:
    async with open_browser() as browser:
        page = await browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SCALE, java_script_enabled=False
        )
        await page.goto(address)
        await page.screenshot(path=str(png))
