"""What can be traded, and the one crossing between float observations and Decimal obligations."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from bidmere.model.ids import InstrumentId
from bidmere.model.money import ONE, ZERO, to_decimal


class InstrumentKind(StrEnum):
    """Asset class, which decides how a fill is booked (see `is_cash`)."""

    SPOT = "spot"
    EQUITY = "equity"
    FX = "fx"
    FUTURE = "future"
    PERPETUAL = "perpetual"


class InstrumentStatus(StrEnum):
    """Whether the venue takes orders for it now."""

    TRADING = "trading"
    CLOSE_ONLY = "close-only"
    HALTED = "halted"
    CLOSED = "closed"


def _number(value: float | Decimal | str) -> Decimal:
    """Take a worked-out Decimal as it is, however many digits it has; read anything else strictly."""
    return value if isinstance(value, Decimal) else to_decimal(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """Describe one instrument: grid, limits, contract, costs and what orders its venue takes.

    `tick`, `lot`, `min_qty`, `max_qty`, `min_notional` are in price, quantity and quote-currency units; fee rates and
    margin rates are fractions of notional. `settle` is the currency of profit, fees and margin.
    """

    id: InstrumentId
    kind: InstrumentKind
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    name: str = ""
    settle: str = ""
    multiplier: Decimal = ONE
    inverse: bool = False
    min_qty: Decimal = ZERO
    max_qty: Decimal | None = None
    min_notional: Decimal = ZERO
    maker_fee: Decimal = ZERO
    taker_fee: Decimal = ZERO
    margin_initial: Decimal = ONE
    margin_maintenance: Decimal = ONE
    funding_interval_hours: int = 0
    session: str = "24/7"
    status: InstrumentStatus = InstrumentStatus.TRADING
    shortable: bool = True
    order_types: frozenset[str] = frozenset()
    tifs: frozenset[str] = frozenset()
    tags: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if not self.settle:
            object.__setattr__(self, "settle", self.base if self.inverse else self.quote)

    @property
    def is_cash(self) -> bool:
        """True when the full price is exchanged on a fill (spot, equity); else only profit, fees and margin move."""
        return self.kind in (InstrumentKind.SPOT, InstrumentKind.EQUITY)

    @property
    def price_decimals(self) -> int:
        """Digits after the point that show every tick exactly."""
        return max(0, -int(self.tick.normalize().as_tuple().exponent))

    @property
    def qty_decimals(self) -> int:
        """Digits after the point that show every lot exactly."""
        return max(0, -int(self.lot.normalize().as_tuple().exponent))

    def to_price(self, value: float | Decimal | str, rounding: str = ROUND_HALF_EVEN) -> Decimal:
        """Return the tick nearest to an observed price (or in the direction of `rounding`)."""
        ticks = (_number(value) / self.tick).to_integral_value(rounding)
        return (ticks * self.tick).quantize(self.tick)

    def to_qty(self, value: float | Decimal | str, rounding: str = ROUND_FLOOR) -> Decimal:
        """Return the quantity on the lot grid, rounded down unless told otherwise."""
        lots = (_number(value) / self.lot).to_integral_value(rounding)
        return (lots * self.lot).quantize(self.lot)

    def price_up(self, value: float | Decimal | str) -> Decimal:
        """Return the first tick at or above a price."""
        return self.to_price(value, ROUND_CEILING)

    def price_down(self, value: float | Decimal | str) -> Decimal:
        """Return the first tick at or below a price."""
        return self.to_price(value, ROUND_FLOOR)

    def ticks(self, price: Decimal) -> int:
        """Return a price on the grid as an integer number of ticks."""
        return int((price / self.tick).to_integral_value(ROUND_HALF_EVEN))

    def lots(self, qty: Decimal) -> int:
        """Return a quantity on the grid as an integer number of lots."""
        return int((qty / self.lot).to_integral_value(ROUND_HALF_EVEN))

    def price_of(self, ticks: int) -> Decimal:
        """Return the price of an integer number of ticks."""
        return (ticks * self.tick).quantize(self.tick)

    def qty_of(self, lots: int) -> Decimal:
        """Return the quantity of an integer number of lots."""
        return (lots * self.lot).quantize(self.lot)

    def on_tick(self, price: Decimal) -> bool:
        """Say whether a price lies on the tick grid."""
        return price % self.tick == 0

    def on_lot(self, qty: Decimal) -> bool:
        """Say whether a quantity lies on the lot grid."""
        return qty % self.lot == 0

    def notional(self, qty: Decimal, price: Decimal) -> Decimal:
        """Return the value of a quantity in the settle currency: q·p·m, or q·m/p for an inverse contract."""
        if self.inverse:
            return qty * self.multiplier / price if price else ZERO
        return qty * price * self.multiplier

    def pnl(self, qty: Decimal, entry: Decimal, exit_price: Decimal) -> Decimal:
        """Return the profit in the settle currency of a signed quantity from `entry` to `exit_price`."""
        if self.inverse:
            return qty * self.multiplier * (ONE / entry - ONE / exit_price) if entry and exit_price else ZERO
        return qty * self.multiplier * (exit_price - entry)
