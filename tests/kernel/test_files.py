"""Atomic writes and damaged files kept aside."""

import errno
import os
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from bidmere.errors import DiskFull, StorageError
from bidmere.kernel.files import keep_aside, write_atomic


def test_r52_file_is_replaced_whole_and_private(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file.bin"
    write_atomic(target, b"one")
    write_atomic(target, b"two")
    assert target.read_bytes() == b"two"
    assert [one.name for one in target.parent.iterdir()] == ["file.bin"]
    if sys.platform != "win32":
        assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("code", "kind"), [(errno.ENOSPC, DiskFull), (errno.EROFS, StorageError)])
def test_r52_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path, code: int, kind: type[Exception]) -> None:
    target = tmp_path / "file.bin"
    write_atomic(target, b"old")

    def fail(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError(code, os.strerror(code))

    with pytest.raises(kind, match=r"file\.bin"):
        write_atomic(target, fail)
    assert target.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["file.bin"]


def test_damaged_files_are_kept_beside_each_other(tmp_path: Path) -> None:
    for text in ("one", "two"):
        (tmp_path / "a.json").write_text(text)
        keep_aside(tmp_path / "a.json")
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {
        "a.json.damaged": "one",
        "a.json.damaged-2": "two",
    }
    assert keep_aside(tmp_path / "a.json") is None
