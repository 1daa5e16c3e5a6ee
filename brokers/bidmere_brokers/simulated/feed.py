"""The simulated market as a data feed: one timer for the whole venue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from bidmere.brokerage.data_port import FeedState, FeedStatus, Sink, StatusSink
from bidmere.errors import UnknownInstrument
from bidmere.kernel.clock import Clock, TimerHandle
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import MarketDatum
from bidmere.model.timeframe import Timeframe
from bidmere.simulation.catalogue import VENUE
from bidmere.simulation.client import ExchangeServer
from bidmere.simulation.market import ListedMarket, SimulatedMarket
from bidmere.simulation.path import STEP_NS

SLICES = 4
"""The instruments take turns: a quarter of them with every tick of the timer, less where they are many."""

_MOST_PER_TICK = 20  # about 2 ms of work: orders wait for no longer tick
_HEARTBEAT_NS = 1_000_000_000
_PIECES_PER_TURN = 8
_MAX_RATE = 10.0


class SimulatedFeed:
    """Serve instruments, live data and history of a simulated market, and show the exchange the same data first.

    Only what is subscribed, or what the exchange has orders or positions in, is stepped; the rest costs nothing, since
    the market is a function of time.
    """

    venue = VENUE

    def __init__(self, market: SimulatedMarket, clock: Clock, updates_per_s: float) -> None:
        self._market = market
        self._clock = clock
        self._period_ns = int(1_000_000_000 / min(_MAX_RATE, max(0.1, updates_per_s)))
        self._slice_ns = self._period_ns // SLICES
        self._server: ExchangeServer | None = None
        self._sink: Sink = _nowhere
        self._status: StatusSink = _nowhere
        self._subscribed: set[InstrumentId] = set()
        self._seen: dict[InstrumentId, int] = {}
        self._arranged: set[InstrumentId] = set()
        self._slices: list[list[ListedMarket]] = [[] for _ in range(SLICES)]
        self._changed = True
        self._timer: TimerHandle | None = None
        self._turn = 0
        self._last_beat_ns = 0
        self._idle = False
        self.updates = 0

    def connect(self, server: ExchangeServer) -> None:
        """Set the exchange that sees all data first."""
        self._server = server

    def set_sink(self, sink: Sink, status: StatusSink) -> None:
        """Set who receives data and status."""
        self._sink, self._status = sink, status

    async def load(self) -> Sequence[Instrument]:
        """Return every instrument."""
        return self._market.instruments()

    async def subscribe(self, instruments: Iterable[InstrumentId]) -> None:
        """Add instruments; each shows its present quote and book at once. Raises UnknownInstrument."""
        wanted = list(dict.fromkeys(instruments))
        unknown = [one for one in wanted if one not in self._market.listings]
        if unknown:
            raise UnknownInstrument(f"{', '.join(map(str, unknown))} is not traded on the simulated venue.")
        for instrument in wanted:
            if instrument not in self._subscribed:
                self._subscribed.add(instrument)
                self.orders_changed()
                self._observe(self._market.market(instrument), self._clock.now_ns() // STEP_NS)
                await asyncio.sleep(0)

    async def unsubscribe(self, instruments: Iterable[InstrumentId]) -> None:
        """Take instruments off."""
        self._subscribed.difference_update(instruments)
        self._changed = True

    async def bars(self, instrument: InstrumentId, timeframe: Timeframe, *, end_ns: int, limit: int) -> BarArray:
        """Return closed bars of the simulated past; the future is not told."""
        history = self._market.market(instrument).history
        end_ns = min(end_ns, self._clock.now_ns())
        parts = []
        for number, piece in enumerate(history.pieces(timeframe, end_ns, limit)):
            parts.append(piece)
            if number % _PIECES_PER_TURN == _PIECES_PER_TURN - 1:
                await asyncio.sleep(0)
        return history.finish(timeframe, parts, end_ns, limit)

    def start(self) -> None:
        """Begin to tick."""
        self._turn = self._clock.now_ns() // self._slice_ns
        self._beat(self._clock.now_ns(), FeedState.OK)
        self._schedule()

    def stop(self) -> None:
        """Stop ticking."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._beat(self._clock.now_ns(), FeedState.OFFLINE)

    def orders_changed(self) -> None:
        """Look again at what the exchange needs prices for."""
        self._changed = True
        if self._idle and self._timer is not None:
            self._timer.cancel()
            self._turn, self._idle = self._clock.now_ns() // self._slice_ns, False
            self._schedule()

    def refresh(self, instrument: InstrumentId) -> None:
        """Show the exchange the present market of an instrument that was not stepped lately."""
        if instrument not in self._market.listings or self._server is None:
            return
        now = self._clock.now_ns()
        if now - self._server.exchange.matcher(instrument).outside.ts > 2 * self._period_ns:
            for datum in self._market.market(instrument).observe(now // STEP_NS, now // STEP_NS, now):
                self._server.feed(datum)

    def _schedule(self) -> None:
        due = (self._turn + 1) * self._slice_ns
        if self._idle:  # nothing to step: tick for the heartbeat only
            due = max(due, self._last_beat_ns + _HEARTBEAT_NS)
        self._timer = self._clock.call_at(due, self._tick)

    def _tick(self) -> None:
        now = self._clock.now_ns()
        if self._changed:
            self._arrange(now)
        # A late loop owes the slices it missed, each once, and one at a time: orders get their turn between them.
        self._turn = max(self._turn + 1, now // self._slice_ns - len(self._slices) + 1)
        step = now // STEP_NS
        for market in self._slices[self._turn % len(self._slices)]:
            self._observe(market, step)
        self._idle = not self._arranged
        if now - self._last_beat_ns >= _HEARTBEAT_NS:
            self._beat(now, FeedState.OK)
        self._schedule()

    def _observe(self, market: ListedMarket, step: int) -> None:
        instrument, now = market.id, self._clock.now_ns()
        after = self._seen.get(instrument, step)
        self._seen[instrument] = step
        market.prepare(step)
        heard = instrument in self._subscribed
        for datum in market.observe(after, step, now):
            if self._server is not None:
                self._server.feed(datum)
            if heard:
                self._sink(datum)
                self.updates += 1

    def _arrange(self, now: int) -> None:
        self._changed = False
        needed = self._server.exchange.active_instruments() if self._server is not None else set()
        wanted = self._subscribed | needed
        if wanted == self._arranged:
            return
        self._arranged = wanted
        count = max(SLICES, -(-len(wanted) // _MOST_PER_TICK))
        if count != len(self._slices):
            self._slice_ns = self._period_ns // count
            self._turn = now // self._slice_ns - 1
        self._slices = [[] for _ in range(count)]
        for instrument in sorted(wanted):
            market = self._market.market(instrument)
            self._slices[market.phase % count].append(market)
        self._seen = {instrument: step for instrument, step in self._seen.items() if instrument in wanted}

    def _beat(self, now: int, state: FeedState) -> None:
        self._last_beat_ns = now
        self._status(FeedStatus(venue=self.venue, state=state, ts=now))


def _nowhere(_: MarketDatum | FeedStatus) -> None:
    """Drop what nobody listens to."""
