"""Chunks prepared by two processes are those that one prepares alone, in the order of the file."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tests.waiting import eventually
from tierce.feeds.pipeline import Keys, Part, Reader, Work, beside, parts_of
from tierce.feeds.source import Span
from tierce.kernel.card import Routing
from tierce.kernel.feed import names
from tierce.kernel.ids import InsurerId
from tierce.lab.bench.imports import AMC, write_lines
from tierce.lab.country.insurers import PRODUCTS
from tierce.registry.columns import RIGHTS
from tierce.registry.errors import FeedRefusedError
from tierce.registry.model import People, Product, Sender
from tierce.registry.prepared import Prepared

pytestmark = pytest.mark.integration

LINES, CHUNK = 2_000, 100
KEYS = Keys(bytes(32), bytes([1]) * 32, bytes([2]) * 32)
SENDER = Sender(
    InsurerId(3),
    AMC,
    {one.code: Product(1, one.code, sum({domain.bit for domain in one.domains})) for one in PRODUCTS},
    People.INVENTED,
    Routing({AMC: []}),
)


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("beside") / "rights.csv"
    write_lines(path, LINES)
    return path


@pytest.fixture(params=["csv", "parquet"])
def path(request: pytest.FixtureRequest, csv: Path) -> Path:
    if request.param == "csv":
        return csv
    columns = pa.csv.ConvertOptions(column_types={name: pa.string() for name in names(RIGHTS)})
    found = csv.with_suffix(".parquet")
    pq.write_table(pa.csv.read_csv(csv, convert_options=columns), found, row_group_size=700)
    return found


def parts(reader: Reader) -> Iterator[Part]:
    return parts_of(reader.source.spans(CHUNK))


def told(chunk: Prepared) -> tuple[list[int], bytes, bytes, bytes]:
    return chunk.lines.tolist(), chunk.keys.tobytes(), chunk.digests.tobytes(), chunk.civil.data.tobytes()


def test_two_processes_say_what_one_says_and_each_has_a_share(path: Path) -> None:
    alone = Reader(path, SENDER, KEYS)
    expected = [(span, told(chunk)) for span, chunk in Work(alone.prepared).in_turn(parts(alone))]
    assert sum(span.lines for span, _said in expected) == LINES
    here = Reader(path, SENDER, KEYS)
    own: list[Span] = []

    def prepared(part: Part) -> Prepared:
        own.append(part.span)
        chunk = here.prepared(part)
        if len(own) == 3:
            eventually(work.is_there, "the other process", seconds=30)
        return chunk

    with beside(path, SENDER, KEYS, prepared) as work:
        assert [(span, told(chunk)) for span, chunk in work.in_turn(parts(here))] == expected
        assert 3 <= len(own) < len(expected), "it began here, before the other process was there"
        assert [(span, told(chunk)) for span, chunk in work.in_turn(parts(here))] == expected, "and once more"


def test_what_is_wrong_with_a_chunk_is_said_in_its_turn(csv: Path) -> None:
    reader = Reader(csv, SENDER, KEYS)
    spoiled: list[int] = []

    def prepared(part: Part) -> Prepared:
        if part.span.line > 2 + 4 * CHUNK and not work.is_there():
            eventually(work.is_there, "the other process", seconds=30)
        if work.is_there():
            spoiled.append(part.span.line)
            raise FeedRefusedError
        return reader.prepared(part)

    seen: list[int] = []
    with beside(csv, SENDER, KEYS, prepared) as work, pytest.raises(FeedRefusedError):
        seen.extend(span.line for span, _chunk in work.in_turn(parts(reader)))
    assert seen == list(range(2, spoiled[0], CHUNK))
