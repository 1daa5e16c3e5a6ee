"""One process per profile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bidmere.errors import ProfileLocked, StorageError
from bidmere.storage.lock import MACHINE_FILE, ProfileLock

HOLD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from bidmere.storage.lock import ProfileLock
lock = ProfileLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_s12_a_second_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    core = str(Path(__file__).resolve().parents[2] / "core")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path), core], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ProfileLocked, match=f"process {holder.pid}"):
            ProfileLock(tmp_path).acquire()
        holder.kill()
    lock = ProfileLock(tmp_path)
    lock.acquire()  # a holder that died holds nothing
    lock.release()
    lock.release()


def test_s15_a_copied_profile_is_noticed(tmp_path: Path) -> None:
    lock = ProfileLock(tmp_path)
    lock.acquire()
    assert not lock.is_moved
    lock.release()
    (tmp_path / MACHINE_FILE).write_text("another machine\n")
    lock.acquire()
    assert lock.is_moved
    lock.release()


def test_a_profile_that_is_no_folder_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="choose another"):
        ProfileLock(tmp_path / "file").acquire()
