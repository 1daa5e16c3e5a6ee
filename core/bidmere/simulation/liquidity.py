"""Other people's liquidity as a feed tells it, less what our own orders took since the feed last spoke."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from bidmere.model.instrument import Instrument
from bidmere.model.market import Book, Quote, Side, Trade

UNLIMITED = 10**15
_BOOK_LIFE_NS = 5_000_000_000  # a quote this much younger than the last book stands for itself


class ExternalLiquidity:
    """Hold the external bids and asks of one instrument in ticks and lots; converts only when asked (feeds are fast).

    A feed of trades alone gives one level of unlimited size on each side, one tick from the last price.
    """

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._tick = float(instrument.tick)
        self._lot = float(instrument.lot)
        self._book: Book | None = None
        self._quote: Quote | None = None
        self._levels: dict[int, dict[int, int]] | None = None
        self.last: int | None = None
        self.trades_seen = False
        self.ts = 0

    def to_ticks(self, price: float) -> int:
        """Return the tick nearest to a price."""
        return round(price / self._tick)

    def to_lots(self, size: float) -> int:
        """Return the whole lots in a size."""
        return int(size / self._lot + 1e-6)

    def set_book(self, book: Book) -> None:
        """Replace everything by a depth snapshot."""
        self._book, self._levels, self.ts = book, None, book.ts_event

    def set_quote(self, quote: Quote) -> bool:
        """Take best prices; False when a fresh book says more."""
        self._quote = quote
        if self._book is not None and quote.ts_event - self._book.ts_event < _BOOK_LIFE_NS:
            return False
        self._book, self._levels, self.ts = None, None, quote.ts_event
        return True

    def set_trade(self, trade: Trade) -> None:
        """Take the last price."""
        self.last = self.to_ticks(trade.price)
        self.trades_seen = True
        if self._book is None and self._quote is None:
            self._levels, self.ts = None, trade.ts_event

    def side_of(self, trade: Trade) -> int:
        """Return the aggressor's sign; 0 when neither the feed nor the book tells."""
        if trade.side is not None:
            return 1 if trade.side is Side.BUY else -1
        price, bid, ask = self.to_ticks(trade.price), self.best(1), self.best(-1)
        if bid is not None and price <= bid:
            return -1
        return 1 if ask is not None and price >= ask else 0

    def levels(self, sign: int) -> dict[int, int]:
        """Return {price: lots} of the bids (+1) or asks (-1), best first."""
        if self._levels is None:
            self._levels = {1: self._build(1), -1: self._build(-1)}
        return self._levels[sign]

    def best(self, sign: int) -> int | None:
        """Return the best price that still has size, None when there is none."""
        return next(iter(self.levels(sign)), None)

    def size(self, sign: int, price: int) -> int:
        """Return the lots left at a price."""
        return self.levels(sign).get(price, 0)

    def sees(self, sign: int, price: int) -> bool:
        """Say whether the feed's depth reaches a price, so that nothing there means nothing is there."""
        levels = self.levels(sign) if self.has_depth else {}
        return bool(levels) and price * sign >= next(reversed(levels)) * sign

    @property
    def has_depth(self) -> bool:
        """The feed shows a book or a quote, not trades alone."""
        return self._book is not None or self._quote is not None

    def take(self, sign: int, price: int, lots: int) -> None:
        """Remember that our orders took lots of a level; it lasts until the feed's next word."""
        levels = self.levels(sign)
        left = levels.get(price, 0)
        if left >= UNLIMITED:
            return
        if left <= lots:
            levels.pop(price, None)
        else:
            levels[price] = left - lots

    def walk(self, sign: int) -> Iterator[tuple[int, int]]:
        """Yield (price, lots), best first."""
        yield from tuple(self.levels(sign).items())

    def mark(self) -> Decimal | None:
        """Return the middle of best bid and ask, else the last price, else None."""
        bid, ask = self._touch()
        if bid is not None and ask is not None:
            return Decimal(bid + ask) / 2 * self._instrument.tick
        known = next((price for price in (self.last, bid, ask) if price is not None), None)
        return None if known is None else self._instrument.price_of(known)

    def _touch(self) -> tuple[int | None, int | None]:
        if self._book is not None:
            bids, asks = self._book.bids, self._book.asks
            return (
                self.to_ticks(bids[0][0]) if bids else None,
                self.to_ticks(asks[0][0]) if asks else None,
            )
        if self._quote is not None:
            return self.to_ticks(self._quote.bid), self.to_ticks(self._quote.ask)
        return None, None

    def _build(self, sign: int) -> dict[int, int]:
        if self._book is not None:
            raw = self._book.bids if sign > 0 else self._book.asks
        elif self._quote is not None:
            quote = self._quote
            raw = ((quote.bid, quote.bid_size),) if sign > 0 else ((quote.ask, quote.ask_size),)
        elif self.last is not None:
            return {self.last - sign: UNLIMITED}
        else:
            return {}
        found: dict[int, int] = {}
        for price, size in raw:
            lots = self.to_lots(size)
            if lots > 0 and price > 0:
                ticks = self.to_ticks(price)
                found[ticks] = found.get(ticks, 0) + lots
        return found
