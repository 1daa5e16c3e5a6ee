"""What the order manager needs of the houses around it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import Book, Quote

FindInstrument = Callable[[InstrumentId], Instrument | None]
NewId = Callable[[int], str]


class MarketView(Protocol):
    """The newest of the market; None before anything came."""

    def quote(self, instrument: InstrumentId) -> Quote | None:
        """Return the newest quote."""

    def book(self, instrument: InstrumentId) -> Book | None:
        """Return the newest book."""


class MarksView(Protocol):
    """What things are worth; None when unknown."""

    def mark(self, instrument: Instrument) -> Decimal | None:
        """Return the price an instrument is valued at."""

    def rate(self, source: str, target: str) -> Decimal | None:
        """Return what one `source` is worth in `target`."""
