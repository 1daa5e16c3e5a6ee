"""What a position is worth and how it is protected, by the desk's own arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from bidmere.desk.words import is_held_here
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Quote, Side
from bidmere.model.money import ZERO, to_decimal
from bidmere.model.orders import (
    Limit,
    LimitIfTouched,
    MarketIfTouched,
    Order,
    Stop,
    StopLimit,
    TrailingStop,
    limit_price,
    trigger_price,
)
from bidmere.model.position import Position

NO_STOP = "NO STOP"


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit of a position: its price (None while a trailing stop has none to show) and where it is kept."""

    price: Decimal | None
    qty: Decimal
    lives_at: str
    trail: Decimal | None = None


@dataclass(slots=True)
class PositionRow:
    """A position, the quote it is marked with, and its exits."""

    position: Position
    quote: Quote | None = None
    stop: Exit | None = None
    target: Exit | None = None

    @property
    def mark(self) -> Decimal | None:
        """The middle between bid and ask, None before the first quote."""
        return to_decimal(self.quote.mid) if self.quote is not None else None

    @property
    def pnl(self) -> Decimal | None:
        """The open profit in the settle currency."""
        return self.position.unrealised(self.mark) if self.mark is not None else None

    @property
    def pnl_pct(self) -> Decimal | None:
        """The open profit in per cent of the cost."""
        cost = self.position.instrument.notional(abs(self.position.qty), self.position.avg_price)
        return self.pnl / cost * 100 if self.pnl is not None and cost else None

    @property
    def notional(self) -> Decimal | None:
        """The value in the settle currency without a sign."""
        return abs(self.position.notional(self.mark)) if self.mark is not None else None

    @property
    def margin(self) -> Decimal | None:
        """The initial margin at the mark in the settle currency."""
        return self.notional * self.position.instrument.margin_initial if self.notional is not None else None

    @property
    def at_stop(self) -> Decimal | None:
        """What the position makes, from its average price, when the stop is hit; negative is a loss."""
        if self.stop is None or self.stop.price is None:
            return None
        position = self.position
        return position.instrument.pnl(position.qty, position.avg_price, self.stop.price)

    @property
    def is_covered(self) -> bool:
        """The stop's quantity is at least the position's."""
        return self.stop is not None and self.stop.qty >= abs(self.position.qty)


def working_exits(orders: Iterable[Order]) -> dict[tuple[str, InstrumentId, Side], tuple[Exit | None, Exit | None]]:
    """Return the stop and the target that work, by account, instrument and side of the exit; the nearest of several.

    Quantities of several stops add up.
    """
    stops: dict[tuple[str, InstrumentId, Side], list[Exit]] = {}
    targets: dict[tuple[str, InstrumentId, Side], list[Exit]] = {}
    for order in orders:
        if not order.state.is_working:
            continue
        key = (order.intent.account, order.instrument, order.side)
        spec, where = order.spec, "terminal" if is_held_here(order) else "venue"
        if isinstance(spec, Stop | StopLimit):
            stops.setdefault(key, []).append(Exit(trigger_price(spec), order.leaves_qty, where))
        elif isinstance(spec, TrailingStop):
            stops.setdefault(key, []).append(Exit(None, order.leaves_qty, where, spec.offset))
        elif isinstance(spec, Limit | MarketIfTouched | LimitIfTouched) and order.intent.reduce_only:
            price = trigger_price(spec) or limit_price(spec)
            targets.setdefault(key, []).append(Exit(price, order.leaves_qty, where))
    return {
        key: (_nearest(stops.get(key), key[2], stop=True), _nearest(targets.get(key), key[2], stop=False))
        for key in stops.keys() | targets.keys()
    }


def _nearest(found: list[Exit] | None, side: Side, *, stop: bool) -> Exit | None:
    if not found:
        return None
    total = sum((one.qty for one in found), ZERO)
    highest = (side is Side.SELL) == stop  # of a long position the highest stop and the lowest target come first
    priced = sorted((one for one in found if one.price is not None), key=lambda one: one.price or ZERO, reverse=highest)
    first = priced[0] if priced else found[0]
    return Exit(first.price, total, first.lives_at, first.trail)
