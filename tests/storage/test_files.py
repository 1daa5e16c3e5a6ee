"""Atomic writes and safe names."""

import errno
import os
import sys
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.errors import DiskFull, InvalidInput, StorageError
from bidmere.storage.files import name_text, safe_name, write_atomic


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


@given(st.text(min_size=1, max_size=12))
def test_names_are_reversible_and_stay_in_their_folder(text: str) -> None:
    name = safe_name(text)
    assert name_text(name) == text
    assert Path(name).name == name
    assert name.upper() == name


@pytest.mark.parametrize("text", ["..", "../../etc/passwd", "a/b", "a\\b", "CON", "BTC/USDT:USDT", ".", "C:"])
def test_hostile_names_are_encoded(tmp_path: Path, text: str) -> None:
    path = tmp_path / safe_name(text)
    assert path.resolve().parent == tmp_path.resolve()
    assert safe_name(text) not in ("CON", ".", "..")


@pytest.mark.parametrize("text", ["", "x" * 500])
def test_names_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        safe_name(text)
