"""The order journal: its own file, one connection in one writer thread, on the disk before it counts.

Intent, approval and state are one transaction before any byte leaves (R-10); the claim is one-shot (R-11); events are
append-only in a hash chain (S-16). Whatever fails here raises StorageError, and the order is denied.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from bidmere.errors import JournalCorrupt, StorageError, UnreadableData
from bidmere.kernel.lifecycle import Health, Level
from bidmere.model.order_fsm import IllegalTransition
from bidmere.model.orders import Order
from bidmere.storage.journal_records import (
    AuditRow,
    Entry,
    GateRecord,
    JournalLine,
    JournalState,
    load_state,
    story_of,
    write_adopted,
    write_audit,
    write_change_decision,
    write_claim,
    write_decision,
    write_entries,
)
from bidmere.storage.journal_schema import JOURNAL_FILE
from bidmere.storage.journal_verify import VerifyReport, verify
from bidmere.storage.journal_writer import JournalWriter

__all__ = [
    "BALLAST_BYTES",
    "JOURNAL_FILE",
    "AuditRow",
    "Entry",
    "Journal",
    "JournalLine",
    "JournalState",
    "VerifyReport",
    "verify",
]

BALLAST_BYTES: Final = 32 * 1024 * 1024
PROBE_BYTES: Final = 256 * 1024

log = logging.getLogger(__name__)


class Journal:
    """Write and read one journal file.

    `threaded=False` writes on the caller's thread, which makes simulated runs repeat exactly. `durable=False` and
    small ballasts are for tests: no setting reaches them.
    """

    name = "journal"

    def __init__(
        self, path: Path, *, threaded: bool = True, durable: bool = True, ballast_bytes: int = BALLAST_BYTES
    ) -> None:
        self._path = path
        self._writer = JournalWriter(path, durable=durable, threaded=threaded, ballast_bytes=ballast_bytes)

    async def start(self) -> None:
        """Open and check the file. Raises StorageError or JournalCorrupt."""
        self._writer.open()

    async def stop(self) -> None:
        """Write what waits and close."""
        self._writer.close()

    def health(self) -> Health:
        """Say whether it can be written."""
        if not self._writer.is_open:
            return Health(level=Level.OFF, text="closed")
        problem = self._writer.problem
        return Health(level=Level.BAD if problem else Level.OK, text=problem or "writable")

    @property
    def is_well(self) -> bool:
        """It is open and the last write succeeded: the gate asks this."""
        return self._writer.is_open and not self._writer.problem

    @property
    def problem(self) -> str:
        """Why it is not well, empty when it is."""
        return self._writer.problem or ("" if self._writer.is_open else "The order journal is not open.")

    @property
    def pending(self) -> int:
        """How many writes are under way."""
        return self._writer.pending

    async def write_approved(self, order: Order, report: GateRecord, *, is_urgent: bool = False) -> None:
        """Write intent, approval and state of an approved order in one transaction (R-10). Raises StorageError.

        An urgent one may use up the ballast: a full disk must not keep anyone in a position (U-6).
        """
        await self._writer.put(write_decision(order, report), is_urgent=is_urgent)

    async def write_denied(self, order: Order, report: GateRecord) -> None:
        """Write a denied order with the report that denied it (U-9). Raises StorageError."""
        await self._writer.put(write_decision(order, report))

    async def write_change(self, order: Order, report: GateRecord, *, approved: bool) -> None:
        """Write the decision on a change before it is sent. Raises StorageError."""
        await self._writer.put(write_change_decision(order, approved, report))

    async def claim(self, client_id: str, ts: int, *, is_urgent: bool = False) -> bool:
        """Take the one-shot right to send; false when it was taken or is void (R-11). Raises StorageError."""
        return bool(await self._writer.put(write_claim(client_id, ts), is_urgent=is_urgent))

    def post(self, entries: Iterable[Entry]) -> asyncio.Future[None]:
        """Queue events with their orders' new states; they may use up the ballast.

        The future may raise StorageError.
        """
        return self._writer.put(write_entries(tuple(entries)), is_urgent=True)

    async def append(self, entries: Iterable[Entry]) -> None:
        """Write events and wait until they are on the disk. Raises StorageError."""
        await self.post(entries)

    def post_adopted(self, order: Order) -> asyncio.Future[None]:
        """Queue an order made elsewhere."""
        return self._writer.put(write_adopted(order), is_urgent=True)

    def post_audit(self, row: AuditRow) -> asyncio.Future[None]:
        """Queue an audit row."""
        return self._writer.put(write_audit(row), is_urgent=True)

    async def flush(self) -> None:
        """Wait until everything queued so far has been tried."""
        await self._writer.put(lambda _connection, _chain: None)

    async def recover(self) -> bool:
        """Try whether it can be written again, and put the ballast back; where it finds no room, it is not well."""

        def probe(connection: Any, _chain: object) -> None:
            # As much as a busy second writes: a single row may fit into the last page of a full disk.
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('probe', ?)", ("x" * PROBE_BYTES,))
            connection.execute("DELETE FROM meta WHERE key = 'probe'")

        try:
            await self._writer.put(probe)
        except StorageError as error:
            log.warning("The journal is still not writable: %s", error)
            return False
        self._writer.release()
        self._writer.restore_ballast()
        return True

    async def load(self) -> JournalState:
        """Rebuild orders, fills and the rest from the events. Raises JournalCorrupt when they do not fit together."""
        try:
            state: JournalState = await self._writer.put(lambda connection, _chain: load_state(connection))
        except (UnreadableData, IllegalTransition, KeyError) as error:
            raise JournalCorrupt(
                f"{self._path.name} holds an event that does not fit ({error}): run `journal verify` and keep the file."
            ) from error
        return state

    async def story(self, client_id: str) -> tuple[JournalLine, ...]:
        """Return an order's life with the gate's reports in it."""
        found = await self._writer.put(lambda connection, _chain: story_of(connection, client_id))
        return tuple(found)

    async def last_hash(self) -> str:
        """Return the hash of the last event: the same for the same run on any machine."""
        last: str = await self._writer.put(lambda _connection, chain: chain.last)
        return last
