"""A hundred spoiled files: each is refused whole, or gives exactly its good lines; every line is accounted for."""

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, Importer, make_importer, rows_of, write_rows
from tests.integration.test_registry_import import state_of
from tierce.feeds.source import CsvSource, open_source
from tierce.kernel.errors import TierceError
from tierce.lab.country.identifiers import make_nir
from tierce.registry.columns import RIGHTS
from tierce.storage.cluster import SUPERUSER

pytestmark = pytest.mark.integration

Row = dict[str, str]
Spoil = Callable[[Path, list[Row], random.Random], None]


@dataclass(frozen=True)
class Case:
    """A way to spoil a file, and what is expected: REFUSED whole, or how many lines are refused, at least."""

    name: str
    spoil: Spoil
    whole: bool
    refused: int = 0


def text_of(rows: list[Row], delimiter: str = ",") -> bytes:
    lines = [delimiter.join(rows[0]), *(delimiter.join(row.values()) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def on_bytes(change: Callable[[bytes, random.Random], bytes]) -> Spoil:
    def spoil(path: Path, rows: list[Row], rng: random.Random) -> None:
        path.write_bytes(change(text_of(rows), rng))

    return spoil


def on_lines(change: Callable[[list[bytes], random.Random], list[bytes]]) -> Spoil:
    return on_bytes(lambda whole, rng: b"".join(change(whole.splitlines(keepends=True), rng)))


def on_rows(change: Callable[[list[Row], random.Random], object]) -> Spoil:
    def spoil(path: Path, rows: list[Row], rng: random.Random) -> None:
        change(rows, rng)
        write_rows(path, rows)

    return spoil


def set_cell(name: str, value: str) -> Spoil:
    return on_rows(lambda rows, rng: rows[rng.randrange(1, len(rows))].update({name: value}))


def put(line: bytes) -> Callable[[list[bytes], random.Random], list[bytes]]:
    """Put a line somewhere after the header."""

    def change(lines: list[bytes], rng: random.Random) -> list[bytes]:
        place = rng.randrange(1, len(lines))
        return [*lines[:place], line, *lines[place:]]

    return change


def in_line(change: Callable[[bytes], bytes]) -> Callable[[list[bytes], random.Random], list[bytes]]:
    def changed(lines: list[bytes], rng: random.Random) -> list[bytes]:
        place = rng.randrange(1, len(lines))
        return [*lines[:place], change(lines[place]), *lines[place + 1 :]]

    return changed


def header(change: Callable[[list[str]], list[str]]) -> Spoil:
    return on_lines(
        lambda lines, _rng: [(",".join(change(lines[0].decode().strip().split(","))) + "\n").encode(), *lines[1:]]
    )


def parquet(change: Callable[[pa.Table], pa.Table], spoil: Callable[[bytes], bytes] = lambda raw: raw) -> Spoil:
    def write(path: Path, rows: list[Row], _rng: random.Random) -> None:
        pq.write_table(change(pa.Table.from_pylist(rows)), path)
        path.write_bytes(spoil(path.read_bytes()))

    return write


def typed(name: str, values: Callable[[int], pa.Array]) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        return table.set_column(table.column_names.index(name), name, values(table.num_rows))

    return change


def replaced_by(make: Callable[[Path], object]) -> Spoil:
    def spoil(path: Path, _rows: list[Row], _rng: random.Random) -> None:
        make(path)

    return spoil


def without(name: str) -> Spoil:
    return header(lambda names: [one for one in names if one != name])


def twice(name: str) -> Spoil:
    return header(lambda names: [*names[:-1], name])


def quoted(line: bytes) -> bytes:
    return b",".join(b'"%b"' % one for one in line.strip().split(b",")) + b"\n"


def run_together(lines: list[bytes], _rng: random.Random) -> list[bytes]:
    return [*lines[:3], lines[3].rstrip() + lines[4], *lines[5:]]


def borrow_a_card(rows: list[Row], _rng: random.Random) -> None:
    other = rows[4]
    rows[3].update(
        card_nir=other["right_holder_nir"], card_birth_date=other["birth_date"], card_birth_rank=other["birth_rank"]
    )


def blank_footer(raw: bytes) -> bytes:
    """Zero the first bytes of the footer, whose length stands before the closing mark."""
    start = len(raw) - 8 - int.from_bytes(raw[-8:-4], "little")
    return raw[:start] + bytes(64) + raw[start + 64 :]


def parquet_cell(name: str, value: str) -> Spoil:
    def spoil(path: Path, rows: list[Row], rng: random.Random) -> None:
        rows[2][name] = value
        parquet(lambda table: table)(path, rows, rng)

    return spoil


OTHER = make_nir("F", 1975, 3, "36950", 901)
REAL = make_nir("F", 1984, 5, "05949", 12)
WHOLE: list[tuple[str, Spoil]] = [
    ("empty", on_bytes(lambda _raw, _rng: b"")),
    ("one byte", on_bytes(lambda _raw, _rng: b"\n")),
    ("cut in the header", on_bytes(lambda raw, rng: raw[: rng.randrange(2, 100)])),
    ("no header", on_lines(lambda lines, _rng: lines[1:])),
    ("header twice in one", header(lambda names: names * 2)),
    ("utf-16", on_bytes(lambda raw, _rng: raw.decode().encode("utf-16"))),
    ("utf-16 big", on_bytes(lambda raw, _rng: raw.decode().encode("utf-16-be"))),
    ("utf-32", on_bytes(lambda raw, _rng: raw.decode().encode("utf-32"))),
    ("ebcdic", on_bytes(lambda raw, _rng: raw.decode().encode("cp500", "replace"))),
    ("tabs", on_bytes(lambda raw, _rng: raw.replace(b",", b"\t"))),
    ("carriage returns alone", on_bytes(lambda raw, _rng: raw.replace(b"\n", b"\r"))),
    ("gzip", on_bytes(lambda raw, _rng: gzip.compress(raw))),
    ("zip", on_bytes(lambda raw, _rng: b"PK\x03\x04" + raw)),
    ("xz", on_bytes(lambda raw, _rng: b"\xfd7zXZ\0" + raw)),
    ("zstandard", on_bytes(lambda raw, _rng: b"\x28\xb5\x2f\xfd" + raw)),
    ("bytes drawn at random", on_bytes(lambda _raw, rng: rng.randbytes(4_000))),
    ("zeros", on_bytes(lambda _raw, _rng: bytes(50_000))),
    ("json", on_bytes(lambda _raw, _rng: b'{"lines": []}\n')),
    ("html", on_bytes(lambda _raw, _rng: b"<!doctype html><title>502</title>\n")),
    ("a header of a megabyte", on_bytes(lambda raw, _rng: b"x" * 1_000_000 + raw)),
    ("another insurer's", on_rows(lambda rows, _rng: [row.update(amc="99100002") for row in rows])),
    ("first line another insurer's", on_rows(lambda rows, _rng: rows[0].update(amc="99100003"))),
    ("a directory", replaced_by(lambda path: path.mkdir())),
    ("no file", replaced_by(lambda _path: True)),
    ("a link to nowhere", replaced_by(lambda path: path.symlink_to("nowhere"))),
    ("parquet cut in its footer", parquet(lambda table: table, lambda raw: raw[:-10])),
    ("parquet cut in the middle", parquet(lambda table: table, lambda raw: raw[: len(raw) // 2])),
    ("parquet of four bytes", parquet(lambda table: table, lambda raw: raw[:4])),
    ("parquet with a wrong footer", parquet(lambda table: table, blank_footer)),
    ("parquet with damaged pages", parquet(lambda table: table, lambda raw: raw[:4] + bytes(3_000) + raw[3_004:])),
    ("parquet of another schema", parquet(lambda _table: pa.table({"a": [1]}))),
    ("parquet without a column", parquet(lambda table: table.drop_columns(["sex"]))),
    ("parquet with one more column", parquet(lambda table: table.append_column("more", table.column("sex")))),
    ("parquet with a number", parquet(typed("priority", lambda rows: pa.array([1] * rows)))),
    ("parquet with a date", parquet(typed("covered_from", lambda rows: pa.array([0] * rows, pa.date32())))),
    ("parquet with bytes", parquet(typed("family_name", lambda rows: pa.array([b"A"] * rows)))),
    ("parquet with lists", parquet(typed("domains", lambda rows: pa.array([["MEDG"]] * rows)))),
    ("parquet with booleans", parquet(typed("former_member", lambda rows: pa.array([False] * rows)))),
    *((f"without {name}", without(name))
      for name in ("record_kind", "amc", "right_holder_nir", "birth_date", "covered_until")),
    *((f"{name} twice", twice(name)) for name in ("amc", "birth_date", "status")),
    ("an unknown column", header(lambda names: [*names[:-1], "favourite_colour"])),
    ("a column in capitals", header(lambda names: [names[0].upper(), *names[1:]])),
    ("a column with spaces", header(lambda names: [f" {names[0]} ", *names[1:]])),
    ("a quote in the header", header(lambda names: [f'"{names[0]}', *names[1:]])),
    ("a spreadsheet's first line", on_bytes(lambda raw, _rng: b"sep=,\n" + raw)),
    ("a workbook", on_bytes(lambda _raw, rng: b"PK\x03\x04" + rng.randbytes(4_000))),
]  # fmt: skip
LINES: list[tuple[str, Spoil, int]] = [
    ("good", on_rows(lambda _rows, _rng: None), 0),
    ("byte order mark", on_bytes(lambda raw, _rng: b"\xef\xbb\xbf" + raw), 0),
    ("windows line ends", on_bytes(lambda raw, _rng: raw.replace(b"\n", b"\r\n")), 0),
    ("semicolons", on_bytes(lambda raw, _rng: raw.replace(b",", b";")), 0),
    ("quotes in the header", header(lambda names: [f'"{name}"' for name in names]), 0),
    ("quotes everywhere", on_lines(lambda lines, _rng: [quoted(line) for line in lines]), 0),
    ("lines of commas", on_bytes(lambda raw, _rng: raw + b"," * 38 + b"\n" + b"," * 38), 0),
    ("a first line of commas", on_lines(lambda lines, _rng: [lines[0], b"," * 38 + b"\n", *lines[1:]]), 0),
    ("a line of fewer commas", on_lines(put(b"," * 30 + b"\n")), 0),
    ("bars", on_bytes(lambda raw, _rng: raw.replace(b",", b"|")), 0),
    ("no end of line at the end", on_bytes(lambda raw, _rng: raw[:-1]), 0),
    ("empty lines", on_lines(put(b"\n")), 0),
    ("quoted cells", on_lines(in_line(quoted)), 0),
    ("header alone", on_lines(lambda lines, _rng: lines[:1]), 0),
    ("parquet", parquet(lambda table: table), 0),
    ("parquet of large strings", parquet(typed("sex", lambda rows: pa.array(["F"] * rows, pa.large_string()))), 0),
    ("parquet of a dictionary", parquet(lambda table: table.set_column(
        0, "record_kind", table.column("record_kind").combine_chunks().dictionary_encode())), 0),
    ("parquet with nulls", parquet(lambda table: table.set_column(
        table.column_names.index("used_name"), "used_name", pa.nulls(table.num_rows, pa.string()))), 0),
    ("parquet with a line of a megabyte", parquet_cell("family_name", "A" * 1_000_000), 1),
    ("cut in the last line", on_bytes(lambda raw, rng: raw[: -rng.randrange(20, 150)]), 1),
    ("latin-1 line", on_lines(put("current,é,".encode("latin-1") + b"\n")), 1),
    ("lone bytes", on_lines(put(b"\xff\xfe\x80\n")), 1),
    ("nul bytes in a line", on_lines(in_line(lambda line: line.replace(b",", b"\0,", 3))), 1),
    ("a line of nul bytes", on_lines(put(bytes(500) + b"\n")), 1),
    ("a line of a megabyte", on_lines(put(b"x" * 1_000_000 + b"\n")), 1),
    ("a line of forty megabytes", on_lines(put(b"y" * 40_000_000 + b"\n")), 1),
    ("a huge last line without end", on_bytes(lambda raw, _rng: raw + b"z" * 100_000), 1),
    ("an open quote", on_lines(in_line(lambda line: line.replace(b",", b',"', 1))), 1),
    ("a quote in the middle", on_lines(in_line(lambda line: line.replace(b",", b',"a"b,', 1))), 1),
    ("one cell more", on_lines(in_line(lambda line: b"more," + line)), 1),
    ("one cell less", on_lines(in_line(lambda line: line.split(b",", 1)[1])), 1),
    ("a lone carriage return", on_lines(in_line(lambda line: line.replace(b",", b"\r,", 1))), 1),
    ("two lines run together", on_lines(run_together), 1),
    ("the header again", on_lines(lambda lines, _rng: [*lines[:5], lines[0], *lines[5:]]), 1),
    ("a line twice but for a name", on_rows(lambda rows, _rng: rows.append(rows[2] | {"given_names": "AUTRE"})), 1),
    ("a line of another insurer", set_cell("amc", "99100002"), 1),
    ("somebody else's number", on_rows(borrow_a_card), 1),
    ("a stranger's holder", on_rows(lambda rows, _rng: rows[5].update(
        holder_member_number="Z-9", relationship="child")), 1),
    ("a real oid", set_cell("ins_oid", "1.2.250.1.213.1.4.8"), 1),
    ("a real number", set_cell("right_holder_nir", REAL), 1),
    ("a wrong key", set_cell("right_holder_nir", OTHER[:13] + f"{int(OTHER[13:]) % 97 + 1:02d}"), 1),
    ("a wrong own key", set_cell("own_nir", OTHER[:13] + f"{int(OTHER[13:]) % 97 + 1:02d}"), 1),
    ("corsica in digits and letters", set_cell("right_holder_nir", "1840520A0001234"), 1),
    ("full-width digits", set_cell("birth_date", "１９８４０５１２"), 1),
    ("a birth to come", set_cell("birth_date", "20790512"), 1),
    ("a date of the wrong order", set_cell("covered_from", "01/01/2026"), 1),
    ("a date told by its week", set_cell("covered_from", "2026-W01-1"), 1),
    ("a day that is none", set_cell("covered_until", "2026-02-30"), 1),
    ("a year of five digits", set_cell("effective_on", "12026-01-01"), 1),
    ("an end before its beginning", on_rows(lambda rows, _rng: rows[1].update(
        covered_from="2026-12-31", covered_until="2026-01-01")), 1),
    ("a status against its dates", set_cell("status", "future"), 1),
    ("an unknown product", set_cell("product_code", "GOLD"), 1),
    ("no domain", set_cell("domains", ""), 1),
    ("an unknown domain", set_cell("domains", "MEDG MAGIC"), 1),
    ("a name of digits", set_cell("family_name", "L3NOIR"), 1),
    ("a name that turns the line round", set_cell("given_names", "ZOE\u202eANNE"), 1),
    ("a name of eighty-one letters", set_cell("family_name", "A" * 81), 1),
    ("a formula for a spreadsheet", set_cell("family_name", "=CMD()"), 1),
    ("sql in a name", set_cell("family_name", "'; drop table person.key; --"), 1),
    ("an empty member number", set_cell("member_number", ""), 1),
    ("a correction of nobody", on_rows(lambda rows, _rng: rows[2].update(
        record_kind="correction", corrects_nir=OTHER, corrects_birth_date="19750301", corrects_birth_rank="1")), 1),
    ("a rank of zero", set_cell("birth_rank", "0"), 1),
    ("parquet with one bad cell", parquet_cell("sex", "X"), 1),
    ("parquet with a nul", parquet_cell("family_name", "A\0B"), 1),
    ("parquet with an enormous cell", parquet_cell("family_name", "A" * 5_000_000), 1),
]  # fmt: skip
CASES = [Case(name, spoil, whole=True) for name, spoil in WHOLE] + [
    Case(name, spoil, whole=False, refused=refused) for name, spoil, refused in LINES
]


@pytest.fixture(scope="module")
def rows(country: Path) -> list[Row]:
    """Forty holders of an active right: no line depends on another."""
    every = rows_of(country / "rights" / f"{FIRST}.csv")
    return [row for row in every if row["relationship"] == "holder" and row["status"] == "active"][:40]


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    return connect(SUPERUSER, autocommit=True)


@pytest.fixture
def importer(connect: Connect, key_directory: Path, country: Path) -> Importer:
    made = make_importer(connect("tierce_feed"), key_directory, chunk_lines=7)
    made.insurers(country / "insurers.csv")
    return made


def test_there_are_a_hundred() -> None:
    assert len(CASES) >= 100
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("part", range(4))
def test_nothing_is_half_written_and_nothing_lost(
    importer: Importer, admin: psycopg.Connection, rows: list[Row], tmp_path: Path, part: int
) -> None:
    for number, case in enumerate(CASES):
        if number % 4 != part:
            continue
        path = tmp_path / f"{number}.csv"
        spoiled = [dict(row) for row in rows]
        case.spoil(path, spoiled, random.Random(number))
        before = state_of(admin)
        if case.whole:
            with pytest.raises(TierceError) as caught:
                importer.rights(path)
            assert len(str(caught.value)) > 20, case.name
            assert not any(row["family_name"] in str(caught.value) for row in rows), case.name
            assert state_of(admin) == before, case.name
            assert admin.execute("select count(*) from registry.feed where state = 'running'").fetchone() == (0,)
            continue
        counts = importer.rights(path).counts
        assert counts.rejected == case.refused, (case.name, importer.rejections)
        assert counts.read == lines_in(path), f"{case.name}: a line is in none of taken, unchanged and refused"
        assert len({one.line for one in importer.rejections}) == counts.rejected, case.name
        covered = admin.execute("select count(*) from coverage.coverage").fetchone()
        assert covered == (counts.taken + counts.unchanged,), case.name
        importer.rights(path)
        assert importer.intake.rights(path, FIRST, importer.listener()).counts.taken == 0, f"{case.name} comes twice"
        admin.execute("truncate person.key, person.member, person.trait, person.record, person.family,"
                      " coverage.coverage, registry.feed cascade")  # fmt: skip


def lines_in(path: Path) -> int:
    """Count the lines of a file that say anything."""
    source = open_source(path, RIGHTS)
    if not isinstance(source, CsvSource):
        return source.measure(lambda _read, _total: None).lines_total
    return sum(1 for line in path.read_bytes().split(b"\n")[1:] if line.strip(b"\r,"))


def test_a_file_that_may_not_be_read_says_so(importer: Importer, rows: list[Row], tmp_path: Path) -> None:
    path = write_rows(tmp_path / "secret.csv", rows)
    path.chmod(0)
    try:
        path.open("rb").close()
    except PermissionError:
        with pytest.raises(TierceError, match="cannot be read"):
            importer.rights(path)
