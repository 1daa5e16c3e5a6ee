"""Fees: fractions of notional for making and taking, rounded to the settle currency's eighth decimal."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal

from bidmere.model.fills import Liquidity
from bidmere.model.instrument import Instrument

FeeModel = Callable[[Instrument, Decimal, Decimal, Liquidity], Decimal]
"""(instrument, qty, price, liquidity) → fee in the settle currency; a rebate is negative."""

_GRAIN = Decimal("0.00000001")


def instrument_fees(instrument: Instrument, qty: Decimal, price: Decimal, liquidity: Liquidity) -> Decimal:
    """Charge the instrument's own maker and taker rates."""
    rate = instrument.maker_fee if liquidity is Liquidity.MAKER else instrument.taker_fee
    return (instrument.notional(qty, price) * rate).quantize(_GRAIN, ROUND_HALF_EVEN)


def no_fees(instrument: Instrument, qty: Decimal, price: Decimal, liquidity: Liquidity) -> Decimal:
    """Charge nothing."""
    return Decimal(0)
