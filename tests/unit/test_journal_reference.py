"""The page and the vectors of the frozen encoding say what the code does, and what outsiders can do with them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vectors.journal_entry import (
    MARKED,
    ORIGIN,
    PAGE,
    VECTORS,
    rendered_codes,
    rendered_vectors,
)
from tierce.journal.encoding import ENTRY_BYTES, decode, encode
from tierce.journal.engagement import parse_engagement
from tierce.journal.errors import EntryFormatError, ProofRefusedError
from tierce.journal.model import EntryKind
from tierce.journal.verifier.proof import check_proof
from tierce.journal.verifier.stretch import KINDS

TEXT = PAGE.read_text("utf-8")
KNOWN = json.loads(VECTORS.read_text("utf-8"))
LOG_LINE = KNOWN["checkpoint"]["verifier_key"]
SCRIPT = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)


def test_the_vectors_are_what_the_program_gives() -> None:
    """A difference means that the encoding moved: it must not. Only additions are written anew."""
    assert VECTORS.read_text("utf-8") == rendered_vectors()


def test_the_tables_of_codes_are_those_of_the_program() -> None:
    found = MARKED.search(TEXT)
    assert found is not None
    assert found.group() == rendered_codes()


def test_the_table_of_fields_covers_every_byte_once() -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\w+) \|", TEXT, re.MULTILINE)
    place = 0
    for offset, length, _name in rows:
        assert int(offset) == place
        place += int(length)
    assert place == ENTRY_BYTES


def test_the_table_of_fields_is_in_the_order_of_the_bytes() -> None:
    """Each field of the vector's first entry is found at its offset in the page."""
    fields, body = KNOWN["entries"][0]["fields"], bytes.fromhex(KNOWN["entries"][0]["bytes"])
    for offset, length, name in re.findall(r"^\| (\d+) \| (\d+) \| (\w+) \|", TEXT, re.MULTILINE):
        cut = body[int(offset) : int(offset) + int(length)]
        expected = {"version": 1, "reserved": 0, **fields}[name]
        assert (cut.hex() if isinstance(expected, str) else int.from_bytes(cut, "big")) == expected, name


@pytest.mark.parametrize("case", KNOWN["entries"], ids=lambda case: case["bytes"][:4])
def test_each_vector_reads_back(case: dict[str, str]) -> None:
    assert encode(decode(bytes.fromhex(case["bytes"]))).hex() == case["bytes"]


@pytest.mark.parametrize("case", KNOWN["refused"], ids=lambda case: case["why"])
def test_each_refused_vector_is_refused(case: dict[str, str]) -> None:
    with pytest.raises(EntryFormatError):
        decode(bytes.fromhex(case["bytes"]))


def test_printed_engagement_numbers_read_back() -> None:
    key = bytes.fromhex(KNOWN["engagement"]["key"])
    for one in KNOWN["engagement"]["numbers"]:
        assert parse_engagement(key, one["printed"]) == one["seq"]


def test_the_independent_reader_knows_the_same_kinds() -> None:
    assert set(KINDS) == {kind.value for kind in EntryKind}


def run_the_page_script(folder: Path, proof: dict[str, object]) -> subprocess.CompletedProcess[str]:
    assert SCRIPT is not None
    script, file = folder / "check_proof.py", folder / "proof.json"
    script.write_text(SCRIPT.group(1), encoding="utf-8")
    file.write_text(json.dumps(proof), encoding="utf-8")
    # -I -S: neither this project nor any installed package can be imported.
    return subprocess.run(
        [sys.executable, "-I", "-S", script, file], capture_output=True, text=True, check=False, timeout=30
    )


def test_the_script_on_the_page_accepts_the_proof(tmp_path: Path) -> None:
    done = run_the_page_script(tmp_path, KNOWN["proof"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("RIGHT: entry 2305 is leaf 1 of ")
    assert check_proof(json.dumps(KNOWN["proof"]), LOG_LINE).seq == 2305


def altered(**change: object) -> dict[str, object]:
    return {**KNOWN["proof"], **change}


PATH = KNOWN["proof"]["path"]
NOTE = KNOWN["proof"]["checkpoint"]


@pytest.mark.parametrize(
    "proof",
    [
        altered(entry=KNOWN["entries"][0]["bytes"]),
        altered(index=2),
        altered(index=-1),
        altered(index=99),
        altered(size=16),
        altered(path=PATH[:-1]),
        altered(path=[*PATH, PATH[0]]),
        altered(path=[PATH[1], PATH[0], *PATH[2:]]),
        altered(entry=KNOWN["proof"]["entry"][:-2]),
        altered(format="tierce-proof-v2"),
        altered(checkpoint=NOTE.replace(NOTE.split("\n")[2], "A" * 43 + "=")),
    ],
)
def test_the_script_and_the_reader_refuse_an_altered_proof(tmp_path: Path, proof: dict[str, object]) -> None:
    done = run_the_page_script(tmp_path, proof)
    assert done.returncode == 1
    assert done.stderr.startswith("WRONG: ")
    with pytest.raises(ProofRefusedError):
        check_proof(json.dumps(proof), LOG_LINE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "does not read as a proof"),
        ("[]", "lacks a field"),
        ("{}", "lacks a field"),
        (json.dumps(altered(path="abc")), "does not read as a proof"),
        (json.dumps(altered(checkpoint=NOTE.replace(ORIGIN, "other.example/log"))), "of the log"),
        (json.dumps(altered(checkpoint=NOTE.replace("— ", "- "))), "does not carry the log's signature"),
    ],
)
def test_a_proof_file_of_another_shape_is_refused_with_its_reason(text: str, message: str) -> None:
    with pytest.raises(ProofRefusedError, match=message):
        check_proof(text, LOG_LINE)
