"""Bus events into the operator's feed."""

from __future__ import annotations

import logging

from bidmere.brokerage.data_port import FeedStatus
from bidmere.desk.api import Alarm, LogLine
from bidmere.desk.bars import WatchedBars
from bidmere.desk.feed import DeskFeed
from bidmere.execution.events import AlarmRaised, FillBooked, OrderChanged, PositionChanged
from bidmere.kernel.bus import EventBus, Unsubscribe
from bidmere.kernel.logs import TailHandler, start_logging, stop_logging
from bidmere.model.market import Bar, Book, Quote, Trade


class FeedWiring:
    """Carry what the desk's feed wants from the bus and the log, while started."""

    def __init__(self, bus: EventBus, feed: DeskFeed, watched: WatchedBars) -> None:
        self._bus = bus
        self._feed = feed
        self._watched = watched
        self._unsubscribe: list[Unsubscribe] = []
        self._tail = TailHandler(self._log)

    def start(self) -> None:
        """Begin."""
        feed, subscribe = self._feed, self._bus.subscribe
        self._unsubscribe = [
            subscribe(Quote, feed.put_quote),
            subscribe(Book, feed.put_book),
            subscribe(Trade, feed.put_trade),
            subscribe(Bar, self._bar),
            subscribe(FeedStatus, feed.put_status),
            subscribe(OrderChanged, lambda changed: feed.put_order(changed.order)),
            subscribe(FillBooked, lambda booked: feed.put_fill(booked.fill)),
            subscribe(PositionChanged, lambda changed: feed.put_position(changed.position)),
            subscribe(AlarmRaised, self._alarm),
        ]
        start_logging(self._tail, logging.INFO)

    def stop(self) -> None:
        """End."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        stop_logging(self._tail)

    def _bar(self, bar: Bar) -> None:
        if (bar.instrument, bar.timeframe) in self._watched:
            self._feed.put_bar(bar)

    def _alarm(self, raised: AlarmRaised) -> None:
        self._feed.put_alarm(
            Alarm(priority=raised.priority, key=raised.key, text=raised.text, ts=raised.ts, detail=raised.detail)
        )

    def _log(self, ts: int, level: str, source: str, text: str) -> None:
        self._feed.put_log(LogLine(ts=ts, level=level, source=source, text=text))
