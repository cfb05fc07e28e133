"""One description of the API, the documented one: what the framework makes of its own routes is not served."""

import asyncio
from pathlib import Path

import pytest

from tests.integration.asking import Told, ask
from tests.integration.walk_world import make_walk_world, open_sites
from tierce.storage.database import Database

pytestmark = pytest.mark.integration

ADDRESSES = (
    "/v1/framework",
    "/v1/framework/",
    "/v1/framework/openapi.json",
    "/v1/framework/x",
    "/v1/framework/x?y=z",
)


def test_the_framework_s_own_description_is_at_no_address(database: Database, tmp_path: Path) -> None:
    async def run() -> list[Told]:
        async with open_sites(make_walk_world(database, tmp_path)) as sites:
            api = sites.apps["api"]
            sent = [(method, address) for address in ADDRESSES for method in ("GET", "HEAD")]
            found = [await ask(api, method, address, {"accept": "text/html"}, b"") for method, address in sent]
            return [*found, await ask(api, "GET", "/v1/openapi.json", {}, b"")]

    *closed, description = asyncio.run(run())
    assert {one.status for one in closed} <= {404, 405}
    assert {dict(one.headers)["content-type"] for one in closed} == {"application/problem+json"}
    assert not any(b'"paths"' in one.content for one in closed)
    assert "/v1/rights" in description.json()["paths"]
    assert not any(path.startswith("/v1/framework") for path in description.json()["paths"])
