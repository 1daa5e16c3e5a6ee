"""A session on recorded data: its instrument, its stream, its past, and a paper exchange to trade against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from bidmere.brokerage.data_port import (
    FeedState,
    FeedStatus,
    HistoryPort,
    InstrumentPort,
    MarketDataPort,
    ReplayState,
    Sink,
    StatusSink,
)
from bidmere.brokerage.execution_port import ExecutionClient
from bidmere.brokerage.plugin import SessionContext
from bidmere.data.importers import ImportResult
from bidmere.data.importers.sources import OpenOptions, find_files, open_files
from bidmere.errors import ContractViolation, InvalidInput, UnreadableData
from bidmere.kernel.clock import SimClock
from bidmere.kernel.lifecycle import Health, Level
from bidmere.model.account import Account, AccountMode
from bidmere.model.bars import Floats
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import MarketDatum
from bidmere_brokers.paper.venue import PaperVenue
from bidmere_brokers.replay.history import RecordedHistory
from bidmere_brokers.replay.player import ReplayPlayer, Settle
from bidmere_brokers.replay.properties import recorded_instrument
from bidmere_brokers.replay.stream import Stream, build_stream

_GAP_NS = 600_000_000_000
_QUIET_NS = 60_000_000_000
_BARS_A_GAP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayConfig:
    """Say what to replay: files, folders or globs of one instrument.

    `speed` is times real time, inf for as fast as possible. Data before `start_ns` are the past the desk may see from
    the beginning. `overrides` are properties of the instrument (tick, lot, taker_fee, …). With `skip_gaps` pauses of
    the market longer than ten minutes (or three bars) pass at once at every speed.
    """

    data: tuple[Path, ...]
    symbol: str | None = None
    venue: str = "REPLAY"
    tz: str | None = None
    day_first: bool | None = None
    contract: str | None = None
    speed: float = 1.0
    paused: bool = True
    start_ns: int | None = None
    end_ns: int | None = None
    skip_gaps: bool = True
    account: str = "Replay-1"
    balance: Decimal = Decimal(100_000)
    overrides: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Recorded data ready to be played."""

    result: ImportResult
    instrument: Instrument
    stream: Stream


def load_recording(config: ReplayConfig) -> Recording:
    """Read the data of a replay. Blocking. Raises UnreadableData."""
    if not config.data:
        raise InvalidInput("Nothing to replay: give files with --data.")
    files = sorted({file for one in config.data for file in find_files(one)})
    options = OpenOptions(symbol=config.symbol, tz=config.tz, day_first=config.day_first, contract=config.contract)
    result = open_files(files, options, ", ".join(one.name or str(one) for one in config.data))
    prices = _prices(result)
    instrument = recorded_instrument(
        result,
        prices,
        InstrumentId(result.symbol.upper(), config.venue),
        has_trades=result.trades is not None or (result.bars is not None and bool(result.bars.volume.any())),
        overrides=config.overrides,
    )
    stream = build_stream(result, instrument).between(config.start_ns, config.end_ns)
    if not len(stream):
        raise UnreadableData(f"{result.paths[0].name} holds nothing between the start and the end that were asked for.")
    return Recording(result=result, instrument=instrument, stream=stream)


def _prices(result: ImportResult) -> Floats:
    """Return every recorded price; of bars that are only mids, the bids and asks they were made of."""
    found: list[Floats] = []
    if result.bars is not None and (result.bid_bars is None or result.bars.volume.any()):
        found += [result.bars.open, result.bars.high, result.bars.low, result.bars.close]
    for bars in (result.bid_bars, result.ask_bars):
        if bars is not None:
            found += [bars.open, bars.close]
    if result.trades is not None:
        found.append(result.trades.price)
    if result.quotes is not None:
        found += [result.quotes.bid, result.quotes.ask]
    return np.concatenate(found) if found else np.empty(0)


