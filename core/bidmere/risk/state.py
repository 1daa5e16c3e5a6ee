"""Whether trading is allowed at all: an account's trading state, and the kill switch that survives everything."""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Final

from bidmere.errors import InvalidInput, StorageError

MAX_KILL_LEVEL: Final = 3
_SIZE: Final = 4096
_LONGEST = 500


class TradingState(StrEnum):
    """ACTIVE takes every order, REDUCING and HALTED only what reduces a position; cancels always pass (U-6)."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class KillSwitch:
    """Block new orders (1), cancel all working ones too (2), flatten too (3); only a person lowers it (R-60).

    The sentinel file is allocated when the switch is built, so raising it needs no room on the disk. `raise_to`
    writes and syncs it before it returns, without an await (R-61); the flag in memory is set even when the disk
    refuses. A sentinel that cannot be understood counts as level 1, and so does one that cannot be opened: no disk,
    no new orders.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._level = 0
        self.source = ""
        self.reason = ""
        self.raised_ns = 0
        self._file = -1
        try:
            self._file = self._allocate()
            text = os.pread(self._file, _SIZE, 0) if hasattr(os, "pread") else self._seek_and_read()
        except OSError as error:
            self._remember(1, "file", f"The kill switch file {path.name} cannot be used: {error.strerror}.", 0)
        else:
            self._understand(text.decode("utf-8", "replace").strip(" \0\r\n\t"))

    @property
    def level(self) -> int:
        """How far it is raised, 0 when it is not."""
        return self._level

    @property
    def is_raised(self) -> bool:
        """New orders are blocked."""
        return self._level > 0

    def raise_to(self, level: int, source: str, reason: str, now_ns: int) -> None:
        """Raise the switch durably, then return; a level not above the present one changes nothing.

        Raises InvalidInput for a level that does not exist and StorageError when the sentinel could not be written:
        the switch is raised all the same, but holds only until this process ends.
        """
        if not 1 <= level <= MAX_KILL_LEVEL:
            raise InvalidInput(f"Kill level {level} does not exist: 1 blocks, 2 cancels too, 3 flattens too.")
        if level <= self._level:
            return
        try:
            self._write({"level": level, "source": source[:_LONGEST], "reason": reason[:_LONGEST], "ts": now_ns})
        finally:
            self._remember(level, source, reason, now_ns)

    def clear(self, source: str, reason: str, now_ns: int) -> None:
        """Lower the switch to 0; a person says why.

        Raises InvalidInput without a reason and StorageError when the sentinel could not be written: it stays raised.
        """
        if not reason.strip():
            raise InvalidInput("Say why the kill switch is cleared: the reason goes into the journal.")
        self._write({"level": 0, "source": source[:_LONGEST], "reason": reason[:_LONGEST], "ts": now_ns})
        self._remember(0, source, reason, now_ns)

    def close(self) -> None:
        """Let the file go; the switch keeps its level."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _allocate(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            size = os.fstat(file).st_size
            if size < _SIZE:
                os.lseek(file, size, os.SEEK_SET)
                os.write(file, b" " * (_SIZE - size))
                os.fsync(file)
        except OSError:
            os.close(file)
            raise
        return file

    def _seek_and_read(self) -> bytes:
        os.lseek(self._file, 0, os.SEEK_SET)
        return os.read(self._file, _SIZE)

    def _understand(self, text: str) -> None:
        if not text:
            return
        try:
            state = json.loads(text)
            level, ts = int(state["level"]), int(state["ts"])
            source, reason = str(state["source"]), str(state["reason"])
        except (ValueError, KeyError, TypeError):
            level, source, reason, ts = -1, "file", "The kill switch file was touched or is damaged.", 0
        self._remember(level if 0 <= level <= MAX_KILL_LEVEL else 1, source, reason, ts)

    def _remember(self, level: int, source: str, reason: str, ts: int) -> None:
        self._level, self.source, self.reason, self.raised_ns = level, source, reason, ts

    def _write(self, state: dict[str, object]) -> None:
        try:
            if self._file < 0:
                self._file = self._allocate()
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, json.dumps(state).encode().ljust(_SIZE))
            os.fsync(self._file)
        except OSError as error:
            raise StorageError(
                f"The kill switch file {self._path.name} could not be written ({error.strerror}): what was set holds "
                "only while Bidmere runs. Free the disk and set it again before you close."
            ) from error
