"""What goes into the journal and what comes out: records, their SQL, and orders rebuilt from events (I10)."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

from bidmere.errors import ContractViolation, UnreadableData
from bidmere.model.events import FundingPaid, OrderApproved, OrderClaimed, OrderDenied, OrderEvent, OrderFilled
from bidmere.model.fills import Fill
from bidmere.model.order_fsm import advance
from bidmere.model.orders import Order, OrderIntent, OrderState
from bidmere.storage.codec import canonical, decode, decode_event, encode, encode_event, plain_json
from bidmere.storage.journal_schema import Chain

CREATED: Final = "OrderCreated"
ADOPTED: Final = "OrderAdopted"
CHANGE_JUDGED: Final = "ChangeJudged"
AUDIT: Final = "Audit"


class GateRecord(Protocol):
    """The gate's report: a frozen dataclass of plain values; the journal writes all of it."""

    @property
    def gate_version(self) -> int:
        """The version of the checks."""

    @property
    def ts(self) -> int:
        """When it was judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event and the order after it (None for what changes no order)."""

    event: OrderEvent | FundingPaid
    order: Order | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """Something a person or the program did that is no order event: kill, state, day start, mismatch."""

    ts: int
    action: str
    data: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One event as stored; `step` is its type, `detail` one line of what it says."""

    seq: int
    ts: int
    step: str
    detail: str
    payload: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalState:
    """Everything the journal knows, in the order it happened."""

    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    funding: tuple[FundingPaid, ...]
    audits: tuple[AuditRow, ...]


Write = Callable[[sqlite3.Connection, Chain], Any]


def write_decision(order: Order, report: GateRecord) -> Write:
    """Write intent, approval row, decision and state of a new order."""
    if order.state not in (OrderState.APPROVED, OrderState.DENIED):
        raise ContractViolation(f"Order {order.client_id} is {order.state}: there is no decision to write.")
    intent, judged = canonical(encode(order.intent)), canonical(encode(report))
    event: OrderEvent
    if order.state is OrderState.APPROVED:
        event = OrderApproved(client_id=order.client_id, ts=order.approved_ns)
    else:
        event = OrderDenied(client_id=order.client_id, ts=order.ended_ns, code=order.code, reason=order.reason)
    name, fields = encode_event(event)
    fields["report"] = hashlib.sha256(judged).hexdigest()
    created = {"client_id": order.client_id, "created_ns": order.created_ns, "intent": encode(order.intent)}

    def write(connection: sqlite3.Connection, chain: Chain) -> None:
        row = (
            order.client_id, order.intent.account, str(order.instrument), order.intent.source, order.state.value,
            intent.decode(), order.created_ns, event.ts,
        )  # fmt: skip
        connection.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        _approval(connection, order, "submit", order.state.value, report, judged)
        append_event(connection, chain, order.created_ns, order.client_id, CREATED, created)
        append_event(connection, chain, event.ts, order.client_id, name, fields)

    return write


def write_change_decision(order: Order, approved: bool, report: GateRecord) -> Write:
    """Write the gate's decision on a change of a working order."""
    judged = canonical(encode(report))
    decision = "approved" if approved else "denied"
    data = {"client_id": order.client_id, "decision": decision, "report": hashlib.sha256(judged).hexdigest()}

    def write(connection: sqlite3.Connection, chain: Chain) -> None:
        _approval(connection, order, "replace", decision, report, judged)
        append_event(connection, chain, report.ts, order.client_id, CHANGE_JUDGED, data)

    return write


def write_adopted(order: Order) -> Write:
    """Write an order that was made elsewhere, as it stands."""
    data, intent = encode(order), canonical(encode(order.intent)).decode()

    def write(connection: sqlite3.Connection, chain: Chain) -> None:
        row = (
            order.client_id, order.intent.account, str(order.instrument), order.intent.source, order.state.value,
            intent, order.created_ns, order.updated_ns,
        )  # fmt: skip
        connection.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        append_event(connection, chain, order.created_ns, order.client_id, ADOPTED, data)

    return write


def write_claim(client_id: str, ts: int) -> Write:
    """Take the one-shot claim: true for exactly one caller, and only while the order is approved (R-11)."""
    name, fields = encode_event(OrderClaimed(client_id=client_id, ts=ts))

    def write(connection: sqlite3.Connection, chain: Chain) -> bool:
        changed = connection.execute(
            "UPDATE orders SET state=?, updated_ns=? WHERE client_id=? AND state=?",
            (OrderState.PENDING_SUBMIT.value, ts, client_id, OrderState.APPROVED.value),
        )
        if changed.rowcount != 1:
            return False
        append_event(connection, chain, ts, client_id, name, fields)
        return True

    return write


def write_entries(entries: tuple[Entry, ...]) -> Write:
    """Write events with the states they lead to; a fill whose economic key is there already is left out (R-4)."""
    prepared = [(entry, *encode_event(entry.event)) for entry in entries]

    def write(connection: sqlite3.Connection, chain: Chain) -> None:
        for entry, name, fields in prepared:
            event = entry.event
            if isinstance(event, OrderFilled) and not _insert_fill(connection, event.fill):
                continue
            client_id = event.client_id if isinstance(event, OrderEvent) else ""
            append_event(connection, chain, event.ts, client_id, name, fields)
            if entry.order is not None:
                connection.execute(
                    "UPDATE orders SET state=?, updated_ns=? WHERE client_id=?",
                    (entry.order.state.value, event.ts, entry.order.client_id),
                )

    return write


