"""One process per profile: an operating-system lock that dies with its holder (S-12, S-15)."""

from __future__ import annotations

import hashlib
import os
import sys
import uuid
from pathlib import Path
from typing import Final

from bidmere.errors import ProfileLocked, StorageError

LOCK_FILE: Final = "profile.lock"
MACHINE_FILE: Final = "profile.machine"
_OFFSET: Final = 1 << 20  # the locked byte lies beyond the text, so that others can read who holds it


class ProfileLock:
    """Hold a profile folder for this process.

    `is_moved` says after `acquire` that the profile was made on another machine: a copy, which must be armed anew.
    """

    def __init__(self, profile: Path) -> None:
        self._profile = profile
        self._file = -1
        self.is_moved = False

    def acquire(self) -> None:
        """Take the profile. Raises ProfileLocked when another process holds it, StorageError when it cannot be used."""
        path = self._profile / LOCK_FILE
        try:
            self._profile.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StorageError(
                f"The profile folder {self._profile} cannot be used ({error.strerror}): choose another with --profile."
            ) from error
        if not _try_lock(file):
            holder = os.read(file, 32).decode("ascii", "replace").strip()
            os.close(file)
            who = f" (process {holder})" if holder.isdigit() else ""
            raise ProfileLocked(
                f"Another Bidmere{who} uses the profile {self._profile}: close it, or start with another --profile."
            )
        os.ftruncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, f"{os.getpid()}\n".encode())
        self._file = file
        self._compare_machine()

    def release(self) -> None:
        """Let the profile go; harmless when it is not held."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _compare_machine(self) -> None:
        path, here = self._profile / MACHINE_FILE, machine_id()
        try:
            known = path.read_text(encoding="ascii").strip() if path.exists() else ""
            if not known:
                path.write_text(here + "\n", encoding="ascii")
                path.chmod(0o600)
        except (OSError, UnicodeDecodeError):
            known = "unreadable"
        self.is_moved = bool(known) and known != here


def machine_id() -> str:
    """Return a digest that tells this machine from others and says nothing else about it."""
    source = f"bidmere/{uuid.getnode():x}"
    for path in (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")):
        try:
            source = path.read_text(encoding="ascii").strip() or source
            break
        except (OSError, UnicodeDecodeError):
            continue
    return hashlib.sha256(source.encode()).hexdigest()[:32]


def _try_lock(file: int) -> bool:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(file, _OFFSET, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            os.lseek(file, 0, os.SEEK_SET)
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
