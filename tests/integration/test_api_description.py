"""One description of the API, the documented one: what the framework makes of its own routes is not served.

docs/reference/api-v1.txt is the promise of `/v1`, a line for each thing that a client may count on: lines are added,
none is taken away. TIERCE_SNAPSHOTS=write makes it again; read the difference before you keep it.
"""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.asking import Told, ask
from tests.integration.walk_world import make_walk_world, open_sites
from tierce.storage.database import Database

pytestmark = pytest.mark.integration

PROMISE = Path(__file__).parents[2] / "docs" / "reference" / "api-v1.txt"
ADDRESSES = (
    "/v1/framework",
    "/v1/framework/",
    "/v1/framework/openapi.json",
    "/v1/framework/x",
    "/v1/framework/x?y=z",
)


def promised(description: dict[str, Any]) -> Iterator[str]:
    """What a client may count on: operations with what they take and answer, and the members of each part."""
    for path, item in description["paths"].items():
        for method, operation in item.items():
            taken = [part.get("name") or part["$ref"].rsplit("/")[-1] for part in operation.get("parameters", ())]
            signed_in = "session" if operation["security"] else "nobody"
            answers = " ".join(sorted(operation["responses"]))
            yield " ".join(
                [method.upper(), path, operation["operationId"], f"({signed_in}; {', '.join(taken)})", answers]
            )
    for name, part in description["components"]["schemas"].items():
        for member, schema in part.get("properties", {}).items():
            needed = "" if member in part.get("required", ()) else "?"
            kind = schema.get("type") or schema.get("$ref", "").rsplit("/")[-1] or "either"
            yield f"{name}.{member}{needed} {'|'.join(kind) if isinstance(kind, list) else kind}"


def test_one_description_is_served_and_keeps_what_it_promised(database: Database, tmp_path: Path) -> None:
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
    signed = {"$ref": "#/components/parameters/DPoP"}
    unsigned = [
        f"{method} {path}"
        for path, item in description.json()["paths"].items()
        for method, operation in item.items()
        if operation["security"] and signed not in operation["parameters"]
    ]
    assert unsigned == [], "software signs every request of a session: a generated client must know it"
    listed = "".join(f"{line}\n" for line in sorted(promised(description.json())))
    if os.environ.get("TIERCE_SNAPSHOTS") == "write":
        PROMISE.write_text(listed, "utf-8")
    assert PROMISE.read_text("utf-8") == listed