class ReplaySession:
    """Offer recorded data as a venue whose clock the data drive. It starts on hold; `play` lets it go on.

    `settle` is set by the engine: it returns when no order is in flight.
    """

    name = "Replay"

    def __init__(self, context: SessionContext, config: ReplayConfig, recording: Recording | None = None) -> None:
        if not isinstance(context.clock, SimClock):
            raise ContractViolation("A replay needs a simulated clock.")
        recording = recording or load_recording(config)
        stream, instrument = recording.stream, recording.instrument
        self._clock = context.clock
        self._tasks = context.tasks
        self._start_ns = int(stream.ts[0])
        if self._clock.now_ns() > self._start_ns:
            raise ContractViolation("The clock is past the recorded data.")
        self._clock.advance_to(self._start_ns)
        self.recording = recording
        self.account: Account | None = _account(config, instrument, stream)
        self._paper = PaperVenue(self._clock, self._tasks, self.account, [instrument], context.seed)
        self.execution: ExecutionClient | None = self._paper.execution
        self._feed = _Feed(config.venue, instrument, self._clock)
        longest = max(_GAP_NS, _BARS_A_GAP * recording.result.timeframe.ns if recording.result.timeframe else 0)
        self._player = ReplayPlayer(
            self._clock,
            stream,
            instrument.id,
            self._deliver,
            speed=config.speed,
            skip_gap_ns=longest if config.skip_gaps else None,
        )
        self.instruments: InstrumentPort = self._feed
        self.market_data: MarketDataPort | None = self._feed
        self.history: HistoryPort | None = RecordedHistory(instrument.id, recording.result, self._clock)

    @property
    def settle(self) -> Settle | None:
        """What returns when no order is in flight."""
        return self._player.settle

    @settle.setter
    def settle(self, settle: Settle | None) -> None:
        self._player.settle = settle

    async def start(self) -> None:
        """Be ready to play."""
        self._paper.start()
        self._feed.tell(FeedState.OK, "")
        self._tasks.spawn(self._play(), "replay")

    async def stop(self) -> None:
        """Hold for ever."""
        self._player.pause()
        self._paper.stop()
        self._feed.tell(FeedState.OFFLINE, "replay ended")

    def health(self) -> Health:
        """Say where the replay stands."""
        symbol = self.recording.instrument.id
        if self._player.finished.is_set():
            return Health(level=Level.OFF, text=f"{symbol} was played to its end")
        word = "playing" if self._player.playing else "on hold"
        return Health(level=Level.OK, text=f"{symbol} {word}, {100 * self.progress:.0f} %")

    def play(self) -> None:
        """Go on."""
        self._player.play()

    def pause(self) -> None:
        """Hold."""
        self._player.pause()

    def set_speed(self, speed: float) -> None:
        """Set how many times faster than recorded; inf for as fast as possible."""
        self._player.set_speed(speed)

    async def step(self, count: int) -> None:
        """Play a number of moments and hold."""
        await self._player.step(count)

    async def seek(self, ts_ns: int) -> None:
        """Play to a later time as fast as possible, then go on as before."""
        await self._player.seek(ts_ns)

    async def wait_finished(self) -> None:
        """Return when the data have been played to their end."""
        await self._player.finished.wait()

    @property
    def quiet_ns(self) -> int:
        """How long these data are usually silent at most: two bars, and a minute for ticks."""
        timeframe = self.recording.result.timeframe
        return max(_QUIET_NS, 2 * timeframe.ns if timeframe is not None else 0)

    @property
    def progress(self) -> float:
        """Share of the data that has been played, 0 to 1."""
        return self._player.index / len(self.recording.stream)

    @property
    def position_ns(self) -> int:
        """Where the clock stands."""
        return self._clock.now_ns()

    def state(self) -> ReplayState:
        """Say where it stands."""
        return ReplayState(
            symbol=str(self.recording.instrument.id),
            position_ns=self._clock.now_ns(),
            start_ns=self._start_ns,
            end_ns=self.recording.stream.end_ns,
            speed=self._player.speed,
            playing=self._player.playing,
            finished=self._player.finished.is_set(),
            timeframe=self.recording.result.timeframe,
        )

    async def _play(self) -> None:
        await self._player.run()
        self._feed.tell(FeedState.QUIET, "end of the recorded data")

    def _deliver(self, datum: MarketDatum) -> None:
        self._paper.feed(datum)
        self._feed.deliver(datum)


def _account(config: ReplayConfig, instrument: Instrument, stream: Stream) -> Account:
    currency, balance = instrument.quote, config.balance
    if instrument.inverse:
        currency = instrument.settle
        balance = (config.balance / Decimal(repr(float(stream.values[0, 0])))).quantize(Decimal("0.0001"))
    return Account(
        id=config.account,
        name=config.account,
        venue=config.venue,
        mode=AccountMode.PAPER,
        currency=currency,
        balances=((currency, balance),),
    )


class _Feed:
    """The instrument and market data ports; `recorded` tells the data service that silence is the market's own."""

    recorded = True

    def __init__(self, venue: str, instrument: Instrument, clock: SimClock) -> None:
        self.venue = venue
        self._instrument = instrument
        self._clock = clock
        self._sink: Sink | None = None
        self._status: StatusSink | None = None

    async def load(self) -> Sequence[Instrument]:
        return [self._instrument]

    def set_sink(self, sink: Sink, status: StatusSink) -> None:
        self._sink, self._status = sink, status

    async def subscribe(self, instruments: Iterable[InstrumentId]) -> None:
        """Accept; the one instrument always comes, so that a run does not depend on when somebody looked."""

    async def unsubscribe(self, instruments: Iterable[InstrumentId]) -> None:
        """Accept."""

    def deliver(self, datum: MarketDatum) -> None:
        if self._sink is not None:
            self._sink(datum)

    def tell(self, state: FeedState, detail: str) -> None:
        if self._status is not None:
            self._status(FeedStatus(venue=self.venue, state=state, ts=self._clock.now_ns(), detail=detail))
