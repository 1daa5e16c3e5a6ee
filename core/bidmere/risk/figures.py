"""The figures in a check's texts: units, grouped digits, a true minus sign."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from bidmere.model.instrument import Instrument
from bidmere.model.money import plain

NOTHING: Final = "–"
HUNDRED: Final = Decimal(100)


def floor_to(step: Decimal, value: Decimal) -> Decimal:
    """Return the largest multiple of a lot or tick that is not above a worked-out value of any precision."""
    return ((value / step).to_integral_value(ROUND_FLOOR) * step).quantize(step)


def ceil_to(step: Decimal, value: Decimal) -> Decimal:
    """Return the smallest multiple of a lot or tick that is not below a worked-out value of any precision."""
    return ((value / step).to_integral_value(ROUND_CEILING) * step).quantize(step)


def grouped(value: Decimal) -> str:
    """Return `64,980.0`: every digit kept."""
    return f"{value:,f}".replace("-", "−")


def money(amount: Decimal, currency: str, *, sign: bool = False) -> str:
    """Return `6,741.00 USDT`, with `sign` a plus before a profit."""
    text = f"{amount:+,.2f}" if sign else f"{amount:,.2f}"
    return f"{text.replace('-', '−')} {currency}".rstrip()


def percent(part: Decimal, whole: Decimal) -> str:
    """Return a share as `6.7 %`, a dash where there is no whole."""
    return f"{part * HUNDRED / whole:.1f} %".replace("-", "−") if whole > 0 else NOTHING


def price_text(instrument: Instrument | None, price: Decimal) -> str:
    """Return a price with the digits of its tick."""
    if instrument is None:
        return grouped(price)
    return f"{price:,.{instrument.price_decimals}f}".replace("-", "−")


def qty_text(instrument: Instrument | None, qty: Decimal) -> str:
    """Return a quantity with its unit: `0.153 BTC`."""
    text = grouped(Decimal(plain(qty)))
    return f"{text} {instrument.base}" if instrument is not None else text
