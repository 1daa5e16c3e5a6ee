"""How much a strategy trades when nobody says."""

from __future__ import annotations

from decimal import Decimal

from bidmere.engine.marks import Marks
from bidmere.model.account import Valuation
from bidmere.model.instrument import Instrument
from bidmere.model.money import ZERO

SHARE = Decimal("0.05")


def default_qty(valuation: Valuation, instrument: Instrument, marks: Marks) -> Decimal:
    """Return 5 % of equity in the instrument, rounded down to the lot; 0 when its price or rate is unknown."""
    price = marks.mark(instrument)
    rate = marks.rate(instrument.settle, valuation.currency)
    if price is None or rate is None:
        return ZERO
    unit = instrument.notional(Decimal(1), price) * rate
    return max(ZERO, instrument.to_qty(valuation.equity * SHARE / unit)) if unit else ZERO
