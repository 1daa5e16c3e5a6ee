"""The last of everything: what panels, the gate and strategies read between two events."""

from __future__ import annotations

from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Book, DayStats, MarketDatum, Quote, Trade

DAY_NS = 86_400_000_000_000


class _Row:
    __slots__ = (
        "book", "day_end", "day_start", "has_trades", "high", "is_complete", "last", "low", "open", "previous", "quote",
        "seen", "trade", "volume",
    )  # fmt: skip

    def __init__(self) -> None:
        self.quote: Quote | None = None
        self.trade: Trade | None = None
        self.book: Book | None = None
        self.seen: int | None = None
        self.has_trades = self.is_complete = False
        self.day_start = self.day_end = 0
        self.open = self.high = self.low = self.last = self.volume = 0.0
        self.previous: float | None = None

    def observe(self, price: float, size: float, ts: int) -> None:
        if ts >= self.day_end or self.open <= 0.0:
            if self.last > 0.0 and 0 < self.day_end <= ts:
                self.previous = self.last
            self.day_start = ts // DAY_NS * DAY_NS
            self.day_end = self.day_start + DAY_NS
            self.open = self.high = self.low = price
            self.volume = 0.0
        elif ts < self.day_start:
            return
        if price > self.high:
            self.high = price
        if price < self.low:
            self.low = price
        self.last = price
        self.volume += size


class MarketCache:
    """Hold the newest quote, trade and book of each instrument and its day; an older datum never replaces a newer."""

    def __init__(self) -> None:
        self._rows: dict[InstrumentId, _Row] = {}

    def update(self, datum: MarketDatum) -> None:
        """Take in one datum that passed the checks."""
        row = self._rows.get(datum.instrument)
        if row is None:
            row = self._rows[datum.instrument] = _Row()
        if row.seen is None or datum.ts_recv > row.seen:
            row.seen = datum.ts_recv
        if type(datum) is Quote:
            if row.quote is None or datum.ts_event >= row.quote.ts_event:
                row.quote = datum
                if not row.has_trades:
                    row.observe((datum.bid + datum.ask) * 0.5, 0.0, datum.ts_event)
        elif type(datum) is Trade:
            if not row.has_trades:  # the day so far was made of mid prices: the prints are what counts
                row.has_trades = True
                if not row.is_complete:
                    row.open = 0.0
            row.observe(datum.price, datum.size, datum.ts_event)
            if row.trade is None or datum.ts_event >= row.trade.ts_event:
                row.trade = datum
        elif isinstance(datum, Book) and (row.book is None or datum.ts_event >= row.book.ts_event):
            row.book = datum

    def instruments(self) -> list[InstrumentId]:
        """Return every instrument that has sent something."""
        return list(self._rows)

    def quote(self, instrument: InstrumentId) -> Quote | None:
        """Return the newest quote; where only books come, the top of the newest book."""
        row = self._rows.get(instrument)
        if row is None:
            return None
        book = row.book
        if row.quote is None and book is not None and book.bids and book.asks:
            (bid, bid_size), (ask, ask_size) = book.bids[0], book.asks[0]
            return Quote(instrument, bid, ask, bid_size, ask_size, book.ts_event, book.ts_recv)
        return row.quote

    def trade(self, instrument: InstrumentId) -> Trade | None:
        """Return the newest trade."""
        row = self._rows.get(instrument)
        return row.trade if row else None

    def book(self, instrument: InstrumentId) -> Book | None:
        """Return the newest book."""
        row = self._rows.get(instrument)
        return row.book if row else None

    def mid(self, instrument: InstrumentId) -> float | None:
        """Return half way between bid and ask."""
        quote = self.quote(instrument)
        return quote.mid if quote is not None else None

    def last(self, instrument: InstrumentId) -> float | None:
        """Return the last traded price; where there are no trades, the mid."""
        row = self._rows.get(instrument)
        if row is None:
            return None
        return row.trade.price if row.trade is not None else self.mid(instrument)

    def mark(self, instrument: InstrumentId) -> float | None:
        """Return the price positions are valued at: the mid, else the last trade; None before anything came."""
        mid = self.mid(instrument)
        return mid if mid is not None else self.last(instrument)

    def age_ns(self, instrument: InstrumentId, now: int) -> int | None:
        """Return how long ago the newest datum arrived; None before the first."""
        row = self._rows.get(instrument)
        return max(0, now - row.seen) if row is not None and row.seen is not None else None

    def day(self, instrument: InstrumentId) -> DayStats | None:
        """Return the day's figures; None before the first price."""
        row = self._rows.get(instrument)
        if row is None or row.open <= 0.0:
            return None
        return DayStats(
            open=row.open,
            high=row.high,
            low=row.low,
            last=row.last,
            volume=row.volume,
            reference=row.previous or row.open,
        )

    def complete_day(self, instrument: InstrumentId, minutes: BarArray) -> None:
        """Add what happened today before the first datum, as history knows it; once for each instrument."""
        row = self._rows.setdefault(instrument, _Row())
        if not len(minutes) or row.is_complete or (row.day_start and int(minutes.ts[0]) < row.day_start):
            return
        row.is_complete = True
        started = row.open > 0.0
        if not started:
            row.day_start = int(minutes.ts[0]) // DAY_NS * DAY_NS
            row.day_end = row.day_start + DAY_NS
            row.last = float(minutes.close[-1])
        row.open = float(minutes.open[0])
        row.high = max(float(minutes.high.max()), row.high if started else 0.0)
        row.low = min(float(minutes.low.min()), row.low) if started else float(minutes.low.min())
        row.volume += float(minutes.volume.sum())

    def set_previous_close(self, instrument: InstrumentId, price: float) -> None:
        """Tell the close of the day before, as history knows it."""
        if price > 0.0:
            self._rows.setdefault(instrument, _Row()).previous = price
