"""The venue's own books: cash, positions and fills of each account, valued at its marks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from bidmere.model.account import Account, Rate, Valuation, rates_from_marks, value_account
from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.money import ZERO
from bidmere.model.position import Position

MarkOf = Callable[[Instrument], Decimal | None]
PEGS: Mapping[str, str] = {"USDT": "USD", "USDC": "USD"}
"""Stablecoins counted one to one."""


class AccountBook:
    """Keep one account at the venue; a fill is booked once, by its trade id."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.positions: dict[InstrumentId, Position] = {}
        self.fills: list[Fill] = []
        self.reserved = ZERO
        self._lots: dict[InstrumentId, int] = {}

    def lots(self, instrument: InstrumentId) -> int:
        """Return the signed position in lots."""
        return self._lots.get(instrument, 0)

    def book(self, fill: Fill, instrument: Instrument) -> None:
        """Book a fill: position, cash and fee."""
        held = self.positions.get(instrument.id) or Position(instrument=instrument, account=self.account.id)
        after = held.apply(fill)
        self.account = self.account.booked(fill, instrument, after.realised - held.realised)
        self.positions[instrument.id] = after
        self._lots[instrument.id] = instrument.lots(after.qty)
        self.fills.append(fill)

    def credit(self, currency: str, amount: Decimal) -> None:
        """Book an amount that is no fill."""
        self.account = self.account.credited(currency, amount)

    def open_positions(self) -> list[Position]:
        """Return what is not flat."""
        return [position for position in self.positions.values() if position.qty]

    def value(self, mark: MarkOf, rate: Rate) -> Valuation:
        """Value the account at given marks and rates."""
        return value_account(self.account, self.open_positions(), mark, rate)


class MarkRates(Mapping[tuple[str, str], Decimal]):
    """Offer currency rates out of the marks of FX, spot and perpetual instruments, looked up when asked."""

    def __init__(self, mark: MarkOf) -> None:
        self._mark = mark
        self._pairs: dict[tuple[str, str], Instrument] = {}

    def add(self, instrument: Instrument) -> None:
        """Use an instrument's mark for its pair of currencies, unless another does already."""
        if instrument.kind in (InstrumentKind.FX, InstrumentKind.SPOT, InstrumentKind.PERPETUAL):
            pair = (PEGS.get(instrument.base, instrument.base), PEGS.get(instrument.quote, instrument.quote))
            self._pairs.setdefault(pair, instrument)

    def __getitem__(self, pair: tuple[str, str]) -> Decimal:
        price = self._mark(self._pairs[pair])
        if not price:
            raise KeyError(pair)
        return price

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def rate(self) -> Rate:
        """Return the conversion the model values accounts with."""
        return rates_from_marks(self, PEGS)
