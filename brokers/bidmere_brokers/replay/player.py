"""Play a stream on a simulated clock: at a multiple of real time, or as fast as everything else keeps up."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable

from bidmere.errors import InvalidInput
from bidmere.kernel.clock import SimClock
from bidmere.model.ids import InstrumentId
from bidmere.model.market import MarketDatum, Quote, Side, Trade
from bidmere_brokers.replay.stream import QUOTE, Stream

Settle = Callable[[], Awaitable[None]]

_TURN_S = 0.05
_YIELD_EVERY = 32
_SIDES = {1.0: Side.BUY, -1.0: Side.SELL}


class ReplayPlayer:
    """Advance the clock to each datum, then deliver it; before every move wait until nothing is in flight.

    Timers that are due on the way fire at their own time, each followed by `settle`, so that what they set off is done
    before the clock goes on: the same data and the same decisions give the same run at every speed.
    """

    def __init__(
        self,
        clock: SimClock,
        stream: Stream,
        instrument: InstrumentId,
        deliver: Callable[[MarketDatum], None],
        *,
        speed: float = 1.0,
        skip_gap_ns: int | None = None,
    ) -> None:
        self._clock = clock
        self._stream = stream
        self._instrument = instrument
        self._deliver = deliver
        self._skip_gap_ns = skip_gap_ns
        self._index = 0
        self._speed = speed
        self._playing = False
        self._steps = 0
        self._target: int | None = None
        self._wake = asyncio.Event()
        self._moved = asyncio.Event()
        self._anchor: tuple[float, int] | None = None
        self.settle: Settle | None = None
        self.finished = asyncio.Event()

    @property
    def playing(self) -> bool:
        """Whether it goes on by itself."""
        return self._playing and not self.finished.is_set()

    @property
    def speed(self) -> float:
        """Times real time; inf: as fast as possible."""
        return self._speed

    @property
    def index(self) -> int:
        """How many data have been delivered."""
        return self._index

    def play(self) -> None:
        """Go on."""
        self._playing = True
        self._changed()

    def pause(self) -> None:
        """Hold after the datum being delivered."""
        self._playing, self._steps, self._target = False, 0, None
        self._changed()

    def set_speed(self, speed: float) -> None:
        """Set the speed. Raises InvalidInput unless it is above zero."""
        if not speed > 0.0:
            raise InvalidInput(f"A replay cannot run at speed {speed:g}: give a number above 0, or max.")
        self._speed = speed
        self._changed()

    async def step(self, count: int) -> None:
        """Hold, play `count` more moments (all data of one time), and return."""
        self._playing, self._target = False, None
        self._steps = max(1, count)
        self._changed()
        await self._until(lambda: self._steps == 0)

    async def seek(self, ts_ns: int) -> None:
        """Play to a later time as fast as possible, then go on as before. Raises InvalidInput for an earlier time."""
        if ts_ns < self._clock.now_ns():
            raise InvalidInput("A replay cannot go back: start it again to see the past.")
        self._target = min(ts_ns, self._stream.end_ns)
        self._changed()
        await self._until(lambda: self._target is None)

    async def run(self) -> None:
        """Play until the data end; a task of the session."""
        total = len(self._stream)
        while self._index < total:
            if not (self._playing or self._steps or self._target is not None):
                self._wake.clear()
                await self._wake.wait()
                continue
            ts = int(self._stream.ts[self._index])
            if self._target is not None and ts > self._target:
                await self._advance(self._target)
                self._reached()
                continue
            if self._is_paced and not await self._pace(ts):
                continue
            await self._advance(ts)
            await self._deliver_moment(ts)
        await self._advance(self._stream.end_ns)
        await self._settle()
        self._steps, self._target = 0, None
        self.finished.set()
        self._moved.set()

    @property
    def _is_paced(self) -> bool:
        return not self._steps and self._target is None and math.isfinite(self._speed)

    async def _deliver_moment(self, ts: int) -> None:
        """Deliver every datum of one time."""
        stream, total = self._stream, len(self._stream)
        while self._index < total and int(stream.ts[self._index]) == ts:
            index = self._index
            self._index += 1
            self._deliver(self._datum(index, ts))
            await self._settle()
            if index % _YIELD_EVERY == 0 and self.settle is not None:
                await asyncio.sleep(0)
        if self._steps:
            self._steps -= 1
            self._moved.set()

    def _datum(self, index: int, ts: int) -> MarketDatum:
        a, b, c, d = self._stream.values[index].tolist()
        if self._stream.kind[index] == QUOTE:
            return Quote(self._instrument, a, b, c, d, ts, ts)
        return Trade(self._instrument, a, b, _SIDES.get(c), ts, ts, str(index))

    async def _advance(self, ts: int) -> None:
        await self._settle()
        clock = self._clock
        while (due := clock.next_timer_ns()) is not None and due <= ts:
            clock.advance_to(due)
            await self._settle()
        clock.advance_to(ts)

    async def _settle(self) -> None:
        if self.settle is not None:
            await self.settle()
        else:
            await asyncio.sleep(0)

    async def _pace(self, ts: int) -> bool:
        """Let real time pass until a datum is due; False when the controls changed meanwhile."""
        loop = asyncio.get_running_loop()
        position = self._clock.now_ns()
        if self._anchor is None or (self._skip_gap_ns is not None and ts - position > self._skip_gap_ns):
            self._anchor = (loop.time(), ts if self._anchor is not None else position)
        anchor = self._anchor
        while True:
            wait = (ts - anchor[1]) / 1e9 / self._speed - (loop.time() - anchor[0])
            if wait <= 0.0:
                if wait < -_TURN_S:  # too slow for this speed: go on from here instead of hurrying after
                    self._anchor = (loop.time(), ts)
                return True
            await asyncio.sleep(min(wait, _TURN_S))
            if self._anchor is not anchor:
                return False
            reached = anchor[1] + int((loop.time() - anchor[0]) * self._speed * 1e9)
            await self._advance(min(ts - 1, reached))

    def _reached(self) -> None:
        self._target = None
        self._anchor = None
        self._moved.set()

    def _changed(self) -> None:
        self._anchor = None
        self._wake.set()

    async def _until(self, done: Callable[[], bool]) -> None:
        while not done() and not self.finished.is_set():
            self._moved.clear()
            await self._moved.wait()
