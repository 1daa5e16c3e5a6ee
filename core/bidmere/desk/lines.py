"""What a typed line means: values of the order language, before any price or size is worked out (UX §10)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.orders import TimeInForce
from bidmere.model.timeframe import Timeframe


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance: `unit` is t (ticks), % (of the price), bp (basis points) or p (price units)."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class PriceAt:
    """A price: a number (`ref` empty), or a reference such as BID with a signed distance."""

    value: Decimal = Decimal(0)
    ref: str = ""
    sign: int = 0
    offset: Distance | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """How much: `kind` is base, notional, equity, risk-money, risk-share, position or max."""

    kind: str
    value: Decimal = Decimal(0)
    currency: str = ""


@dataclass(frozen=True, slots=True)
class How:
    """How to trade: `kind` names an order spec; which of the other fields count follows from it."""

    kind: str = "market"
    price: PriceAt | Distance | None = None
    trigger: PriceAt | None = None
    offset: Distance | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A take-profit: a price, a distance or a multiple of the risk; `share` in percent of the size."""

    price: PriceAt | None = None
    distance: Distance | None = None
    multiple: Decimal | None = None
    share: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """`BTCUSDT B 0.1 @ 65000 TIF GTC`; `send` asks to send at once."""

    symbol: InstrumentId
    side: Side
    size: Size
    how: How = How()
    tif: TimeInForce | None = None
    expire_ns: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    stop: PriceAt | Distance | None = None
    targets: tuple[Target, ...] = ()
    display: Decimal | None = None
    slip: Distance | None = None
    account: str = ""
    tag: str = ""
    send: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseLine:
    """`CLOSE BTCUSDT 50%`; no symbol means every position."""

    symbol: InstrumentId | None
    percent: Decimal = Decimal(100)
    how: How = How()
    send: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseLine:
    """`REV BTCUSDT`: close the position and open the opposite one."""

    symbol: InstrumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEvenLine:
    """`BE ES +2t`: move the stop to the entry price, or that far beyond."""

    symbol: InstrumentId
    sign: int = 1
    offset: Distance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelLine:
    """`CXL ALL`, `CXL BTCUSDT B`, `CXL #…`; exits stay unless EXITS is said."""

    symbol: InstrumentId | None = None
    side: Side | None = None
    order: str = ""
    exits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifyLine:
    """`MOD #… @ 65000`: `part` is price, qty or trigger."""

    order: str
    part: str
    price: PriceAt | None = None
    qty: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NavLine:
    """Look somewhere: `view` is a panel id or empty, `workspace` a name, `group` a link group letter."""

    symbol: InstrumentId | None = None
    timeframe: Timeframe | None = None
    view: str = ""
    workspace: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLine:
    """`KILL`, `THEME light`: a word and what follows it."""

    word: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpLine:
    """`HELP CXL`."""

    word: str = ""


Line = OrderLine | CloseLine | ReverseLine | BreakEvenLine | CancelLine | ModifyLine | NavLine | ControlLine | HelpLine
