"""Observations of a market: frozen, untracked by the garbage collector, float64, ns UTC."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from bidmere.model.ids import InstrumentId
from bidmere.model.timeframe import Timeframe


class Side(StrEnum):
    """Direction of an order or of the aggressor of a trade."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class Quote(msgspec.Struct, frozen=True, gc=False):
    """Best bid and ask with sizes in quantity units; `ts_event` by the venue, `ts_recv` by this machine."""

    instrument: InstrumentId
    bid: float
    ask: float
    bid_size: float
    ask_size: float
    ts_event: int
    ts_recv: int

    @property
    def mid(self) -> float:
        """Half way between bid and ask."""
        return (self.bid + self.ask) * 0.5


class Trade(msgspec.Struct, frozen=True, gc=False):
    """One print; `side` is the aggressor's, None where the venue does not tell."""

    instrument: InstrumentId
    price: float
    size: float
    side: Side | None
    ts_event: int
    ts_recv: int
    trade_id: str = ""


class Book(msgspec.Struct, frozen=True, gc=False):
    """A depth snapshot: levels of (price, size), best first on both sides; `seq` grows by one per update."""

    instrument: InstrumentId
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]
    ts_event: int
    ts_recv: int
    seq: int = 0


class Bar(msgspec.Struct, frozen=True, gc=False):
    """One bar that opened at `ts`; `closed` is False while it forms. Volume in quantity units."""

    instrument: InstrumentId
    timeframe: Timeframe
    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    closed: bool = True


class DayStats(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A day's figures since 00:00 UTC; `reference` is the previous close where it is known, else the day's open."""

    open: float
    high: float
    low: float
    last: float
    volume: float
    reference: float

    @property
    def change(self) -> float:
        """Price change against the reference, in price units."""
        return self.last - self.reference

    @property
    def change_pct(self) -> float:
        """The same in per cent."""
        return 100.0 * self.change / self.reference if self.reference else 0.0


MarketDatum = Quote | Trade | Book
