"""From a typed size in any unit to a quantity on the lot grid, always rounded down (U-87), and the preset sizes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from bidmere.model.instrument import Instrument
from bidmere.model.money import ONE, ZERO

_PRESET_SHARES = tuple(Decimal(text) for text in ("0.01", "0.025", "0.05", "0.09"))
_STEPS = (Decimal(1), Decimal(2), Decimal(5))


class SizeUnit(StrEnum):
    """What the number in the size field counts."""

    BASE = "base"
    QUOTE = "quote"
    EQUITY = "equity"
    RISK = "risk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a size is worked out with; None means not known, and the unit that needs it then says so.

    `price` is the entry, `stop` the stop-loss, `equity` the account's equity in its `currency`; `rate` is how many
    account currency units one settle unit of the instrument is worth.
    """

    price: Decimal | None
    stop: Decimal | None
    equity: Decimal | None
    rate: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class Sized:
    """A quantity on the lot grid (0 when the amount buys less than one lot), or the reason there is none."""

    qty: Decimal
    reason: str = ""


def base_word(instrument: Instrument) -> str:
    """Return what one unit of quantity is called: BTC, shares, contracts."""
    if instrument.inverse or instrument.kind.value in ("future", "perpetual"):
        return "contracts"
    return "shares" if instrument.kind.value == "equity" else instrument.base


def unit_word(instrument: Instrument, unit: SizeUnit, currency: str) -> str:
    """Return the unit as it stands next to the number."""
    return {
        SizeUnit.BASE: base_word(instrument),
        SizeUnit.QUOTE: instrument.settle if instrument.inverse else instrument.quote,
        SizeUnit.EQUITY: "% equity",
        SizeUnit.RISK: f"{currency} risk",
    }[unit]


def to_lot(instrument: Instrument, qty: Decimal, rounding: str = ROUND_FLOOR) -> Decimal:
    """Return a worked-out quantity, with any number of digits, on the lot grid."""
    return ((qty / instrument.lot).to_integral_value(rounding) * instrument.lot).quantize(instrument.lot)


def size(instrument: Instrument, unit: SizeUnit, amount: Decimal, basis: Basis) -> Sized:
    """Turn an amount into a quantity; a base amount stays as typed, everything else is rounded down to the lot."""
    if unit is SizeUnit.BASE:
        return Sized(amount)
    if basis.price is None or basis.price <= 0:
        return Sized(ZERO, "There is no price to work the size out with.")
    if unit is SizeUnit.QUOTE:
        return _for_value(instrument, amount, basis.price)
    if basis.rate is None or basis.rate <= 0:
        return Sized(ZERO, f"There is no rate from {instrument.settle} to {basis.currency} to work the size out with.")
    if unit is SizeUnit.EQUITY:
        if basis.equity is None:
            return Sized(ZERO, "The account's equity is not known.")
        return _for_value(instrument, basis.equity * amount / 100 / basis.rate, basis.price)
    if basis.stop is None:
        return Sized(ZERO, "A size by risk needs a stop: switch the bracket on and set SL.")
    lost = loss_per_unit(instrument, basis.price, basis.stop)
    if lost <= 0:
        return Sized(ZERO, "A size by risk needs a stop away from the entry.")
    return Sized(to_lot(instrument, amount / basis.rate / lost))


def loss_per_unit(instrument: Instrument, entry: Decimal, stop: Decimal) -> Decimal:
    """Return what one unit loses from entry to stop with the taker fee both ways, in the settle currency."""
    fees = (instrument.notional(ONE, entry) + instrument.notional(ONE, stop)) * instrument.taker_fee
    distance = abs(instrument.pnl(ONE, entry, stop))
    return distance + fees if distance else ZERO


def _for_value(instrument: Instrument, value: Decimal, price: Decimal) -> Sized:
    each = instrument.notional(ONE, price)
    return Sized(to_lot(instrument, value / each)) if each > 0 else Sized(ZERO, "One unit is worth nothing here.")


def presets(instrument: Instrument, basis: Basis) -> tuple[Decimal, ...]:
    """Return up to four round quantities worth about 1, 2.5, 5 and 9 per cent of equity, ascending."""
    found: list[Decimal] = []
    for share in _PRESET_SHARES:
        sized = size(instrument, SizeUnit.EQUITY, share * 100, basis)
        quantity = _round_down(sized.qty, instrument)
        if quantity > 0 and quantity not in found and quantity >= instrument.min_qty:
            found.append(quantity)
    if not found:
        found = [max(instrument.lot, instrument.to_qty(instrument.min_qty))]
    return tuple(found)


def _round_down(qty: Decimal, instrument: Instrument) -> Decimal:
    """Return the largest 1, 2 or 5 times a power of ten at or below a quantity that is on the lot grid."""
    if qty <= 0:
        return ZERO
    power = Decimal(1).scaleb(qty.adjusted())
    best = max(step * power for step in _STEPS if step * power <= qty)
    return to_lot(instrument, best)


def fraction(instrument: Instrument, largest: Decimal, share: Decimal) -> Decimal:
    """Return a share of the largest quantity, rounded down to the lot."""
    return to_lot(instrument, largest * share)


def affordable(instrument: Instrument, buying_power: Decimal, basis: Basis) -> Decimal:
    """Return what the buying power alone would carry at the entry price, fee included; 0 when that is not known."""
    if not basis.price or not basis.rate:
        return ZERO
    each = instrument.notional(ONE, basis.price) * (instrument.margin_initial + instrument.taker_fee) * basis.rate
    return to_lot(instrument, buying_power / each) if each > 0 else ZERO
