"""What a chart shows on top of prices: own orders, the position, own fills. Plain values, already in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["buy", "sell"]
LineKind = Literal["entry", "stop", "target"]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """Show one working order at its price; `label` is the pill's text, such as `SELL 0.75 STP`."""

    id: str
    price: float
    label: str
    kind: LineKind
    side: Side


@dataclass(frozen=True, slots=True)
class PositionLine:
    """Show the open position at its average price; `pnl_sign` is −1, 0 or 1."""

    price: float
    label: str
    pnl_sign: int


@dataclass(frozen=True, slots=True)
class FillMark:
    """Show one own fill at its time (ns UTC) and price."""

    ts_ns: int
    price: float
    side: Side
    qty_text: str
