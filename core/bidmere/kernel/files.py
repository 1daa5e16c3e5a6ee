"""Files that are whole or not there (R-52): written in one step, private to their owner, kept aside when damaged."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from bidmere.errors import DiskFull, StorageError

Writer = Callable[[BinaryIO], object]

_NO_ROOM = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses within the block into DiskFull or StorageError with the file's name."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise DiskFull(f"The disk is full: {path.name} was not written. Free some space and try again.") from error
        reason = error.strerror or type(error).__name__
        raise StorageError(f"{path.name} could not be written ({reason}). Check the folder and its rights.") from error


def write_atomic(path: Path, content: bytes | Writer, mode: int = 0o600) -> None:
    """Replace a file by new content, or leave it untouched: temporary file, mode, fsync, replace, fsync of the folder.

    Raises DiskFull when there is no room, StorageError for what else the disk refuses.
    """
    with disk_errors(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                if isinstance(content, bytes):
                    file.write(content)
                else:
                    content(file)
                file.flush()
                if hasattr(os, "fchmod"):
                    os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and removals in a folder survive a power cut; Windows does so by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def keep_aside(path: Path) -> Path | None:
    """Move a damaged file to `NAME.damaged`, `NAME.damaged-2`, …; None when it cannot be moved."""
    for number in range(1, 1000):
        target = path.with_name(path.name + (".damaged" if number == 1 else f".damaged-{number}"))
        if not target.exists():
            try:
                path.replace(target)
            except OSError:
                return None
            return target
    return None