def write_audit(row: AuditRow) -> Write:
    """Write an audit row into the chain."""
    data = {"action": row.action, "data": encode(row.data)}

    def write(connection: sqlite3.Connection, chain: Chain) -> None:
        append_event(connection, chain, row.ts, "", AUDIT, data)

    return write


def append_event(connection: sqlite3.Connection, chain: Chain, ts: int, client_id: str, kind: str, data: Any) -> None:
    """Add an event to the end of the chain."""
    payload = canonical(data)
    seq, before, own = chain.link(ts, client_id, kind, payload)
    row = (seq, ts, client_id, kind, payload.decode(), before, own)
    connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", row)


class Rebuilder:
    """Build orders, fills and the rest from events, one after the other."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.fills: dict[tuple[str, str, str, str], Fill] = {}
        self.funding: list[FundingPaid] = []
        self.audits: list[AuditRow] = []

    def take(self, ts: int, client_id: str, kind: str, data: Any) -> None:
        """Take the next event. Raises UnreadableData or IllegalTransition when it does not fit."""
        if kind == CREATED:
            intent = decode(OrderIntent, data["intent"])
            self.orders[client_id] = Order(
                client_id=client_id, intent=intent, qty=intent.qty, spec=intent.spec, created_ns=data["created_ns"]
            )
        elif kind == ADOPTED:
            self.orders[client_id] = decode(Order, data)
        elif kind == AUDIT:
            self.audits.append(AuditRow(ts=ts, action=data["action"], data=data["data"]))
        elif kind != CHANGE_JUDGED:
            self._apply(decode_event(kind, data))

    def state(self) -> JournalState:
        """Return what was built."""
        return JournalState(
            orders=tuple(self.orders.values()), fills=tuple(self.fills.values()), funding=tuple(self.funding),
            audits=tuple(self.audits),
        )  # fmt: skip

    def _apply(self, event: OrderEvent | FundingPaid) -> None:
        if isinstance(event, FundingPaid):
            self.funding.append(event)
            return
        order = self.orders.get(event.client_id)
        if order is None:
            raise UnreadableData(f"The journal holds an event of order {event.client_id}, which it does not know.")
        self.orders[event.client_id] = advance(order, event)
        if isinstance(event, OrderFilled):
            self.fills[event.fill.key] = event.fill


def read_events(connection: sqlite3.Connection) -> Iterator[tuple[int, int, str, str, str, str, str]]:
    """Yield (seq, ts, client_id, type, payload, prev_hash, hash) from the first to the last."""
    yield from connection.execute("SELECT seq, ts, client_id, type, payload, prev_hash, hash FROM events ORDER BY seq")


def load_state(connection: sqlite3.Connection) -> JournalState:
    """Rebuild everything from the events. Raises UnreadableData or IllegalTransition."""
    rebuilder = Rebuilder()
    for _, ts, client_id, kind, payload, _, _ in read_events(connection):
        rebuilder.take(ts, client_id, kind, plain_json(payload))
    return rebuilder.state()


def story_of(connection: sqlite3.Connection, client_id: str) -> tuple[JournalLine, ...]:
    """Return an order's events in order, and the gate's report with the decision."""
    reports = [
        (kind, plain_json(text))
        for kind, text in connection.execute(
            "SELECT kind, report FROM approvals WHERE client_id=? ORDER BY id", (client_id,)
        )
    ]
    rows = connection.execute(
        "SELECT seq, ts, type, payload FROM events WHERE client_id=? ORDER BY seq", (client_id,)
    ).fetchall()
    lines = []
    for seq, ts, kind, payload in rows:
        data = plain_json(payload)
        if "report" in data and reports:
            data["report"] = reports.pop(0)[1]
        lines.append(JournalLine(seq=seq, ts=ts, step=kind, detail=_detail(kind, data), payload=data))
    return tuple(lines)


def _detail(kind: str, data: Any) -> str:
    if kind == CREATED:
        intent = data["intent"]
        return f"{intent['side']} {intent['qty']} {intent['instrument']} {intent['spec']['kind']} by {intent['source']}"
    if kind == "OrderFilled":
        fill = data["fill"]
        return f"{fill['qty']} at {fill['price']} ({fill['liquidity']}), fee {fill['fee']} {fill['fee_currency']}"
    checks = data["report"]["checks"] if isinstance(data.get("report"), dict) else []
    if checks:
        failed = [check["title"] for check in checks if check["verdict"] == "fail"]
        return f"{len(checks)} checks, refused by: {', '.join(failed)}" if failed else f"{len(checks)} checks passed"
    return str(data.get("reason") or data.get("venue_id") or data.get("cause") or "")


def _approval(
    connection: sqlite3.Connection, order: Order, kind: str, decision: str, report: GateRecord, judged: bytes
) -> None:
    connection.execute(
        "INSERT INTO approvals (client_id, ts, kind, decision, gate_version, report) VALUES (?, ?, ?, ?, ?, ?)",
        (order.client_id, report.ts, kind, decision, report.gate_version, judged.decode()),
    )


def _insert_fill(connection: sqlite3.Connection, fill: Fill) -> bool:
    row = (*fill.key, fill.client_id, fill.ts_event, canonical(encode(fill)).decode())
    return connection.execute("INSERT OR IGNORE INTO fills VALUES (?, ?, ?, ?, ?, ?, ?)", row).rowcount == 1
