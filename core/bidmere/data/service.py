"""Market data inside the engine: subscriptions by count, checks, cache, then the bus, and the state of each feed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bidmere.brokerage.data_port import FeedState, FeedStatus, MarketDataPort
from bidmere.data.cache import MarketCache
from bidmere.data.quality import QualityMonitor, QualityRow
from bidmere.errors import UnknownInstrument
from bidmere.kernel.bus import EventBus
from bidmere.kernel.clock import Clock, TimerHandle
from bidmere.kernel.lifecycle import Health, Level
from bidmere.model.ids import InstrumentId
from bidmere.model.market import MarketDatum

_STALE_FLOOR_NS = 2_000_000_000
_STALE_GAPS = 5
_GAP_WEIGHT = 0.05


class _Feed:
    """One source: who is subscribed, when it last spoke, how often it usually does."""

    __slots__ = ("gap_ns", "port", "recorded", "seen_ns", "status", "timer", "users")

    def __init__(self, port: MarketDataPort, now: int) -> None:
        self.port = port
        self.recorded = bool(getattr(port, "recorded", False))
        self.users: dict[InstrumentId, int] = {}
        self.seen_ns = 0
        self.gap_ns = 0.0
        self.timer: TimerHandle | None = None
        self.status = FeedStatus(venue=port.venue, state=FeedState.CONNECTING, ts=now)

    @property
    def limit_ns(self) -> int:
        return max(_STALE_FLOOR_NS, int(_STALE_GAPS * self.gap_ns))


class DataService:
    """Bring in what sources send: check → cache → bus, in the caller's turn, no task per message.

    A feed is stale after max(2 s, 5 × its usual gap) of silence and offline when its port says so. Recorded sources
    (attribute `recorded`) are never stale: their silence is the market's.
    """

    name = "data"

    def __init__(self, bus: EventBus, clock: Clock, cache: MarketCache | None = None) -> None:
        self._bus = bus
        self._clock = clock
        self.cache = cache or MarketCache()
        self.quality = QualityMonitor(clock)
        self._feeds: dict[str, _Feed] = {}

    async def start(self) -> None:
        """Be ready; sources are added one by one."""

    async def stop(self) -> None:
        """Unsubscribe from everything and stop watching."""
        for feed in self._feeds.values():
            self._stop_watching(feed)
            users, feed.users = list(feed.users), {}
            if users:
                await feed.port.unsubscribe(users)

    def health(self) -> Health:
        """Say how many feeds speak."""
        if not self._feeds:
            return Health(level=Level.OFF, text="no market data source")
        statuses = self.statuses().values()
        bad = [one for one in statuses if one.state in (FeedState.STALE, FeedState.OFFLINE)]
        if bad:
            return Health(level=Level.BAD, text="; ".join(f"{one.venue} is {one.state}" for one in bad))
        return Health(level=Level.OK, text=f"{len(self._feeds)} feeds, {len(self.subscribed())} instruments")

    def add_source(self, port: MarketDataPort) -> None:
        """Take data of one more venue from a port."""
        feed = self._feeds[port.venue] = _Feed(port, self._clock.now_ns())
        port.set_sink(lambda datum: self._from_feed(feed, datum), lambda status: self._from_status(feed, status))

    async def subscribe(self, instruments: Iterable[InstrumentId]) -> None:
        """Count one more user of each instrument; the port hears of the first. Raises UnknownInstrument."""
        for feed, group in self._by_feed(instruments):
            fresh = [one for one in group if one not in feed.users]
            for one in group:
                feed.users[one] = feed.users.get(one, 0) + 1
            if fresh:
                await feed.port.subscribe(fresh)

    async def unsubscribe(self, instruments: Iterable[InstrumentId]) -> None:
        """Count one user less of each instrument; the port hears of the last."""
        for feed, group in self._by_feed(instruments):
            gone: list[InstrumentId] = []
            for one in group:
                left = feed.users.get(one, 0) - 1
                if left > 0:
                    feed.users[one] = left
                elif feed.users.pop(one, None) is not None:
                    gone.append(one)
            if gone:
                await feed.port.unsubscribe(gone)

    def subscribed(self) -> list[InstrumentId]:
        """Return every instrument that somebody uses."""
        return [instrument for feed in self._feeds.values() for instrument in feed.users]

    def statuses(self) -> dict[str, FeedStatus]:
        """Return the state of each feed by venue."""
        return {venue: feed.status for venue, feed in self._feeds.items()}

    def report(self) -> list[QualityRow]:
        """Return what was wrong with the data so far."""
        return self.quality.report()

    def on_datum(self, datum: MarketDatum) -> None:
        """Check, cache, publish; what fails the checks is counted and goes no further."""
        if self.quality.passes(datum, self._clock.now_ns()):
            self.cache.update(datum)
            self._bus.publish(datum)

    def _from_feed(self, feed: _Feed, datum: MarketDatum) -> None:
        if not feed.recorded:
            self._heard(feed)
        self.on_datum(datum)

    def _from_status(self, feed: _Feed, status: FeedStatus) -> None:
        alive = status.state in (FeedState.OK, FeedState.QUIET)
        if alive and not feed.recorded:
            self._heard(feed, heartbeat=True)
        elif not alive:
            self._stop_watching(feed)
        changed = (status.state, status.detail, status.attempt, status.retry_ns) != (
            feed.status.state, feed.status.detail, feed.status.attempt, feed.status.retry_ns
        )  # fmt: skip
        feed.status = status
        if changed:
            self._bus.publish(status)

    def _heard(self, feed: _Feed, heartbeat: bool = False) -> None:
        now = self._clock.now_ns()
        if feed.seen_ns:
            feed.gap_ns += _GAP_WEIGHT * (min(now - feed.seen_ns, 2 * feed.limit_ns) - feed.gap_ns)
        feed.seen_ns = now
        if feed.timer is None:
            feed.timer = self._clock.call_at(now + feed.limit_ns, lambda: self._look(feed))
        if not heartbeat and feed.status.state not in (FeedState.OK, FeedState.QUIET):
            self._set(feed, replace(feed.status, state=FeedState.OK, ts=now, detail="", attempt=0, retry_ns=0))

    def _look(self, feed: _Feed) -> None:
        """Check for silence at the moment it would become too long."""
        feed.timer = None
        now = self._clock.now_ns()
        due = feed.seen_ns + feed.limit_ns
        if now < due:
            feed.timer = self._clock.call_at(due, lambda: self._look(feed))
        elif feed.users:
            seconds = (now - feed.seen_ns) / 1e9
            self._set(feed, replace(feed.status, state=FeedState.STALE, ts=now, detail=f"silent for {seconds:.0f} s"))

    def _set(self, feed: _Feed, status: FeedStatus) -> None:
        feed.status = status
        self._bus.publish(status)

    @staticmethod
    def _stop_watching(feed: _Feed) -> None:
        if feed.timer is not None:
            feed.timer.cancel()
            feed.timer = None

    def _by_feed(self, instruments: Iterable[InstrumentId]) -> list[tuple[_Feed, list[InstrumentId]]]:
        groups: dict[str, list[InstrumentId]] = {}
        for instrument in instruments:
            if instrument.venue not in self._feeds:
                known = ", ".join(sorted(self._feeds)) or "none"
                raise UnknownInstrument(f"No data source serves {instrument}: connected venues are {known}.")
            groups.setdefault(instrument.venue, []).append(instrument)
        return [(self._feeds[venue], group) for venue, group in groups.items()]
