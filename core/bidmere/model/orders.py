"""Orders: what is asked for (intent), how (spec), and how it stands (order)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.money import ZERO

__all__ = [
    "Bracket",
    "Limit",
    "LimitIfTouched",
    "Market",
    "MarketIfTouched",
    "Order",
    "OrderIntent",
    "OrderSpec",
    "OrderState",
    "Side",
    "Stop",
    "StopLimit",
    "TimeInForce",
    "TrailingStop",
    "limit_price",
    "trigger_price",
]


class TimeInForce(StrEnum):
    """How long an order lives."""

    GTC = "GTC"
    DAY = "DAY"
    GTD = "GTD"
    IOC = "IOC"
    FOK = "FOK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Trade now at whatever the book gives."""

    kind: ClassVar[str] = "market"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Trade at `price` or better; `display_qty` makes it an iceberg."""

    kind: ClassVar[str] = "limit"
    price: Decimal
    post_only: bool = False
    display_qty: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Become a market order when the last price passes `trigger` against the position."""

    kind: ClassVar[str] = "stop"
    trigger: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class StopLimit:
    """Become a limit order at `price` when the last price passes `trigger`."""

    kind: ClassVar[str] = "stop-limit"
    trigger: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailingStop:
    """A stop that follows the best last price at `offset` (price units); `activation` delays the start."""

    kind: ClassVar[str] = "trailing-stop"
    offset: Decimal
    activation: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketIfTouched:
    """Become a market order when the last price reaches `trigger` in the favourable direction."""

    kind: ClassVar[str] = "market-if-touched"
    trigger: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitIfTouched:
    """Become a limit order at `price` when the last price reaches `trigger` in the favourable direction."""

    kind: ClassVar[str] = "limit-if-touched"
    trigger: Decimal
    price: Decimal


OrderSpec = Market | Limit | Stop | StopLimit | TrailingStop | MarketIfTouched | LimitIfTouched


def limit_price(spec: OrderSpec) -> Decimal | None:
    """Return the worst price the order itself allows, None where it has none."""
    return spec.price if isinstance(spec, Limit | StopLimit | LimitIfTouched) else None


def trigger_price(spec: OrderSpec) -> Decimal | None:
    """Return the price that sets the order off, None where it is live at once."""
    return spec.trigger if isinstance(spec, Stop | StopLimit | MarketIfTouched | LimitIfTouched) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """Exits to attach to an entry: a target, a stop (fixed or trailing by `trail`, price units); at least one."""

    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    trail: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntent:
    """Say who wants what and why; every surface builds this and nothing else (U-12, U-13).

    `source` is one of ticket, chart, ladder, table, hotkey:NAME, palette, strategy:NAME, api, cli, kill, bracket;
    `dedup_key` makes a repeat within the gate's window return the first result; `decided_ns` is when the decision fell
    (data time), `expire_ns` the end of a GTD order. `parent` is the client id of the entry this exit waits for;
    orders of one `oco_group` cancel each other.
    """

    instrument: InstrumentId
    side: Side
    qty: Decimal
    spec: OrderSpec
    account: str
    source: str
    tif: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    expire_ns: int | None = None
    reason: str = ""
    strategy: str = ""
    dedup_key: str = ""
    bracket: Bracket | None = None
    parent: str = ""
    oco_group: str = ""
    decided_ns: int = 0
    slippage_cap: Decimal | None = None


class OrderState(StrEnum):
    """Where an order stands (R-2). PENDING_CANCEL and PENDING_REPLACE are flags of the order, not states."""

    DRAFT = "draft"
    DENIED = "denied"
    AWAITING_CONFIRM = "awaiting-confirm"
    DEAD = "dead"
    APPROVED = "approved"
    PENDING_SUBMIT = "pending-submit"
    OPEN = "open"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    QUARANTINED = "quarantined"

    @property
    def is_terminal(self) -> bool:
        """No venue activity is expected any more (fills are accepted all the same, R-4)."""
        return self in _TERMINAL

    @property
    def is_working(self) -> bool:
        """It may be at the venue and may still fill: counts in every limit."""
        return self in _WORKING


_TERMINAL = frozenset(
    {
        OrderState.DENIED,
        OrderState.DEAD,
        OrderState.FILLED,
        OrderState.CANCELED,
        OrderState.EXPIRED,
        OrderState.REJECTED,
    }
)
_WORKING = frozenset(
    {
        OrderState.APPROVED,
        OrderState.PENDING_SUBMIT,
        OrderState.OPEN,
        OrderState.PARTIAL,
        OrderState.UNKNOWN,
        OrderState.QUARANTINED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One intent's life: advanced only by `order_fsm.advance`.

    `qty` and `spec` follow accepted replacements; `intent` stays as asked. Times are ns UTC, 0 when not reached;
    `cause` names who ended it (you, strategy, venue, link, time-in-force, risk), `reason` is the sentence of U-9 and
    `code` its stable code; `raw` the venue's own words. `refused` is "cancel" or "change" while the last such request
    stands refused and the order itself still works (U-11).
    """

    client_id: str
    intent: OrderIntent
    qty: Decimal
    spec: OrderSpec
    state: OrderState = OrderState.DRAFT
    venue_id: str = ""
    filled_qty: Decimal = ZERO
    avg_price: Decimal = ZERO
    fees: tuple[tuple[str, Decimal], ...] = ()
    pending_cancel: bool = False
    pending_replace: bool = False
    cause: str = ""
    reason: str = ""
    code: str = ""
    raw: str = ""
    created_ns: int = 0
    approved_ns: int = 0
    submitted_ns: int = 0
    accepted_ns: int = 0
    first_fill_ns: int = 0
    ended_ns: int = 0
    updated_ns: int = 0
    triggered: bool = False
    refused: str = ""
    fill_ids: frozenset[str] = field(default=frozenset())

    @property
    def leaves_qty(self) -> Decimal:
        """What may still fill."""
        return ZERO if self.state.is_terminal else max(ZERO, self.qty - self.filled_qty)

    @property
    def instrument(self) -> InstrumentId:
        """The instrument of the intent."""
        return self.intent.instrument

    @property
    def side(self) -> Side:
        """The side of the intent."""
        return self.intent.side
