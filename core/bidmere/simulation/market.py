"""The simulated market: quotes, 20-level books and trades of every listing, as a function of seed and time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from bidmere.errors import UnknownInstrument
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import Book, MarketDatum, Quote, Side, Trade
from bidmere.model.timeframe import Timeframe
from bidmere.simulation.catalogue import Listing
from bidmere.simulation.history import PathHistory
from bidmere.simulation.path import (
    ANCHOR_DAY,
    DAY_NS,
    EPOCH_DAY,
    STEP_NS,
    STEPS,
    Factor,
    Floats,
    PricePath,
    share,
    source,
)

DEPTH = 20
_TABLE = 256  # sizes per level, a power of two
_SELF_EXCITATION = 0.45  # of all trades follow from another trade
_ECHO_STEPS = 12.0
_LONGEST_GAP = 600  # steps; after a longer pause the trades in between are left out
_Print = tuple[int, int, Side]


@dataclass(frozen=True, slots=True)
class MinuteTape:
    """One minute of one market: best prices (ticks) per step, and the trades of each step that has any."""

    bids: list[int]
    asks: list[int]
    trades: dict[int, list[_Print]]


class ListedMarket:
    """Produce the quotes, books and trades of one listing; any step of the clock may be asked for."""

    def __init__(self, listing: Listing, path: PricePath, seed: int) -> None:
        instrument = listing.instrument
        self.listing = listing
        self.id = instrument.id
        self.history = PathHistory(listing, path)
        self.phase = int(source(seed, listing.symbol, 9).integers(STEPS))
        self._path = path
        self._seed = seed
        self._ratio = self.history.ratio
        self._tick = float(instrument.tick)
        # Dividing by a whole number gives the float nearest to the decimal price.
        self._per_unit = round(1 / self._tick) if self._tick < 1 else 0
        self._lot = instrument.lot
        self._tapes: dict[int, MinuteTape] = {}
        self._sizes: list[list[float]] = self._draw_sizes()
        self._typical = listing.volatility / math.sqrt(365 * 1440) * 1.6

    def touch(self, step: int) -> tuple[int, int]:
        """Return best bid and ask in ticks at a step (100 ms since 1970)."""
        minute, index = divmod(step, STEPS)
        tape = self._tape(minute)
        return tape.bids[index], tape.asks[index]

    def prepare(self, step: int) -> None:
        """Draw the next minute ahead of time, at a moment of this listing's own, so that minutes do not begin late."""
        minute, index = divmod(step, STEPS)
        if index >= self.phase and minute + 1 not in self._tapes:
            self._tape(minute + 1)

    def observe(self, after: int, step: int, ts_recv: int) -> list[MarketDatum]:
        """Return the trades of the steps (after, step], then the quote and the book at `step`."""
        found: list[MarketDatum] = []
        if 0 < step - after <= _LONGEST_GAP:
            for past in range(after + 1, step + 1):
                minute, index = divmod(past, STEPS)
                printed = self._tape(minute).trades.get(index)
                if printed:
                    found += self._trades(past, printed, ts_recv)
        minute, index = divmod(step, STEPS)
        tape = self._tape(minute)
        book = self._book(tape.bids[index], tape.asks[index], step, ts_recv)
        bid, ask = book.bids[0], book.asks[0]
        found.append(Quote(self.id, bid[0], ask[0], bid[1], ask[1], book.ts_event, ts_recv))
        found.append(book)
        return found

    def _book(self, bid: int, ask: int, step: int, ts_recv: int) -> Book:
        bids = tuple(zip(self._prices(bid, -1), self._shown(bid, -1, step), strict=True))
        asks = tuple(zip(self._prices(ask, 1), self._shown(ask, 1, step), strict=True))
        return Book(self.id, bids, asks, step * STEP_NS, ts_recv)  # whole and unnumbered: nothing can be missing

    def _shown(self, best: int, direction: int, step: int) -> list[float]:
        mask, levels = _TABLE - 1, range(best, best + direction * DEPTH, direction)
        # A price keeps its size for 16 steps, then shows another; neighbours change at different times.
        return [
            row[(price * 31 + (step + price * 7 >> 4) * 17) & mask]
            for price, row in zip(levels, self._sizes, strict=True)
        ]

    def _prices(self, best: int, direction: int) -> list[float]:
        ticks = range(best, best + direction * DEPTH, direction)
        if self._per_unit:
            per_unit = self._per_unit
            return [price / per_unit for price in ticks]
        return [price * self._tick for price in ticks]

    def _trades(self, step: int, printed: list[_Print], ts_recv: int) -> list[Trade]:
        ts, gap = step * STEP_NS - STEP_NS, STEP_NS // (len(printed) + 1)
        return [
            Trade(
                self.id,
                self._prices(ticks, 1)[0],
                self._quantity(lots),
                side,
                ts + gap * number,
                ts_recv,
                f"{step}-{number}",
            )
            for number, (ticks, lots, side) in enumerate(printed, 1)
        ]

    def _quantity(self, lots: int) -> float:
        return float(lots * self._lot)

    def _tape(self, minute: int) -> MinuteTape:
        tape = self._tapes.get(minute)
        if tape is None:
            if len(self._tapes) > 3:
                self._tapes.clear()
            tape = self._tapes[minute] = self._draw(minute)
        return tape

    def _draw(self, minute: int) -> MinuteTape:
        rng = source(self._seed, self.listing.symbol, 7, minute & 0xFFFFFFFF)
        path = self._path.steps(minute)
        middle = np.exp(path) * (self._ratio / self._tick)
        heat = min(6.0, max(0.3, float(path.max() - path.min()) / self._typical))
        noise = np.repeat(rng.standard_normal(STEPS // 5), 5)
        spread = np.maximum(1, np.rint(self.listing.spread * heat**0.6 * np.exp(0.22 * noise))).astype(np.int64)
        bids = np.maximum(DEPTH, np.floor(middle - (spread - 1) / 2).astype(np.int64))
        asks = bids + spread
        lots = self.history.minute_lots(minute)
        return MinuteTape(bids.tolist(), asks.tolist(), self._draw_trades(rng, lots, middle, bids, asks))

    def _draw_trades(
        self, rng: np.random.Generator, lots: int, middle: Floats, bids: np.ndarray, asks: np.ndarray
    ) -> dict[int, list[_Print]]:
        if lots <= 0:
            return {}
        expected = self.listing.rate * min(8.0, max(0.05, lots / (self.listing.rate * self.listing.clip))) ** 0.7
        times = rng.random(1 + int(rng.poisson(expected * (1 - _SELF_EXCITATION)))) * STEPS
        born = times
        for _ in range(4):
            born = np.repeat(born, rng.poisson(_SELF_EXCITATION, len(born)))
            born = born + rng.exponential(_ECHO_STEPS, len(born))
            times = np.concatenate((times, born[born < STEPS]))
        times = np.sort(times)
        sizes = share(lots, np.exp(1.1 * rng.standard_normal(len(times))))
        steps = times.astype(np.int64)
        moves = np.diff(middle, prepend=middle[0])
        lean = np.clip(2.5 * moves[steps] / max(float(moves.std()), 1e-12), -30, 30)
        buys = rng.random(len(times)) < 1 / (1 + np.exp(-lean))
        shown = np.maximum(steps - 1, 0)  # a trade meets the prices that were shown before it
        prices = np.where(buys, asks[shown], bids[shown])
        found: dict[int, list[_Print]] = {}
        for step, price, size, buy in zip(steps.tolist(), prices.tolist(), sizes.tolist(), buys.tolist(), strict=True):
            if size:
                found.setdefault(step, []).append((price, size, Side.BUY if buy else Side.SELL))
        return found

    def _draw_sizes(self) -> list[list[float]]:
        rng, lot = source(self._seed, self.listing.symbol, 8), float(self._lot)
        shape = 1.6 - np.exp(-np.arange(DEPTH) / 4.0)  # thin at the touch, full behind it
        lots = np.rint(self.listing.depth * shape[:, None] * np.exp(0.6 * rng.standard_normal((DEPTH, _TABLE))))
        lots = np.maximum(lots, 1)
        sizes = lots * lot if lot >= 1 else np.round(lots / round(1 / lot), 10)
        table: list[list[float]] = sizes.tolist()
        return table


class SimulatedMarket:
    """Hold the markets of all listings; a market is drawn when first asked for."""

    def __init__(self, listings: Iterable[Listing], seed: int, start_ns: int) -> None:
        self.listings = {listing.instrument.id: listing for listing in listings}
        self.seed = seed
        self._by_symbol = {listing.symbol: listing for listing in self.listings.values()}
        self._markets: dict[InstrumentId, ListedMarket] = {}
        self._paths: dict[str, PricePath] = {}
        self._factors: dict[str, Factor] = {}
        today = start_ns // DAY_NS
        settled = today >= EPOCH_DAY + 60
        self._first_day = EPOCH_DAY if settled else today - 400
        self._anchor_day = ANCHOR_DAY if settled else today

    def instruments(self) -> Sequence[Instrument]:
        """Return every instrument."""
        return [listing.instrument for listing in self.listings.values()]

    def market(self, instrument: InstrumentId) -> ListedMarket:
        """Return one listing's market. Raises UnknownInstrument."""
        found = self._markets.get(instrument)
        if found is None:
            if instrument not in self.listings:
                raise UnknownInstrument(f"{instrument} is not traded on the simulated venue.")
            listing = self.listings[instrument]
            found = self._markets[instrument] = ListedMarket(listing, self._path(listing), self.seed)
        return found

    def observe(self, instrument: InstrumentId, after_ns: int, now_ns: int) -> list[MarketDatum]:
        """Return the trades after one moment, and quote and book at another (ns UTC; cut to 100 ms)."""
        return self.market(instrument).observe(after_ns // STEP_NS, now_ns // STEP_NS, now_ns)

    def mark(self, instrument: InstrumentId, now_ns: int) -> Decimal:
        """Return the middle of the market."""
        bid, ask = self.market(instrument).touch(now_ns // STEP_NS)
        return Decimal(bid + ask) / 2 * self.listings[instrument].instrument.tick

    def bars(self, instrument: InstrumentId, timeframe: Timeframe, end_ns: int, limit: int) -> BarArray:
        """Return up to `limit` closed bars, the last closing at or before `end_ns`."""
        return self.market(instrument).history.bars(timeframe, end_ns, limit)

    def _path(self, listing: Listing) -> PricePath:
        leader = self._by_symbol.get(listing.tracks, listing)
        path = self._paths.get(leader.symbol)
        if path is None:
            name = f"factor {leader.factor or leader.symbol}"
            factor = self._factors.get(name) or Factor(self.seed, name, self._first_day)
            self._factors[name] = factor
            path = PricePath(leader, self.seed, factor, self._first_day, self._anchor_day)
            self._paths[leader.symbol] = path
        return path
