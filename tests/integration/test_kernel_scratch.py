"""Throw-away folders: gone at the end, and those of the killed taken away by the next."""

import subprocess
import sys
from pathlib import Path

import pytest

from tierce.kernel.scratch import Scratch

_HOLDER = """
import sys
from pathlib import Path
from tierce.kernel.scratch import Scratch
held = Scratch("work.", Path(sys.argv[1]))
(held.path / "sorted").write_text("much")
print(held.path, flush=True)
sys.stdin.read()
"""


def _holder(parent: Path) -> tuple[subprocess.Popen[str], Path]:
    command = [sys.executable, "-c", _HOLDER, str(parent)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_the_folder_goes_with_the_work_even_when_it_fails(tmp_path: Path) -> None:
    with Scratch("work.", tmp_path) as one:
        (one.path / "some").mkdir()
        assert one.path.parent == tmp_path
    failing = Scratch("work.", tmp_path)
    with pytest.raises(RuntimeError, match="disk"), failing:
        raise RuntimeError("disk")
    failing.close()
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_goes_and_what_a_live_one_holds_stays(tmp_path: Path) -> None:
    live, held = _holder(tmp_path)
    killed, left = _holder(tmp_path)
    other = tmp_path / "work-of-somebody"
    other.mkdir()
    killed.kill()
    killed.communicate()
    assert (left / "sorted").exists()

    with Scratch("work.", tmp_path) as ours:
        assert not left.exists()
        assert (held / "sorted").read_text() == "much"
        assert ours.path != held
        assert other.exists()
    live.communicate("")
