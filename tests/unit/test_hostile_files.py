"""Files and messages that a stranger wrote end in a refusal of ours: never in a fault, nor in endless memory."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import tierce.incidents.pack.inspector
from tierce.incidents.pack.inspector.proofs import TEXT_BYTES_MAX
from tierce.journal.errors import ProofRefusedError
from tierce.journal.verifier.proof import check_proof
from tierce.notices.deliveries.bounces import MESSAGE_BYTES_MAX, parse
from tierce.notices.deliveries.mail import TOKEN_BYTES, return_path
from tierce.scope.criteria import Registers, read_criteria
from tierce.scope.errors import CriteriaError
from tierce.scope.indicators.errors import IndicatorError
from tierce.scope.indicators.rules import read_question
from tierce.settings import SettingsError, load

DEEP = 100_000
LONG_NUMBER = "9" * 5_000
VERIFY = Path(tierce.incidents.pack.inspector.__file__).with_name("verify.py")


@pytest.mark.parametrize("text", ["[" * DEEP, '{"seq":', "9" * 5_000, "[]", "\ud800"], ids=lambda text: text[:4])
def test_a_proof_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ProofRefusedError):
        check_proof(text, "journal.example+1a2b3c4d+AQ")


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", LONG_NUMBER])
def test_a_proof_whose_number_is_none_is_refused(number: str) -> None:
    text = f'{{"format":"tierce-proof-v1","entry":"","path":[],"seq":{number},"index":0,"size":1,"checkpoint":""}}'
    with pytest.raises(ProofRefusedError):
        check_proof(text, "journal.example+1a2b3c4d+AQ")


HOSTILE_TOML = {
    "nested": b"a = " + b"[" * DEEP,
    "long-number": b"a = " + LONG_NUMBER.encode(),
    "nul": b'a = "\0"',
    "utf-16": "a = 1".encode("utf-16"),
    "latin-1": b'a = "\xe9"',
}


@pytest.mark.parametrize("content", HOSTILE_TOML.values(), ids=HOSTILE_TOML)
def test_settings_that_cannot_be_read_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "tierce.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError):
        load(file)


def test_a_byte_order_mark_is_no_fault_of_settings(tmp_path: Path) -> None:
    file = tmp_path / "tierce.toml"
    file.write_bytes(b"\xef\xbb\xbfunknown = 1")
    with pytest.raises(SettingsError, match="unknown"):
        load(file)


NOBODY = Registers(lambda _level, _subject, _rung: [], lambda _numbers: {}, lambda _names: {})


@pytest.mark.parametrize("suffix", [".toml", ".json"])
@pytest.mark.parametrize(
    "content", [*HOSTILE_TOML.values(), b"[" * DEEP, b'{"version": ' + LONG_NUMBER.encode() + b"}"]
)
def test_criteria_that_cannot_be_read_are_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    file = tmp_path / f"criteria{suffix}"
    file.write_bytes(content)
    with pytest.raises(CriteriaError):
        read_criteria(file, NOBODY)


def test_criteria_say_the_place_where_they_stop(tmp_path: Path) -> None:
    said = {}
    for name, content in (("a.toml", b"version = 1\n= 2"), ("b.json", b'{\n"version" 1}'), ("c.toml", b"\xff")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CriteriaError) as refused:
            read_criteria(tmp_path / name, NOBODY)
        said[name] = str(refused.value).partition(" : ")[0]
    assert said == {"a.toml": "line 2, column 1", "b.json": "line 2", "c.toml": "file"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from", "0001-01-01T00:00:00+12:00"),
        ("until", "0001-01-01T00:00:00+12:00"),
        ("value", "LGO\0Merle"),
        ("value", "LGO\u202eelreM"),
        ("value", "LGO\nMerle"),
    ],
)
def test_an_indicator_out_of_bounds_is_refused_by_its_field(field: str, value: str) -> None:
    line = {"kind": "software", "value": "LGO", "from": "2026-01-01T00:00:00Z", "until": "9999-12-31T23:59:59-12:00"}
    read_question(b'{"format":"tierce-indicators-v1"}\n' + json.dumps(line).encode())
    with pytest.raises(IndicatorError, match="until" if field == "from" else field):
        read_question(b'{"format":"tierce-indicators-v1"}\n' + json.dumps({**line, field: value}).encode())


def _notification(status: bytes) -> bytes:
    to = return_path(bytes(TOKEN_BYTES), "tierce.example").encode()
    return (
        b"To: "
        + to
        + b"\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        + status
    )


@pytest.mark.parametrize(
    "content",
    [
        b"Content-Type: message/rfc822\r\n\r\n" * 3_000,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3_000)),
        _notification(b"x" * MESSAGE_BYTES_MAX),
    ],
    ids=["messages", "parts", "long"],
)
def test_a_message_nested_without_end_or_without_measure_is_no_notification(content: bytes) -> None:
    assert parse(_notification(b"")) is not None
    assert parse(content) is None


def _verified(pack: Path) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, VERIFY, pack], capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_a_pack_that_is_none_or_never_ends_is_named_by_the_inspectors_script(tmp_path: Path) -> None:
    none = tmp_path / "none.zip"
    none.write_bytes(b"PK\x03\x04 and nothing more")
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("keys.txt", b"")
        made.writestr("manifest.txt", bytes(TEXT_BYTES_MAX + 1))
    assert bomb.stat().st_size < TEXT_BYTES_MAX // 500
    for pack, said in ((none, "not a zip file"), (bomb, "manifest.txt : trop long")):
        code, out, err = _verified(pack)
        assert (code, err) == (1, "")
        assert said in out
