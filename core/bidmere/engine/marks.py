"""What things are worth now: marks of instruments and rates between currencies, from the market cache."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from bidmere.data.cache import MarketCache
from bidmere.desk.instruments import InstrumentBook
from bidmere.model.account import rates_from_marks
from bidmere.model.instrument import Instrument, InstrumentKind

PEGS = {"USDT": "USD", "USDC": "USD"}
"""Currencies counted one to one with another; stated wherever a conversion is shown."""

_CONVERTIBLE = (InstrumentKind.SPOT, InstrumentKind.FX)


def conversion_instruments(instruments: Iterable[Instrument], currency: str) -> tuple[Instrument, ...]:
    """Return the pairs whose prices are needed to value every settle currency in `currency`."""
    known = tuple(instruments)
    home = PEGS.get(currency, currency)
    needed = {PEGS.get(instrument.settle, instrument.settle) for instrument in known} - {home}
    found: dict[str, Instrument] = {}
    for instrument in known:
        if instrument.kind not in _CONVERTIBLE:
            continue
        base, quote = PEGS.get(instrument.base, instrument.base), PEGS.get(instrument.quote, instrument.quote)
        other = base if quote == home else quote if base == home else None
        if other in needed:
            found.setdefault(other, instrument)
    return tuple(found.values())


class Marks:
    """Value instruments at their mid price and convert between currencies."""

    def __init__(self, cache: MarketCache, instruments: InstrumentBook, currency: str) -> None:
        self._cache = cache
        self._pairs = conversion_instruments(instruments.all(), currency)

    @property
    def pairs(self) -> tuple[Instrument, ...]:
        """The pairs that must be watched for rates to be known."""
        return self._pairs

    def mark(self, instrument: Instrument) -> Decimal | None:
        """Return the price to value at, None when none has been seen."""
        price = self._cache.mark(instrument.id)
        return None if price is None else Decimal(repr(price))

    def rate(self, source: str, target: str) -> Decimal | None:
        """Return what one `source` is worth in `target`, None when unknown."""
        if source == target:
            return Decimal(1)
        marks: dict[tuple[str, str], Decimal] = {}
        for pair in self._pairs:
            price = self.mark(pair)
            if price is not None:
                marks[PEGS.get(pair.base, pair.base), PEGS.get(pair.quote, pair.quote)] = price
        return rates_from_marks(marks, PEGS)(source, target)
