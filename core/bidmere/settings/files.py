"""Small files that hold choices: replaced in one step, and kept aside when they cannot be read."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from bidmere.errors import DiskFull, StorageError

_NO_SPACE = {28, 122}  # ENOSPC, EDQUOT


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that a crash leaves the old or the new one, never half. Raises StorageError, DiskFull."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        kind = DiskFull if error.errno in _NO_SPACE else StorageError
        reason = error.strerror or "the system gave no reason"
        sentence = f"{path.name} could not be saved: {reason}. The old file is untouched; free some room."
        raise kind(sentence) from error


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
