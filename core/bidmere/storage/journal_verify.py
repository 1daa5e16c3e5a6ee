"""`journal verify`: is the chain whole, do the rows agree, does a replay give the same states (S-16, I10)."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bidmere.errors import BidmereError
from bidmere.model.orders import OrderState
from bidmere.storage.codec import canonical, decode_fill, encode, plain_json
from bidmere.storage.journal_records import ADOPTED, CHANGE_JUDGED, Rebuilder, read_events
from bidmere.storage.journal_schema import GENESIS, SCHEMA_VERSION, event_hash, open_read_only

_MOST: Final = 20
_DECISIONS: Final = {"OrderApproved": "approved", "OrderDenied": "denied"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What the check found; `problems` names bad rows, the first one first, at most 20."""

    events: int
    orders: int
    fills: int
    approvals: int
    last_hash: str
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


def verify(path: Path) -> VerifyReport:
    """Check a journal that no process has open. Raises StorageError when it cannot be read at all."""
    with closing(open_read_only(path)) as connection:
        return _Check(connection).run()


class _Check:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._problems: list[str] = []
        self._rebuilt = Rebuilder()
        self._digests: dict[str, list[tuple[str, str]]] = {}
        self._last = GENESIS
        self._events = 0

    def run(self) -> VerifyReport:
        try:
            self._file()
            self._chain()
            self._orders()
            self._approvals()
            self._fills()
        except (sqlite3.Error, BidmereError) as error:
            self._problem(f"The journal cannot be read further: {error}")
        return VerifyReport(
            events=self._events,
            orders=self._count("orders"),
            fills=self._count("fills"),
            approvals=self._count("approvals"),
            last_hash=self._last,
            problems=tuple(self._problems[:_MOST]),
        )

    def _problem(self, text: str) -> None:
        self._problems.append(text)

    def _count(self, table: str) -> int:
        try:
            return int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - constants
        except sqlite3.Error:
            return 0

    def _file(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version != SCHEMA_VERSION:
            self._problem(f"The schema is {version}; this Bidmere knows {SCHEMA_VERSION}.")
        for (found,) in self._connection.execute("PRAGMA integrity_check(5)"):
            if found != "ok":
                self._problem(f"SQLite finds: {found}")

    def _chain(self) -> None:
        for seq, ts, client_id, kind, payload, before, own in read_events(self._connection):
            self._events += 1
            if seq != self._events:
                self._problem(f"Event {self._events} is missing: the next one is {seq}.")
                self._events = seq
            if before != self._last or own != event_hash(before, seq, ts, client_id, kind, payload.encode()):
                self._problem(f"Event {seq} ({kind}, order {client_id or '–'}) breaks the chain.")
            self._last = own
            try:
                data = plain_json(payload)
                self._note_digest(client_id, kind, data)
                self._rebuilt.take(ts, client_id, kind, data)
            except (BidmereError, KeyError, TypeError) as error:
                self._problem(f"Event {seq} ({kind}, order {client_id or '–'}) cannot be replayed: {error}")

    def _note_digest(self, client_id: str, kind: str, data: Any) -> None:
        if kind in _DECISIONS:
            self._digests.setdefault(client_id, []).append((_DECISIONS[kind], data["report"]))
        elif kind == CHANGE_JUDGED:
            self._digests.setdefault(client_id, []).append((data["decision"], data["report"]))

    def _orders(self) -> None:
        seen = set()
        for client_id, state, intent in self._connection.execute("SELECT client_id, state, intent FROM orders"):
            seen.add(client_id)
            built = self._rebuilt.orders.get(client_id)
            if built is None:
                self._problem(f"Order {client_id} has a row but no events.")
            elif built.state.value != state:
                self._problem(f"Order {client_id} is stored as {state}, its events make it {built.state.value}.")
            elif canonical(encode(built.intent)).decode() != intent:
                self._problem(f"Order {client_id}: the stored intent is not the one in its events.")
        for client_id in self._rebuilt.orders.keys() - seen:
            self._problem(f"Order {client_id} has events but no row.")

    def _approvals(self) -> None:
        stored: dict[str, list[tuple[str, str]]] = {}
        rows = self._connection.execute("SELECT client_id, decision, report FROM approvals ORDER BY id")
        for client_id, decision, report in rows:
            stored.setdefault(client_id, []).append((decision, hashlib.sha256(report.encode()).hexdigest()))
        for client_id in sorted(stored.keys() | self._digests.keys()):
            if stored.get(client_id) != self._digests.get(client_id):
                self._problem(f"Order {client_id}: the stored approvals are not those its events name.")
        kinds = Counter(
            client_id for _, _, client_id, kind, _, _, _ in read_events(self._connection) if kind == ADOPTED
        )
        for client_id, order in self._rebuilt.orders.items():
            if order.state is not OrderState.DRAFT and client_id not in stored and not kinds[client_id]:
                self._problem(f"Order {client_id} has no approval.")

    def _fills(self) -> None:
        stored = {}
        rows = self._connection.execute("SELECT venue, account, symbol, trade_id, payload FROM fills")
        for venue, account, symbol, trade_id, payload in rows:
            stored[venue, account, symbol, trade_id] = decode_fill(plain_json(payload))
        for key in sorted(stored.keys() | self._rebuilt.fills.keys()):
            if stored.get(key) != self._rebuilt.fills.get(key):
                self._problem(f"Fill {'/'.join(key)}: the stored row is not the one in the events.")
