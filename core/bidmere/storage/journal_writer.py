"""The one thread that writes the journal: jobs in the order they came, those that wait share one commit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from bidmere.errors import BidmereError, DiskFull, StorageError
from bidmere.storage.journal_schema import Chain, as_storage_error, open_journal, read_chain

log = logging.getLogger(__name__)

Job = Callable[[sqlite3.Connection, Chain], Any]
_GROUP: Final = 256
_CHUNK: Final = 1 << 20


class Ballast:
    """A file that is there to be deleted when the disk is full, so that fills, cancels and a kill fit in (R-51)."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size

    @property
    def is_there(self) -> bool:
        """It can be given up."""
        return self._path.exists()

    def keep(self) -> None:
        """Make it unless it is there; where there is no room for it, there is none."""
        if not self._size or self.is_there:
            return
        try:
            with self._path.open("wb") as file:
                for start in range(0, self._size, _CHUNK):
                    file.write(bytes(min(_CHUNK, self._size - start)))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self.free()

    def free(self) -> None:
        """Give it up."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Waiting:
    job: Job
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    is_urgent: bool


class JournalWriter:
    """Run jobs on the journal's only connection.

    Threaded, every call returns at once and its future is done when the commit is on the disk. Not threaded, the call
    does it all, so that a simulated run has no order of threads to depend on.
    """

    def __init__(self, path: Path, *, durable: bool, threaded: bool, ballast_bytes: int) -> None:
        self._path = path
        self._durable = durable
        self._threaded = threaded
        self.ballast = Ballast(path.with_suffix(".ballast"), ballast_bytes)
        self.problem = ""
        self._held = ""
        self._gave_up = False
        self.pending = 0
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._chain = Chain()

    @property
    def is_open(self) -> bool:
        """It takes jobs."""
        return self._connection is not None

    def open(self) -> None:
        """Open the file and start the thread. Raises StorageError."""
        self._connection = open_journal(self._path, durable=self._durable)
        self._chain = read_chain(self._connection)
        self.ballast.keep()
        self.problem, self._gave_up = "", False
        if self._threaded:
            self._thread = threading.Thread(target=self._serve, name="journal", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Finish what waits, then close; harmless when it is not open."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
            self._connection = None

    def restore_ballast(self) -> None:
        """Put the ballast back; where there is no room for it, the problem stays: what is left is for fills."""
        self.ballast.keep()
        if self._gave_up and self.ballast.is_there:
            self._gave_up, self.problem = False, ""

    def release(self) -> None:
        """Take urgent jobs again; whoever holds the failed ones puts them first."""
        self._held = ""

    def put(self, job: Job, *, is_urgent: bool = False) -> asyncio.Future[Any]:
        """Queue a job; an urgent one may use up the ballast. The future raises StorageError when it fails."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        if self._connection is None:
            future.set_exception(StorageError("The order journal is not open."))
            return future
        waiting = _Waiting(job, future, loop, is_urgent)
        self.pending += 1
        if self._threaded:
            self._queue.put(waiting)
        else:
            for one, value, error in self._run([waiting]):
                self._settle(one, value, error)
        return future

    def _serve(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            group, last = [first], False
            with contextlib.suppress(queue.Empty):
                while len(group) < _GROUP:
                    item = self._queue.get_nowait()
                    if item is None:
                        last = True
                        break
                    group.append(item)
            for waiting, value, error in self._run(group):
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    waiting.loop.call_soon_threadsafe(self._settle, waiting, value, error)
            if last:
                return

    def _settle(self, waiting: _Waiting, value: Any, error: Exception | None) -> None:
        self.pending -= 1
        if waiting.future.cancelled():
            return
        if error is None:
            waiting.future.set_result(value)
        else:
            waiting.future.set_exception(error)

    def _run(self, group: list[_Waiting]) -> list[tuple[_Waiting, Any, Exception | None]]:
        """Do a group in one transaction; when that fails, each job in its own.

        After an urgent job failed, later ones fail too until `release`: what happened is written in its order or not.
        """
        if self._held and any(waiting.is_urgent for waiting in group):
            if len(group) > 1:
                return [done for waiting in group for done in self._run([waiting])]
            return [(group[0], None, StorageError(self._held))]
        try:
            values = self._transact(group)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            if len(group) > 1:
                return [done for waiting in group for done in self._run([waiting])]
            return [self._failed(group[0], error)]
        return [(waiting, value, None) for waiting, value in zip(group, values, strict=True)]

    def _transact(self, group: list[_Waiting]) -> list[Any]:
        connection = self._connection
        if connection is None:
            raise StorageError("The order journal is not open.")
        before, changes = replace(self._chain), connection.total_changes
        try:
            connection.execute("BEGIN IMMEDIATE")
            values = [waiting.job(connection, self._chain) for waiting in group]
            connection.execute("COMMIT")
            if connection.total_changes > changes and not self._gave_up:
                self.problem = ""
        except BaseException:
            self._chain = before
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return values

    def _failed(self, waiting: _Waiting, error: Exception) -> tuple[_Waiting, Any, Exception | None]:
        told = as_storage_error(error, self._path.name) if isinstance(error, sqlite3.Error) else error
        if isinstance(told, DiskFull) and waiting.is_urgent and self.ballast.is_there:
            log.warning("The disk is full: the journal gives up its ballast.")
            self.ballast.free()
            self._gave_up = True
            try:
                value = self._transact([waiting])[0]
            except Exception as again:  # noqa: BLE001 - handed to whoever waits
                error = again
                told = as_storage_error(again, self._path.name) if isinstance(again, sqlite3.Error) else again
            else:
                self.problem = str(told)  # what was kept for the worst is gone: no new orders until there is room
                return waiting, value, None
        if isinstance(told, StorageError):
            self.problem = str(told)
            self._held = self.problem if waiting.is_urgent else self._held
        elif not isinstance(told, BidmereError):
            log.error("A journal job failed.", exc_info=error)
        return waiting, None, told
