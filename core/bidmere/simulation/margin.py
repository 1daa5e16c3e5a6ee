"""Margin: what an order must find free, when an account is taken over, and what funding costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_EVEN, Decimal

from bidmere.model.account import Rate
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.money import ZERO
from bidmere.model.position import Position
from bidmere.simulation.ledger import AccountBook, MarkOf
from bidmere.simulation.working import WorkingOrder

HOUR_NS = 3_600_000_000_000
FundingModel = Callable[[Instrument], Decimal]
"""instrument → rate per funding interval; longs pay shorts when it is positive."""

_GRAIN = Decimal("0.00000001")
_BASE_FUNDING = Decimal("0.0001")


def base_funding(instrument: Instrument) -> Decimal:
    """Charge one basis point per interval, the interest part that perpetuals quote when price and index agree."""
    return _BASE_FUNDING


def funding_amount(position: Position, mark: Decimal, rate: Decimal) -> Decimal:
    """Return what a position receives (negative: pays) at one funding time, in the settle currency."""
    return (-position.notional(mark) * rate).quantize(_GRAIN, ROUND_HALF_EVEN)


def next_funding_ns(instrument: Instrument, after_ns: int) -> int:
    """Return the first funding time after a moment: multiples of the interval since midnight UTC."""
    interval = instrument.funding_interval_hours * HOUR_NS
    return (after_ns // interval + 1) * interval


def reserve_per_lot(instrument: Instrument, price: Decimal, rate: Decimal) -> Decimal:
    """Return the initial margin of one lot in the account's currency."""
    return instrument.notional(instrument.lot, price) * instrument.margin_initial * rate


def opening_lots(order: WorkingOrder, held: int) -> int:
    """Return the lots of an order that would open or add; what closes the position needs no margin."""
    closing = max(0, -held * order.sign)
    return max(0, order.leaves - closing)


def maintenance(positions: Iterable[Position], mark: MarkOf, rate: Rate, currency: str) -> Decimal:
    """Return the maintenance margin of positions in a currency."""
    total = ZERO
    for position in positions:
        price = mark(position.instrument)
        factor = rate(position.instrument.settle, currency)
        if price is not None and factor is not None:
            total += abs(position.notional(price)) * position.instrument.margin_maintenance * factor
    return total


def is_margined(instrument: Instrument) -> bool:
    """Say whether a position in it can be taken over: everything but fully paid spot."""
    return instrument.kind is not InstrumentKind.SPOT


def is_under_water(book: AccountBook, mark: MarkOf, rate: Rate) -> bool:
    """Say whether equity no longer covers the maintenance margin; False while anything cannot be valued."""
    positions = [position for position in book.open_positions() if is_margined(position.instrument)]
    if not positions:
        return False
    value = book.value(mark, rate)
    return not value.missing and value.equity < maintenance(positions, mark, rate, book.account.currency)
