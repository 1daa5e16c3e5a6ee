"""The journal's tables, how it is opened, and the hash chain that binds its events (S-16)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bidmere.errors import DiskFull, JournalCorrupt, StorageError
from bidmere.storage.codec import canonical

JOURNAL_FILE: Final = "journal.db"
SCHEMA_VERSION: Final = 1
GENESIS: Final = "0" * 64

_TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE orders (
    client_id TEXT PRIMARY KEY, account TEXT NOT NULL, instrument TEXT NOT NULL, source TEXT NOT NULL,
    state TEXT NOT NULL, intent TEXT NOT NULL, created_ns INTEGER NOT NULL, updated_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE approvals (
    id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES orders (client_id), ts INTEGER NOT NULL,
    kind TEXT NOT NULL, decision TEXT NOT NULL, gate_version INTEGER NOT NULL, report TEXT NOT NULL
) STRICT;
CREATE INDEX approvals_by_order ON approvals (client_id);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY, ts INTEGER NOT NULL, client_id TEXT NOT NULL, type TEXT NOT NULL, payload TEXT NOT NULL,
    prev_hash TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_order ON events (client_id);
CREATE TABLE fills (
    venue TEXT NOT NULL, account TEXT NOT NULL, symbol TEXT NOT NULL, trade_id TEXT NOT NULL,
    client_id TEXT NOT NULL, ts INTEGER NOT NULL, payload TEXT NOT NULL,
    PRIMARY KEY (venue, account, symbol, trade_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER events_keep BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_stay BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never removed'); END;
"""


@dataclass(slots=True)
class Chain:
    """The end of the event chain: how many events there are and the last one's hash."""

    seq: int = 0
    last: str = GENESIS

    def link(self, ts: int, client_id: str, kind: str, payload: bytes) -> tuple[int, str, str]:
        """Take the next event on; returns its number, the hash before it and its own."""
        before = self.last
        self.seq += 1
        self.last = event_hash(before, self.seq, ts, client_id, kind, payload)
        return self.seq, before, self.last


def event_hash(before: str, seq: int, ts: int, client_id: str, kind: str, payload: bytes) -> str:
    """Return the hash of an event; it covers clock time, ids and contents, nothing of the machine."""
    return hashlib.sha256(before.encode() + canonical([seq, ts, client_id, kind]) + payload).hexdigest()


def open_journal(path: Path, *, durable: bool) -> sqlite3.Connection:
    """Open or make a journal for writing and check it quickly.

    `durable=False` leaves the syncing to the operating system. Raises StorageError for a newer schema or a file that
    cannot be used, JournalCorrupt for a damaged one.
    """
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
    try:
        with translated(path):
            _prepare(connection, path, durable)
    except BaseException:
        connection.close()
        raise
    return connection


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a journal that no process has open, for reading only. Raises StorageError."""
    with translated(path):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("SELECT count(*) FROM sqlite_master")
    return connection


def read_chain(connection: sqlite3.Connection) -> Chain:
    """Return the end of the chain as stored."""
    row = connection.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
    return Chain(*row) if row else Chain()


@contextlib.contextmanager
def translated(path: Path) -> Any:
    """Turn what SQLite and the system raise into our errors."""
    try:
        yield
    except sqlite3.Error as error:
        raise as_storage_error(error, path.name) from error
    except OSError as error:
        raise StorageError(f"{path.name} cannot be used ({error.strerror}): check the disk and the folder.") from error


def as_storage_error(error: sqlite3.Error, name: str) -> StorageError:
    """Return our error for SQLite's."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(f"The disk is full: {name} takes no new orders until there is room.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return JournalCorrupt(f"{name} is damaged ({error}): keep it, and start with another profile or a backup.")
    return StorageError(f"{name} could not be written ({error}): check the disk.")


def _prepare(connection: sqlite3.Connection, path: Path, durable: bool) -> None:
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA mmap_size=0")
    connection.execute("PRAGMA busy_timeout=5000")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise StorageError(f"{path.name} was written by a newer Bidmere (schema {version}): start that version.")
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode.lower() != "wal":
        raise StorageError(f"{path.name} cannot be kept safely in this folder ({mode}): choose a local disk.")
    connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
    connection.execute("PRAGMA fullfsync=ON")
    connection.execute("PRAGMA checkpoint_fullfsync=ON")
    connection.execute("PRAGMA foreign_keys=ON")
    if version == 0:
        connection.execute("BEGIN IMMEDIATE")
        for statement in _statements():
            connection.execute(statement)
        connection.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        connection.execute("COMMIT")
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise JournalCorrupt(f"{path.name} is damaged ({found}): keep it, and start with another profile or a backup.")


def _statements() -> list[str]:
    statements, part = [], ""
    for piece in _TABLES.split(";"):
        part += piece + ";"
        if sqlite3.complete_statement(part):
            statements.append(part.strip())
            part = ""
    return [statement for statement in statements if statement != ";"]
