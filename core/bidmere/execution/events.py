"""What the order manager tells the bus."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bidmere.model.account import Account, Valuation
from bidmere.model.events import OrderEvent
from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.orders import Order
from bidmere.model.position import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged:
    """An order took an event; `order` is how it stands after it. `event` is None where it was read from the journal."""

    order: Order
    event: OrderEvent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FillBooked:
    """A fill changed a position and an account."""

    fill: Fill
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionChanged:
    """A position is now this."""

    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged:
    """An account's cash changed."""

    account: Account
    valuation: Valuation


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionUnprotected:
    """An exit of an entry was refused: the position stands without it (U-94)."""

    entry: Order
    exit: Order
    reason: str
    ts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionMismatch:
    """Venue and journal disagree on a position; the instrument is halted (R-24)."""

    account: str
    instrument: InstrumentId
    ours: Decimal
    venue: Decimal
    ts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingStateChanged:
    """An account's trading state was set: active, reducing or halted; `source` says by whom."""

    account: str
    state: str
    source: str
    reason: str
    ts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KillChanged:
    """The kill switch was raised (level 1–3) or cleared (0)."""

    level: int
    source: str
    reason: str
    ts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised:
    """Something a person must see; `priority` is P-A to P-D, `key` lets a repeat replace the first."""

    priority: str
    key: str
    text: str
    ts: int
    detail: str = ""
