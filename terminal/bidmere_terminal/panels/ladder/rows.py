"""The ladder's numbers: book, own orders and traded volume by price row, and where the rows stand. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import floor

from bidmere.desk.words import compact
from bidmere.model.instrument import Instrument
from bidmere.model.market import Book, Side, Trade
from bidmere.model.orders import Order, limit_price, trigger_price

GROUPS = (1, 2, 5, 10)
GUARD_S = 0.7
_CALM_FROM, _CALM_TO = 0.2, 0.8
_MOST_PRICES = 20_000


@dataclass(frozen=True, slots=True)
class OwnTag:
    """Own working orders at one row and side: summed open quantity, and how many."""

    side: Side
    qty: str
    count: int
    filled: bool


def size_text(size: float, lot_decimals: int) -> str:
    """Return a size with the lot's digits while they fit: 1.807, 120.4, 1.2K."""
    if size < 100:
        return f"{size:.{min(lot_decimals, 3)}f}"
    return f"{size:.{min(lot_decimals, 1)}f}" if size < 1_000 else compact(size)


@dataclass(slots=True)
class Depth:
    """A book summed into rows of `group` ticks: bids round down, asks up, so that no row looks better than it is."""

    bids: dict[int, float] = field(default_factory=dict)
    asks: dict[int, float] = field(default_factory=dict)
    best_bid: int | None = None
    best_ask: int | None = None
    largest: float = 0.0
    imbalance: float = 0.5
    spread: float = 0.0

    @property
    def inside(self) -> float | None:
        """The middle of the market in rows, None without a book."""
        if self.best_bid is None or self.best_ask is None:
            return None
        return (self.best_bid + self.best_ask) / 2


def depth_of(book: Book, instrument: Instrument, group: int) -> Depth:
    """Sum a book's levels into rows; `imbalance` is the bids' share (0–1) of everything shown."""
    tick = float(instrument.tick)
    depth = Depth()
    for price, size in book.bids:
        row = round(price / tick) // group
        depth.bids[row] = depth.bids.get(row, 0.0) + size
    for price, size in book.asks:
        row = -(-round(price / tick) // group)
        depth.asks[row] = depth.asks.get(row, 0.0) + size
    if depth.bids:
        depth.best_bid = max(depth.bids)
    if depth.asks:
        depth.best_ask = min(depth.asks)
    bid_sum, ask_sum = sum(depth.bids.values()), sum(depth.asks.values())
    if bid_sum + ask_sum > 0:
        depth.imbalance = bid_sum / (bid_sum + ask_sum)
    depth.largest = max((*depth.bids.values(), *depth.asks.values()), default=0.0)
    if book.bids and book.asks:
        depth.spread = book.asks[0][0] - book.bids[0][0]
    return depth


class Traded:
    """Volume by price since the ladder was opened on its instrument; old far prices are let go beyond a bound."""

    def __init__(self) -> None:
        self._by_tick: dict[int, float] = {}
        self._rows: dict[int, float] = {}
        self._group = 1
        self.last: int | None = None
        self.rising = True
        self.largest = 0.0

    def add(self, trades: Iterable[Trade], instrument: Instrument) -> None:
        """Count trades in."""
        tick = float(instrument.tick)
        for trade in trades:
            at = round(trade.price / tick)
            if self.last is not None and at != self.last:
                self.rising = at > self.last
            self.last = at
            self._by_tick[at] = self._by_tick.get(at, 0.0) + trade.size
            row = at // self._group
            volume = self._rows.get(row, 0.0) + trade.size
            self._rows[row] = volume
            self.largest = max(self.largest, volume)
        if len(self._by_tick) > _MOST_PRICES and self.last is not None:
            near = sorted(self._by_tick, key=lambda one: abs(one - (self.last or 0)))[: _MOST_PRICES // 2]
            self._by_tick = {one: self._by_tick[one] for one in near}
            self.use_group(self._group)

    def use_group(self, group: int) -> None:
        """Sum into rows of another size."""
        self._group = group
        self._rows = {}
        for at, volume in self._by_tick.items():
            self._rows[at // group] = self._rows.get(at // group, 0.0) + volume
        self.largest = max(self._rows.values(), default=0.0)

    def at(self, row: int) -> float:
        """Return the volume of a row, 0 where nothing traded."""
        return self._rows.get(row, 0.0)


def own_tags(orders: Iterable[Order], instrument: Instrument, group: int) -> dict[tuple[int, Side], OwnTag]:
    """Return tags of working orders with a price, by row and side."""
    sums: dict[tuple[int, Side], tuple[list[Order], int]] = {}
    for order in orders:
        if order.instrument != instrument.id or not order.state.is_working:
            continue
        price = limit_price(order.spec) or trigger_price(order.spec)
        if price is None:
            continue
        ticks = instrument.ticks(price)
        row = ticks // group if order.side is Side.BUY else -(-ticks // group)
        sums.setdefault((row, order.side), ([], 0))[0].append(order)
    tags: dict[tuple[int, Side], OwnTag] = {}
    for (row, side), (found, _) in sums.items():
        leaves = sum((float(order.leaves_qty) for order in found), 0.0)
        text = f"{leaves:.{instrument.qty_decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        tags[row, side] = OwnTag(side, text, len(found), any(order.filled_qty for order in found))
    return tags


class StaticRows:
    """Which price rows are on the screen: they stand still, the market moves along them (U-104).

    `top` is the row number on top; times are seconds of a monotonic clock.
    """

    def __init__(self) -> None:
        self.top: int | None = None
        self.count = 0
        self._moved_at = -GUARD_S
        self.button_down = False

    def resize(self, count: int) -> None:
        """Keep the middle row when the height changes."""
        if self.top is not None:
            self.top += (count - self.count) // 2
        self.count = max(0, count)

    def centre(self, inside: float | None) -> None:
        """Put the inside market into the middle."""
        self.top = floor(inside + self.count / 2) if inside is not None else None

    def scroll(self, rows: int) -> None:
        """Move by rows; positive shows higher prices."""
        if self.top is not None:
            self.top += rows

    def note_mouse(self, now: float) -> None:
        """Remember that the mouse moved over the ladder."""
        self._moved_at = now

    def follow(self, inside: float | None, now: float) -> bool:
        """Recentre when the inside left the middle 60 % and the guard allows; return whether it did."""
        if inside is None or not self.count:
            return False
        if self.top is None:
            self.centre(inside)
            return True
        share = (self.top - inside + 0.5) / self.count
        if _CALM_FROM <= share <= _CALM_TO or self.button_down or now - self._moved_at < GUARD_S:
            return False
        self.centre(inside)
        return True

    def guarded(self, now: float) -> bool:
        """Say whether the guard would hold a recentre back now."""
        return self.top is not None and (self.button_down or now - self._moved_at < GUARD_S)

    def regroup(self, old: int, new: int) -> None:
        """Keep the price in the middle when rows come to hold more or fewer ticks."""
        if self.top is not None:
            middle = self.top - (self.count - 1) / 2
            self.top = round(middle * old / new + (self.count - 1) / 2)
