"""The replay venue: the recorded bars come back, nothing of the future is told, and every run is the same."""

import asyncio
import hashlib
import math
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.brokerage.data_port import FeedState
from bidmere.brokerage.plugin import SessionContext
from bidmere.data.aggregate import Aggregator, price_source
from bidmere.data.history import HistoryService
from bidmere.data.importers import QuoteTicks, TradeTicks
from bidmere.data.importers.result import BARS, TRADES, ImportResult
from bidmere.data.service import DataService
from bidmere.errors import ContractViolation, InvalidInput, UnreadableData
from bidmere.kernel.bus import EventBus
from bidmere.kernel.clock import LiveClock, SimClock
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.market import Bar, MarketDatum, Quote, Trade
from bidmere.model.timeframe import SECOND_NS, TIMEFRAMES, Timeframe
from bidmere_brokers.replay.plugin import PLUGIN
from bidmere_brokers.replay.properties import tick_of
from bidmere_brokers.replay.session import ReplayConfig, ReplaySession
from bidmere_brokers.replay.stream import QUOTE, TRADE, build_stream

MINUTE = Timeframe(1, "m")
START = 1_700_000_040 * SECOND_NS
COUNT = 40


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Forty minutes of a made-up market; each bar is above the one before, so that a leak is seen by its price."""
    rng = np.random.default_rng(7)
    lines = ["time,open,high,low,close,volume"]
    for index in range(COUNT):
        low = 100.0 + index
        open_, close = (low + rng.integers(10, 90, 2) / 100).tolist()
        time = (START + index * MINUTE.ns) // 1_000_000
        lines.append(f"{time},{open_:.2f},{low + 0.99:.2f},{low:.2f},{close:.2f},{rng.integers(1, 999) / 100}")
    path = tmp_path / "BTCUSD-1m.csv"
    path.write_text("\n".join(lines))
    return path


class Desk:
    """What an engine would wire around a session."""

    def __init__(self, session: ReplaySession, clock: SimClock) -> None:
        self.session, self.clock, self.bus = session, clock, EventBus()
        self.id = session.recording.instrument.id
        self.data = DataService(self.bus, clock)
        self.aggregator = Aggregator(self.bus, clock, quality=self.data.quality)
        self.aggregator.set_source(self.id, price_source(session.recording.instrument))
        self.history = HistoryService(session.history, self.aggregator)
        self.events: list[MarketDatum | Bar] = []
        for kind in (Quote, Trade, Bar):
            self.bus.subscribe(kind, self.events.append)

    def bars(self, timeframe: Timeframe) -> BarArray:
        return BarArray.from_bars(one for one in self.events if isinstance(one, Bar) and one.timeframe == timeframe)


@asynccontextmanager
async def replaying(data: Path | Iterable[Path], **options: object) -> AsyncIterator[Desk]:
    clock, tasks = SimClock(), TaskOwner("test")
    files = (data,) if isinstance(data, Path) else tuple(data)
    config = ReplayConfig(data=files, **{"speed": math.inf, **options})  # type: ignore[arg-type]
    session = PLUGIN.open(SessionContext(clock=clock, tasks=tasks, profile_dir=Path(), seed=1), config)
    assert isinstance(session, ReplaySession)
    desk = Desk(session, clock)
    assert session.market_data is not None
    desk.data.add_source(session.market_data)
    await desk.data.subscribe([desk.id])
    await session.start()
    try:
        yield desk
    finally:
        await session.stop()
        desk.aggregator.close()
        await desk.data.stop()
        await tasks.close()


async def played(desk: Desk) -> None:
    desk.session.play()
    await desk.session.wait_finished()


async def test_recorded_bars_come_back_exactly(recorded: Path) -> None:
    async with replaying(recorded) as desk:
        await played(desk)
        bars, original = desk.bars(MINUTE), desk.session.recording.result.bars
        assert original is not None
        for name in ("ts", "open", "high", "low", "close"):
            assert np.array_equal(getattr(bars, name), getattr(original, name)), name
        assert bars.volume.tolist() == pytest.approx(original.volume.tolist(), rel=1e-12)
        assert desk.data.report() == []
        assert desk.session.state().finished
        assert desk.data.statuses()["REPLAY"].state is FeedState.QUIET


@pytest.mark.parametrize(
    "path",
    [
        "crypto/coinbase/minute/btceur", "equity/usa/minute/spy/20131007_trade.zip", "forex/oanda/minute/eurusd",
        "future/comex/minute/gc/201310*.zip", "cryptofuture/bybit/minute/btcusd",
    ],
)  # fmt: skip
async def test_real_recordings_come_back_exactly(shared_fixtures: Path, path: str) -> None:
    async with replaying(shared_fixtures / "lean_data" / path) as desk:
        await played(desk)
        original = desk.session.recording.result.bars
        assert original is not None
        bars = desk.bars(desk.session.recording.result.timeframe or MINUTE)
        for name in ("ts", "open", "high", "low", "close"):
            assert np.array_equal(getattr(bars, name), getattr(original, name)), name
        assert [row for row in desk.data.report() if row.withheld] == []


async def test_u184_nothing_later_than_the_clock_is_told(recorded: Path) -> None:
    async with replaying(recorded) as desk:
        session, history = desk.session, desk.session.history
        assert history is not None
        highest = 0.0
        while not session.state().finished:
            await session.step(1)
            now = desk.clock.now_ns()
            reached = 100.0 + (now - START) // MINUTE.ns + 1.0  # no price at or above it exists yet
            for event in desk.events:
                ts = event.ts if isinstance(event, Bar) else event.ts_event
                assert ts <= now
            desk.events.clear()
            for timeframe in TIMEFRAMES:
                bars = await history.bars(desk.id, timeframe, end_ns=1 << 62, limit=1_000)
                joined = await desk.history.bars(desk.id, timeframe, 1_000)
                for series in (bars, joined):
                    assert all(timeframe.next(ts) <= now for ts in series.ts.tolist())
                    assert (series.high < reached).all()
                forming = desk.aggregator.forming(desk.id, timeframe)
                assert forming is None or forming.high < reached
            day = desk.data.cache.day(desk.id)
            assert day is not None
            assert day.high < reached
            highest = max(highest, day.high)
        assert highest == 100.0 + COUNT - 0.01


async def test_history_before_the_start_is_the_past_of_the_same_files(recorded: Path) -> None:
    begin = START + 10 * MINUTE.ns
    async with replaying(recorded, start_ns=begin) as desk:
        assert desk.clock.now_ns() == begin
        bars = await desk.history.bars(desk.id, MINUTE, 100)
        assert bars.ts.tolist() == [START + i * MINUTE.ns for i in range(10)]
        five = await desk.history.bars(desk.id, Timeframe(5, "m"), 100)
        assert all(ts + 5 * MINUTE.ns <= begin for ts in five.ts.tolist())
        await desk.session.step(8)
        bars = await desk.history.bars(desk.id, MINUTE, 100)
        assert bars.ts.tolist() == [START + i * MINUTE.ns for i in range(11)]
    async with replaying(recorded, end_ns=begin) as desk:
        await played(desk)
        assert desk.clock.now_ns() == begin
        assert len(desk.bars(MINUTE)) == 10


@pytest.mark.parametrize("speed", [math.inf, 20_000.0])
async def test_runs_are_the_same_at_every_speed(recorded: Path, speed: float) -> None:
    digests = set()
    for how in (speed, math.inf):
        async with replaying(recorded, speed=how) as desk:
            await played(desk)
            ticks = [event for event in desk.events if not isinstance(event, Bar)]
            digests.add(hashlib.sha256(repr((ticks, desk.bars(MINUTE).close.tolist())).encode()).hexdigest())
    assert len(digests) == 1


async def test_clock_waits_until_nothing_is_in_flight(recorded: Path) -> None:
    async with replaying(recorded) as desk:
        in_flight: list[int] = []
        sent: list[int] = []

        async def settle() -> None:
            if in_flight:
                await asyncio.sleep(0)
                sent.extend(desk.clock.now_ns() - decided for decided in in_flight)
                in_flight.clear()

        def decide(bar: Bar) -> None:
            assert desk.clock.now_ns() == bar.ts + bar.timeframe.ns  # at its own end, not at the next datum
            in_flight.append(desk.clock.now_ns())

        desk.session.settle = settle
        desk.bus.subscribe(Bar, decide)
        await played(desk)
        assert len(sent) > COUNT
        assert set(sent) == {0}


async def test_controls_play_pause_step_seek_and_speed(recorded: Path) -> None:
    async with replaying(recorded, speed=1.0) as desk:
        session = desk.session
        assert not session.state().playing
        await session.step(3)
        assert len([one for one in desk.events if isinstance(one, Trade)]) == 3
        await session.seek(START + 10 * MINUTE.ns)
        assert session.position_ns == START + 10 * MINUTE.ns
        assert not session.state().playing
        with pytest.raises(InvalidInput, match="cannot go back"):
            await session.seek(START)
        with pytest.raises(InvalidInput, match="above 0"):
            session.set_speed(0.0)
        session.play()
        await asyncio.sleep(0)
        session.pause()
        position = session.position_ns
        await asyncio.sleep(0)
        assert session.position_ns == position
        session.set_speed(math.inf)
        await played(desk)
        assert session.progress == 1.0
        assert session.state().position_ns == session.state().end_ns == START + COUNT * MINUTE.ns


async def test_instrument_and_account_are_told_by_the_data(recorded: Path, shared_fixtures: Path) -> None:
    async with replaying(recorded, overrides={"taker_fee": Decimal("0.002")}) as desk:
        instrument = (await desk.session.instruments.load())[0]
        assert str(instrument.id) == "BTCUSD.REPLAY"
        assert (instrument.kind, instrument.base, instrument.quote) == (InstrumentKind.SPOT, "BTC", "USD")
        assert (instrument.tick, instrument.taker_fee) == (Decimal("0.01"), Decimal("0.002"))
        account = desk.session.account
        assert account is not None
        assert (account.id, account.balances) == ("Replay-1", (("USD", Decimal(100_000)),))
    async with replaying(shared_fixtures / "lean_data/future/cme/minute/es/20131009_trade.zip") as desk:
        instrument = desk.session.recording.instrument
        assert (instrument.kind, instrument.multiplier) == (InstrumentKind.FUTURE, Decimal(50))
        assert (instrument.tick, instrument.lot) == (Decimal("0.25"), Decimal(1))
    async with replaying(shared_fixtures / "lean_data/equity/usa/minute/spy/20131007_trade.zip") as desk:
        instrument = desk.session.recording.instrument
        assert (instrument.kind, instrument.multiplier, instrument.taker_fee) == (InstrumentKind.EQUITY, 1, 0)


async def test_wrong_input_is_refused_in_words(recorded: Path, tmp_path: Path) -> None:
    context = SessionContext(clock=SimClock(), tasks=TaskOwner("test"), profile_dir=tmp_path)
    with pytest.raises(UnreadableData, match=r"There is no file none\.csv"):
        PLUGIN.open(context, ReplayConfig(data=(tmp_path / "none.csv",)))
    with pytest.raises(InvalidInput, match="Nothing to replay"):
        PLUGIN.open(context, ReplayConfig(data=()))
    with pytest.raises(InvalidInput, match="no property 'ticks'"):
        PLUGIN.open(context, ReplayConfig(data=(recorded,), overrides={"ticks": 1}))
    with pytest.raises(UnreadableData, match="holds nothing between"):
        PLUGIN.open(context, ReplayConfig(data=(recorded,), start_ns=1 << 61))
    live = SessionContext(clock=LiveClock(), tasks=TaskOwner("test"), profile_dir=tmp_path)
    with pytest.raises(ContractViolation):
        PLUGIN.open(live, ReplayConfig(data=(recorded,)))


ID = InstrumentId("A", "REPLAY")
CENT = Instrument(id=ID, kind=InstrumentKind.SPOT, base="A", quote="USD", tick=Decimal("0.01"), lot=Decimal("0.001"))


def result_of(**content: object) -> ImportResult:
    return ImportResult(paths=(Path("a.csv"),), format="csv", symbol="A", **content)  # type: ignore[arg-type]


CENTS = st.integers(1, 100_000).map(lambda value: value / 100)


@given(st.lists(st.tuples(CENTS, CENTS, CENTS, CENTS, st.integers(0, 10**6)), min_size=1, max_size=15))
def test_stream_of_bars_is_ordered_and_never_crossed(rows: list[tuple[float, float, float, float, int]]) -> None:
    columns = np.array([(a, max(a, b, c, d), min(a, b, c, d), d, v / 1_000) for a, b, c, d, v in rows]).T
    bars = BarArray.from_columns(START + np.arange(len(rows)) * MINUTE.ns, *columns)
    stream = build_stream(result_of(kind=BARS, timeframe=MINUTE, bars=bars), CENT)
    assert (np.diff(stream.ts) >= 0).all()
    assert stream.ts[-1] < stream.end_ns == START + len(rows) * MINUTE.ns
    quotes, trades = stream.values[stream.kind == QUOTE], stream.values[stream.kind == TRADE]
    assert (quotes[:, 0] > 0).all()
    assert (quotes[:, 0] < quotes[:, 1]).all()
    assert (trades[:, 1] >= 0).all()
    assert trades[:, 1].reshape(-1, 4).sum(axis=1) == pytest.approx(bars.volume, rel=1e-12, abs=1e-15)
    bid = ask = 0.0
    for kind, values in zip(stream.kind.tolist(), stream.values.tolist(), strict=True):
        if kind == QUOTE:
            bid, ask = values[:2]
        elif values[0] > 0.01:
            assert values[0] == (ask if values[2] > 0 else bid)


def test_recorded_ticks_come_as_they_are_and_missing_quotes_are_made() -> None:
    ts = np.array([1, 2, 2, 3], np.int64)
    price, size, side = [1.0, 1.01, 1.01, 1.0], [1.0, 2.0, 3.0, 4.0], [1, 0, -1, 0]
    trades = TradeTicks(ts, np.array(price), np.array(size), np.array(side, np.int8))
    alone = build_stream(result_of(kind=TRADES, trades=trades), CENT)
    assert alone.values[alone.kind == TRADE][:, :3].tolist() == [[1, 1, 1], [1.01, 2, 0], [1.01, 3, -1], [1, 4, 0]]
    assert alone.values[alone.kind == QUOTE][:, :2].tolist() == [[0.99, 1.0], [1.0, 1.01]]
    columns = [0.9, 0.8], [1.1, 1.2], [0.0, 5.0], [1.0, 0.0]
    quotes = QuoteTicks(np.array([1, 3], np.int64), *(np.array(one) for one in columns))
    both = build_stream(result_of(kind=TRADES, trades=trades, quotes=quotes), CENT)
    assert both.kind.tolist() == [QUOTE, TRADE, TRADE, TRADE, QUOTE, TRADE]
    shown = both.values[both.kind == QUOTE][:, 2:]
    assert (shown > 0).all()
    assert shown[1, 0] == 5.0


@pytest.mark.parametrize(
    ("prices", "tick"),
    [
        ([100.25, 100.5, 101.75, 99.0], "0.01"),
        ([100.0 + i * 0.25 for i in range(40)], "0.25"),
        ([17_000 + i * 0.5 for i in range(40)], "0.5"),
        ([1.38676 + i * 0.00001 for i in range(40)], "0.00001"),
        ([0.1, 0.12, 0.123], "0.001"),
    ],
)
def test_tick_is_the_largest_step_the_prices_share(prices: list[float], tick: str) -> None:
    assert tick_of(np.array(prices)) == Decimal(tick)
