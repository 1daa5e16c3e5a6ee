"""Checks on what comes in: every oddity is counted and told, and the impossible is kept from prices and orders.

| kind         | what                                                                    | then     |
|--------------|-------------------------------------------------------------------------|----------|
| bad-price    | a price that is not finite or not above zero                            | withheld |
| bad-size     | a size that is not finite or below zero                                 | withheld |
| crossed      | bid above ask                                                           | withheld |
| locked       | bid equal to ask                                                        | passed   |
| out-of-order | older than what the same instrument already sent (by kind of datum)     | passed   |
| spike        | a move far outside the instrument's own usual moves                     | passed   |
| gap          | a hole in the sequence numbers of a book                                | passed   |
| future       | stamped more than 5 s after the clock                                   | passed   |
| late         | too late for bars that have closed; left out of them                    | passed   |

Withheld means: neither cached nor published, but counted here with the datum itself and told in the log.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from bidmere.kernel.clock import Clock
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Book, MarketDatum, Quote, Trade

log = logging.getLogger(__name__)

_FUTURE_NS = 5_000_000_000
_SPIKE_SCALES = 20.0
_SPIKE_LEAST = 0.005
_SPIKE_WARMUP = 64
_SPIKE_FRESH_NS = 60_000_000_000
_SCALE_WEIGHT = 0.02
_SCALE_CLIP = 5.0
_SCALE_START = 1e-3
_LEVEL_CONFIRMED = 3


class QualityKind(StrEnum):
    """What can be wrong with a datum."""

    BAD_PRICE = "bad-price"
    BAD_SIZE = "bad-size"
    CROSSED = "crossed"
    LOCKED = "locked"
    OUT_OF_ORDER = "out-of-order"
    SPIKE = "spike"
    GAP = "gap"
    FUTURE = "future"
    LATE = "late"

    @property
    def is_withheld(self) -> bool:
        """Data of this kind reach neither the cache nor the bus."""
        return self in _WITHHELD


_WITHHELD = frozenset({QualityKind.BAD_PRICE, QualityKind.BAD_SIZE, QualityKind.CROSSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRow:
    """How often one thing was wrong with one instrument; `sample` is the last such datum in words."""

    instrument: InstrumentId
    kind: QualityKind
    count: int
    last_ns: int
    sample: str
    withheld: bool


class _Finding:
    __slots__ = ("count", "datum", "last_ns", "next_logged")

    def __init__(self) -> None:
        self.count = 0
        self.last_ns = 0
        self.next_logged = 1
        self.datum: MarketDatum | None = None


class _Moves:
    """Know the usual size of an instrument's moves: a running mean of the non-zero ones, clipped against outliers.

    A spike is a move of more than 20 usual ones and 0.5 %, within a minute of the price before; a price that stays
    at its new level for three data is a new level.
    """

    __slots__ = ("beyond", "price", "scale", "seen", "ts")

    def __init__(self) -> None:
        self.price = 0.0
        self.scale = _SCALE_START
        self.seen = 0
        self.beyond = 0
        self.ts = 0

    def is_spike(self, price: float, ts: int) -> bool:
        last = self.price
        if price == last:
            self.ts = ts
            self.beyond = 0
            return False
        if last <= 0.0:
            self.price, self.ts = price, ts
            return False
        move = abs(price - last) / last
        fresh = ts - self.ts < _SPIKE_FRESH_NS
        if self.seen >= _SPIKE_WARMUP and fresh and move > _SPIKE_LEAST and move > _SPIKE_SCALES * self.scale:
            self.beyond += 1
            if self.beyond >= _LEVEL_CONFIRMED:  # it stayed there: a new level, not a spike
                self.price, self.ts, self.beyond = price, ts, 0
            return True
        self.beyond = 0
        self.seen += 1
        self.scale += _SCALE_WEIGHT * (min(move, _SCALE_CLIP * self.scale) - self.scale)
        self.price, self.ts = price, ts
        return False


class _State:
    __slots__ = ("book_seq", "book_ts", "mids", "quote_ts", "trade_ts", "trades")

    def __init__(self) -> None:
        self.quote_ts = self.trade_ts = self.book_ts = self.book_seq = 0
        self.mids = _Moves()
        self.trades = _Moves()


class QualityMonitor:
    """Check every datum, count what is wrong, say whether it may pass."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._states: dict[InstrumentId, _State] = {}
        self._findings: dict[tuple[InstrumentId, QualityKind], _Finding] = {}

    def passes(self, datum: MarketDatum, now: int) -> bool:
        """Check one datum at the clock's time; False: withhold it."""
        state = self._states.get(datum.instrument)
        if state is None:
            state = self._states[datum.instrument] = _State()
        if datum.ts_event > now + _FUTURE_NS:
            self.note(datum, QualityKind.FUTURE, now)
        if type(datum) is Quote:
            return self._quote(datum, state, now)
        if type(datum) is Trade:
            return self._trade(datum, state, now)
        return self._book(datum, state, now) if isinstance(datum, Book) else True

    def note(self, datum: MarketDatum, kind: QualityKind, now: int) -> None:
        """Count one finding; the log hears of the 1st, 10th, 100th, … of its instrument and kind."""
        key = (datum.instrument, kind)
        finding = self._findings.get(key)
        if finding is None:
            finding = self._findings[key] = _Finding()
        finding.count += 1
        finding.last_ns = now
        finding.datum = datum
        if finding.count >= finding.next_logged:
            finding.next_logged *= 10
            fate = "withheld" if kind.is_withheld else "passed on"
            log.warning("%s: %s data %s (%d so far): %s", datum.instrument, kind, fate, finding.count, describe(datum))

    def report(self) -> list[QualityRow]:
        """Return all counters, by instrument and kind."""
        return [
            QualityRow(
                instrument=instrument,
                kind=kind,
                count=finding.count,
                last_ns=finding.last_ns,
                sample=describe(finding.datum) if finding.datum is not None else "",
                withheld=kind.is_withheld,
            )
            for (instrument, kind), finding in sorted(self._findings.items())
        ]

    def _quote(self, quote: Quote, state: _State, now: int) -> bool:
        bid, ask = quote.bid, quote.ask
        if not (0.0 < bid < inf and 0.0 < ask < inf):
            self.note(quote, QualityKind.BAD_PRICE, now)
            return False
        if not (0.0 <= quote.bid_size < inf and 0.0 <= quote.ask_size < inf):
            self.note(quote, QualityKind.BAD_SIZE, now)
            return False
        if bid >= ask:
            if bid > ask:
                self.note(quote, QualityKind.CROSSED, now)
                return False
            self.note(quote, QualityKind.LOCKED, now)
        if quote.ts_event < state.quote_ts:
            self.note(quote, QualityKind.OUT_OF_ORDER, now)
        else:
            state.quote_ts = quote.ts_event
            if state.mids.is_spike((bid + ask) * 0.5, quote.ts_event):
                self.note(quote, QualityKind.SPIKE, now)
        return True

    def _trade(self, trade: Trade, state: _State, now: int) -> bool:
        if not 0.0 < trade.price < inf:
            self.note(trade, QualityKind.BAD_PRICE, now)
            return False
        if not 0.0 <= trade.size < inf:
            self.note(trade, QualityKind.BAD_SIZE, now)
            return False
        if trade.ts_event < state.trade_ts:
            self.note(trade, QualityKind.OUT_OF_ORDER, now)
        else:
            state.trade_ts = trade.ts_event
            if state.trades.is_spike(trade.price, trade.ts_event):
                self.note(trade, QualityKind.SPIKE, now)
        return True

    def _book(self, book: Book, state: _State, now: int) -> bool:
        for side in (book.bids, book.asks):
            for price, size in side:
                if not 0.0 < price < inf:
                    self.note(book, QualityKind.BAD_PRICE, now)
                    return False
                if not 0.0 <= size < inf:
                    self.note(book, QualityKind.BAD_SIZE, now)
                    return False
        if book.bids and book.asks and book.bids[0][0] >= book.asks[0][0]:
            if book.bids[0][0] > book.asks[0][0]:
                self.note(book, QualityKind.CROSSED, now)
                return False
            self.note(book, QualityKind.LOCKED, now)
        if book.ts_event < state.book_ts or (book.seq and book.seq < state.book_seq):
            self.note(book, QualityKind.OUT_OF_ORDER, now)
        elif state.book_seq and book.seq > state.book_seq + 1:
            self.note(book, QualityKind.GAP, now)
        state.book_ts = max(state.book_ts, book.ts_event)
        state.book_seq = max(state.book_seq, book.seq)
        return True


def describe(datum: MarketDatum) -> str:
    """Say a datum in few words."""
    if isinstance(datum, Quote):
        return f"quote {datum.bid!r} × {datum.bid_size!r} / {datum.ask!r} × {datum.ask_size!r} at {datum.ts_event}"
    if isinstance(datum, Trade):
        return f"trade {datum.size!r} @ {datum.price!r} at {datum.ts_event}"
    top = f"{datum.bids[0] if datum.bids else '–'} / {datum.asks[0] if datum.asks else '–'}"
    return f"book {top} seq {datum.seq} at {datum.ts_event}"
