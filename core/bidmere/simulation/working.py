"""An order as the exchange holds it: integers of ticks and lots, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from bidmere.model.instrument import Instrument
from bidmere.model.money import ZERO
from bidmere.model.orders import Limit, OrderIntent, OrderSpec, OrderState, TrailingStop, limit_price, trigger_price


class Stage(Enum):
    """Where an order stands at the exchange; the numbers have no meaning."""

    HELD = 1  # an exit whose entry has not filled
    PARKED = 2  # conditional, not triggered
    RESTING = 3  # in the book
    SEEKING = 4  # a market order that found no more liquidity and tries again on the next data
    DONE = 5


@dataclass(slots=True, kw_only=True, eq=False)
class WorkingOrder:
    """Hold one order's live state; only the exchange and its matchers change it.

    `ahead` is the estimated external quantity (lots) queued before it at its price; `shown` what is left of the
    displayed part of an iceberg; `extreme` the best last price a trailing stop has seen since it was activated.
    """

    client_id: str
    venue_id: str
    intent: OrderIntent
    instrument: Instrument
    spec: OrderSpec
    qty: int
    sign: int
    filled: int = 0
    fill_count: int = 0
    value: Decimal = ZERO
    stage: Stage = Stage.HELD
    end: OrderState = OrderState.OPEN
    limit: int | None = None
    trigger: int | None = None
    offset: int = 0
    extreme: int | None = None
    activated: bool = True
    triggered: bool = False
    display: int = 0
    shown: int = 0
    ahead: int = 0
    expires_ns: int = 0
    reserved_per_lot: Decimal = ZERO
    reserved_lots: int = 0
    created_ns: int = 0

    @property
    def account(self) -> str:
        """The account it belongs to."""
        return self.intent.account

    @property
    def leaves(self) -> int:
        """Lots it was asked for and has not got."""
        return self.qty - self.filled

    @property
    def is_done(self) -> bool:
        """It has ended."""
        return self.stage is Stage.DONE

    @property
    def is_limit(self) -> bool:
        """Once live it has a worst price and may rest."""
        return self.limit is not None

    @property
    def is_conditional(self) -> bool:
        """It waits for a price before it goes live."""
        return not self.triggered and (self.trigger is not None or isinstance(self.spec, TrailingStop))

    def load(self, spec: OrderSpec) -> None:
        """Take prices over from a spec, as integers."""
        grid = self.instrument
        price, trigger = limit_price(spec), trigger_price(spec)
        self.spec = spec
        self.limit = None if price is None else grid.ticks(price)
        self.trigger = None if trigger is None else grid.ticks(trigger)
        self.display = grid.lots(spec.display_qty) if isinstance(spec, Limit) and spec.display_qty else 0
        if isinstance(spec, TrailingStop):
            self.offset = max(1, grid.ticks(spec.offset))
            self.activated = spec.activation is None or (self.activated and self.extreme is not None)
