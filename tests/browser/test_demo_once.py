"""The whole demonstration, unattended, as a newcomer's machine plays it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_the_demonstration_plays_itself_and_leaves_nothing_running(tmp_path: Path) -> None:
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == os.geteuid():
            parent.chmod(parent.stat().st_mode | 0o011)
    home = tmp_path / "demo"
    command = [sys.executable, "-m", "tierce.cli", "demo", "--once", "--home", str(home), "--lang", "fr"]
    done = subprocess.run([*command, "--json", "-"], capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    assert result["learned"] <= result["bound"]
    assert 0 < result["transferred"] == result["invoice_due"] < result["invoice_asked"]
    assert {path.suffix for path in (home / "payments").iterdir()} == {".age", ".json"}, "the file and its list"
    assert len(list((home / "shots").rglob("*.png"))) >= 15
    running = [path.read_text().replace("\0", " ") for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [line for line in running if str(home) in line]
