"""Positions: the only profit arithmetic there is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Self

from bidmere.model.fills import Fill
from bidmere.model.instrument import Instrument
from bidmere.model.money import ONE, ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Hold a signed quantity at average cost.

    `realised` is profit in the settle currency before fees; `fees` are totals by currency; `avg_price` is the average
    cost of what is open (harmonic for inverse contracts, so that profit adds up), 0 when flat.
    """

    instrument: Instrument
    account: str
    qty: Decimal = ZERO
    avg_price: Decimal = ZERO
    realised: Decimal = ZERO
    fees: tuple[tuple[str, Decimal], ...] = ()
    opened_ns: int = 0
    updated_ns: int = 0
    strategy: str = ""

    @property
    def is_flat(self) -> bool:
        """Nothing is open."""
        return self.qty == 0

    def apply(self, fill: Fill) -> Self:
        """Return the position after a fill: adds average in, reductions realise, a flip realises then opens anew."""
        signed = fill.qty * fill.side.sign
        closing = min(abs(self.qty), fill.qty) if self.qty * signed < 0 else ZERO
        opening = fill.qty - closing
        realised = self.realised
        if closing:
            direction = ONE if self.qty > 0 else -ONE
            realised += self.instrument.pnl(closing * direction, self.avg_price, fill.price)
        qty = self.qty + signed
        average, opened = self.avg_price, self.opened_ns
        if qty == 0:
            average, opened = ZERO, 0
        elif opening and closing:
            average, opened = fill.price, fill.ts_event
        elif opening:
            average = self._average(fill.price, opening)
            opened = self.opened_ns or fill.ts_event
        return replace(
            self,
            qty=qty,
            avg_price=average,
            realised=realised,
            fees=_plus(self.fees, fill.fee_currency, fill.fee),
            opened_ns=opened,
            updated_ns=fill.ts_event,
        )

    def unrealised(self, mark: Decimal) -> Decimal:
        """Return the open profit in the settle currency at a mark price."""
        return self.instrument.pnl(self.qty, self.avg_price, mark) if self.qty and mark else ZERO

    def notional(self, mark: Decimal) -> Decimal:
        """Return the signed value in the settle currency at a mark price."""
        value = self.instrument.notional(abs(self.qty), mark) if self.qty and mark else ZERO
        return value if self.qty > 0 else -value

    def _average(self, price: Decimal, added: Decimal) -> Decimal:
        held = abs(self.qty)
        if not held:
            return price
        if self.instrument.inverse:
            return (held + added) / (held / self.avg_price + added / price)
        return (held * self.avg_price + added * price) / (held + added)


def _plus(fees: tuple[tuple[str, Decimal], ...], currency: str, fee: Decimal) -> tuple[tuple[str, Decimal], ...]:
    totals = dict(fees)
    totals[currency] = totals.get(currency, ZERO) + fee
    return tuple(sorted((name, total) for name, total in totals.items() if total or name == currency))
