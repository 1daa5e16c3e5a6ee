"""Record what the market sends: quotes, trades and tops of books of chosen instruments, into the tick store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import numpy as np

from bidmere.errors import StorageError
from bidmere.kernel.bus import EventBus
from bidmere.kernel.clock import Clock, TimerHandle
from bidmere.kernel.lifecycle import Health, Level
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Book, MarketDatum, Quote, Side, Trade
from bidmere.storage.tick_store import DTYPES, QUOTES, TOPS, TRADES, TickStore

log = logging.getLogger(__name__)

_FLUSH_NS = 1_000_000_000
_FLUSH_ROWS = 5_000

_Row = tuple[int | float, ...]


class Recorder:
    """Buffer rows and append them to the store every second or 5,000 rows.

    A crash of the program loses at most that second. When the disk refuses, recording stops and says so; the market
    data itself is not touched.
    """

    name = "recorder"

    def __init__(self, bus: EventBus, clock: Clock, store: TickStore) -> None:
        self._bus = bus
        self._clock = clock
        self._store = store
        self._chosen: set[InstrumentId] = set()
        self._rows: dict[tuple[InstrumentId, str], list[_Row]] = {}
        self._off: list[Callable[[], None]] = []
        self._timer: TimerHandle | None = None
        self._failed = ""
        self.recorded = 0

    async def start(self) -> None:
        """Listen to the bus."""
        self._off = [
            self._bus.subscribe(Quote, self._on_quote),
            self._bus.subscribe(Trade, self._on_trade),
            self._bus.subscribe(Book, self._on_book),
        ]

    async def stop(self) -> None:
        """Write what is left and close the logs."""
        for off in self._off:
            off()
        self._off.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.flush()
        self._store.close()

    def health(self) -> Health:
        """Say what is recorded, or why nothing is."""
        if self._failed:
            return Health(level=Level.BAD, text=f"recording stopped: {self._failed}")
        if not self._chosen:
            return Health(level=Level.OFF, text="nothing is recorded")
        return Health(level=Level.OK, text=f"{len(self._chosen)} instruments, {self.recorded:,} rows")

    def choose(self, instruments: Iterable[InstrumentId]) -> None:
        """Record these instruments from now on, and no others; a failed recorder tries again."""
        self._chosen = set(instruments)
        self._failed = ""

    def flush(self) -> None:
        """Append what is buffered to the store."""
        rows, self._rows = self._rows, {}
        try:
            for (instrument, kind), values in rows.items():
                self._store.append(instrument, kind, np.array(values, DTYPES[kind]))
                self.recorded += len(values)
        except StorageError as error:
            self._failed = str(error)
            self._chosen = set()
            log.warning("Recording stopped: %s", error)

    def _on_quote(self, quote: Quote) -> None:
        if quote.instrument in self._chosen:
            row = (quote.ts_event, quote.ts_recv, quote.bid, quote.ask, quote.bid_size, quote.ask_size)
            self._add(quote, QUOTES, row)

    def _on_trade(self, trade: Trade) -> None:
        if trade.instrument in self._chosen:
            side = 0 if trade.side is None else 1 if trade.side is Side.BUY else -1
            self._add(trade, TRADES, (trade.ts_event, trade.ts_recv, trade.price, trade.size, side))

    def _on_book(self, book: Book) -> None:
        if book.instrument in self._chosen and book.bids and book.asks:
            (bid, bid_size), (ask, ask_size) = book.bids[0], book.asks[0]
            self._add(book, TOPS, (book.ts_event, book.ts_recv, bid, ask, bid_size, ask_size))

    def _add(self, datum: MarketDatum, kind: str, row: _Row) -> None:
        rows = self._rows.setdefault((datum.instrument, kind), [])
        rows.append(row)
        if len(rows) >= _FLUSH_ROWS:
            self.flush()
        elif self._timer is None:
            self._timer = self._clock.call_later(_FLUSH_NS, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self.flush()
