"""How instruments, prices and history come in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import MarketDatum
from bidmere.model.timeframe import Timeframe


class FeedState(StrEnum):
    """State of a feed, worst last."""

    OK = "ok"
    QUIET = "quiet"
    CONNECTING = "connecting"
    STALE = "stale"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """What a feed says of itself; `retry_ns` is when it tries again (0: not planned)."""

    venue: str
    state: FeedState
    ts: int
    detail: str = ""
    attempt: int = 0
    retry_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayState:
    """Where a replay stands; `speed` is inf for as fast as possible, `timeframe` that of the recorded bars."""

    symbol: str
    position_ns: int
    start_ns: int
    end_ns: int
    speed: float
    playing: bool
    finished: bool
    timeframe: Timeframe | None = None


Sink = Callable[[MarketDatum], None]
StatusSink = Callable[[FeedStatus], None]


class InstrumentPort(Protocol):
    """Knows what the venue trades."""

    async def load(self) -> Sequence[Instrument]:
        """Return every instrument."""


class MarketDataPort(Protocol):
    """Streams quotes, trades and books of what is subscribed, on the engine's loop, and a heartbeat status."""

    venue: str

    def set_sink(self, sink: Sink, status: StatusSink) -> None:
        """Set who receives data and status; called once before any subscription."""

    async def subscribe(self, instruments: Iterable[InstrumentId]) -> None:
        """Add instruments."""

    async def unsubscribe(self, instruments: Iterable[InstrumentId]) -> None:
        """Take instruments off."""


class HistoryPort(Protocol):
    """Serves closed bars of the past."""

    async def bars(
        self, instrument: InstrumentId, timeframe: Timeframe, *, end_ns: int, limit: int
    ) -> BarArray:
        """Return up to `limit` bars that closed at or before `end_ns`, oldest first; fewer when there are no more."""
