"""Bars of the past and of now as one series: the venue's history or the store, then what was built live."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import numpy as np

from bidmere.brokerage.data_port import HistoryPort
from bidmere.data.aggregate import Aggregator
from bidmere.data.cache import DAY_NS, MarketCache
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Bar
from bidmere.model.timeframe import Timeframe
from bidmere.storage.bar_store import BarStore

_MINUTE, _DAY = Timeframe(1, "m"), Timeframe(1, "d")


class HistoryService:
    """Join past and present without gap or duplicate; where both have a bar, the past's counts: it is complete.

    `ports` is one port for every venue or one per venue; `store` serves instruments that have no port.
    """

    def __init__(
        self,
        ports: HistoryPort | Mapping[str, HistoryPort] | None,
        aggregator: Aggregator,
        *,
        store: BarStore | None = None,
        cache: MarketCache | None = None,
    ) -> None:
        self._ports = ports
        self._aggregator = aggregator
        self._store = store
        self._cache = cache

    async def bars(
        self, instrument: InstrumentId, timeframe: Timeframe, limit: int, end: int | None = None
    ) -> BarArray:
        """Return the last `limit` bars that closed at or before `end` (ns UTC; default: now), oldest first."""
        now = self._aggregator.now_ns()
        until = now if end is None else min(end, now)
        past = await self._past(instrument, timeframe, until, limit)
        live = self._aggregator.closed(instrument, timeframe)
        if len(live):
            first = int(np.searchsorted(live.ts, past.ts[-1], "right")) if len(past) else 0
            last = first
            while last < len(live) and timeframe.next(int(live.ts[last])) <= until:
                last += 1
            past = BarArray.concat([past, live[first:last]])
        return past[max(0, len(past) - limit) :]

    def forming(self, instrument: InstrumentId, timeframe: Timeframe) -> Bar | None:
        """Return the bar that forms now; None before the first tick."""
        return self._aggregator.forming(instrument, timeframe)

    async def prime(self, instrument: InstrumentId) -> None:
        """Complete what began before the first tick: the bars that form, the day so far, the previous close."""
        now = self._aggregator.now_ns()
        minutes = await self._past(instrument, _MINUTE, now, (now % DAY_NS) // _MINUTE.ns)
        if len(minutes):
            self._aggregator.seed(instrument, minutes, _MINUTE)
            if self._cache is not None:
                self._cache.complete_day(instrument, minutes)
        days = await self._past(instrument, _DAY, now, 40)
        if len(days):
            self._aggregator.seed(instrument, days, _DAY)
            if self._cache is not None:
                self._cache.set_previous_close(instrument, float(days.close[-1]))

    async def _past(self, instrument: InstrumentId, timeframe: Timeframe, until: int, limit: int) -> BarArray:
        port = self._ports.get(instrument.venue) if isinstance(self._ports, Mapping) else self._ports
        if limit <= 0:
            return BarArray.empty()
        if port is not None:
            return await port.bars(instrument, timeframe, end_ns=until, limit=limit)
        if self._store is None:
            return BarArray.empty()
        last_open = until - timeframe.ns if timeframe.unit != "M" else timeframe.floor(until) - 1
        return await asyncio.to_thread(self._store.read, instrument, timeframe, None, last_open + 1, limit)
