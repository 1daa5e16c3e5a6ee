"""Files that are whole or not there: atomic writes (R-52) and names that stay inside their folder."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from bidmere.errors import DiskFull, InvalidInput, StorageError

Writer = Callable[[BinaryIO], object]

_NO_ROOM = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_PLAIN = re.compile(rb"[A-Z0-9_-]")
_RESERVED = re.compile(r"^(CON|PRN|AUX|NUL|COM\d|LPT\d)$")
_LONGEST_NAME = 120


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


def safe_name(text: str) -> str:
    """Return a reversible file name for any symbol: capitals, digits, `-` and `_` stay, other bytes become `%XX`.

    Lower case is encoded too, so that two symbols never share a file where names ignore case. Raises InvalidInput for
    an empty or overlong symbol.
    """
    name = "".join(
        chr(byte) if _PLAIN.match(bytes((byte,))) else f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass")
    )
    if not name or len(name) > _LONGEST_NAME:
        raise InvalidInput(f"{text[:40]!r} cannot name a file: a symbol has 1 to about 40 characters.")
    return f"%{ord(name[0]):02X}{name[1:]}" if _RESERVED.match(name) else name


def name_text(name: str) -> str:
    """Return the symbol that `safe_name` encoded. Raises InvalidInput for a name it never made."""
    try:
        raw = re.sub(rb"%([0-9A-F]{2})", lambda found: bytes((int(found[1], 16),)), name.encode("ascii"))
        return raw.decode("utf-8", "surrogatepass")
    except (UnicodeDecodeError, UnicodeEncodeError):
        raise InvalidInput(f"{name!r} is not the name of a data file of Bidmere.") from None
