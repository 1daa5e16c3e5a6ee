"""Numbers as people read them: thousands marks, tick and lot precision, true minus, money with its currency."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bidmere.model.instrument import Instrument
from bidmere.model.money import plain

MINUS = "−"
_EPOCH = datetime.fromtimestamp(0, UTC)


def grouped(value: Decimal | float, decimals: int, *, sign: bool = False) -> str:
    """Return a number with `,` between thousands, fixed decimals and a true minus; `sign` also shows a plus."""
    text = f"{abs(value):,.{decimals}f}"
    is_zero = not text.strip("0.,")
    if value < 0 and not is_zero:
        return MINUS + text
    return "+" + text if sign and not is_zero else text


def price_text(instrument: Instrument, value: Decimal | float) -> str:
    """Return a price with the digits of the tick, trailing zeros included (U-244)."""
    return grouped(value, instrument.price_decimals)


def qty_text(instrument: Instrument, value: Decimal | float) -> str:
    """Return a quantity with the digits of the lot."""
    return grouped(value, instrument.qty_decimals)


def short_qty(instrument: Instrument, value: Decimal) -> str:
    """Return a quantity without trailing zeros, for sentences."""
    text = plain(value.quantize(instrument.lot)) if instrument.on_lot(value) else plain(value)
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}{point}{rest}" if whole.lstrip("-").isdigit() else text


def money(value: Decimal | float, currency: str, *, sign: bool = False) -> str:
    """Return an amount with two decimals (four below one) and its currency."""
    decimals = 4 if 0 < abs(float(value)) < 1 else 2
    return f"{grouped(value, decimals, sign=sign)} {currency}"


def percent(value: Decimal | float, *, sign: bool = False) -> str:
    """Return a number that is already in per cent with two decimals and the sign %."""
    return f"{grouped(value, 2, sign=sign)} %"


def compact(value: float) -> str:
    """Return a quantity in at most five characters: 12.3k, 4.56M."""
    size = abs(value)
    for factor, letter in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if size >= factor:
            scale = 1e3 if letter == "k" else factor
            number = value / scale
            return f"{number:.0f}{letter}" if abs(number) >= 100 else f"{number:.1f}{letter}"
    if size >= 1_000:
        return f"{value:.0f}"
    return f"{value:.3f}"[:5].rstrip(".") if size < 10 else f"{value:.1f}"


def moment(ts_ns: int) -> datetime:
    """Return ns UTC as an aware datetime."""
    return _EPOCH + timedelta(microseconds=ts_ns // 1_000)


def clock_text(ts_ns: int, *, with_date: bool = False) -> str:
    """Return ns UTC as `14:35:22`, or `21 Nov 2026 14:35:22` (months as letters, U-245)."""
    return moment(ts_ns).strftime("%d %b %Y %H:%M:%S" if with_date else "%H:%M:%S")
