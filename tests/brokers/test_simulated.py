"""The simulated venue as a broker: data, history, every order type, and a memory that survives a kill."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bidmere.brokerage.approval import issue_order
from bidmere.brokerage.data_port import FeedState
from bidmere.brokerage.execution_port import Accepted, Refused
from bidmere.brokerage.plugin import SessionContext
from bidmere.brokerage.registry import load_broker
from bidmere.errors import UnknownInstrument
from bidmere.kernel.clock import SimClock
from bidmere.kernel.lifecycle import Level
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.events import OrderAccepted, OrderFilled, OrderTriggered
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Book, Quote, Side, Trade
from bidmere.model.money import use_money_context
from bidmere.model.orders import (
    Limit,
    LimitIfTouched,
    Market,
    MarketIfTouched,
    Order,
    OrderIntent,
    OrderState,
    Stop,
    StopLimit,
    TimeInForce,
    TrailingStop,
)
from bidmere.model.timeframe import Timeframe
from bidmere_brokers.simulated.session import SimulatedConfig, SimulatedSession

T0 = 1_795_271_722_400_000_000
SECOND = 1_000_000_000
MIDNIGHT = 1_795_305_600_000_000_000  # the next one
BTC = InstrumentId("BTCUSDT", "SIM")
PERP = InstrumentId("BTCUSDT-PERP", "SIM")
D = Decimal


class Venue:
    """A session on a simulated clock with everything it says."""

    def __init__(self, folder: Path, start: int = T0, **config: Any) -> None:
        use_money_context()
        self.clock = SimClock(start)
        context = SessionContext(clock=self.clock, tasks=TaskOwner("test"), profile_dir=folder, seed=5)
        session = load_broker("simulated").open(context, SimulatedConfig(**config))
        assert isinstance(session, SimulatedSession)
        self.session = session
        self.data: list[Any] = []
        self.status: list[Any] = []
        self.reports: list[Any] = []
        self._count = 0
        session.market_data.set_sink(self.data.append, self.status.append)
        session.execution.set_report_handler(self.reports.append)

    async def send(self, side: str, qty: str, spec: Any, which: InstrumentId = BTC, **more: Any) -> Any:
        self._count += 1
        intent = OrderIntent(
            instrument=which, side=Side(side), qty=D(qty), spec=spec, account="Paper-1", source="api", **more
        )
        name = more.get("dedup_key") or f"T{self.clock.now_ns()}-{self._count}"
        return await self.session.execution.submit(
            issue_order(Order(client_id=name, intent=intent, qty=D(qty), spec=spec))
        )

    async def state(self) -> tuple[Any, ...]:
        client = self.session.execution
        return (
            await client.open_orders(),
            await client.positions(),
            await client.balances(),
            await client.fills_since(0),
        )

    def price(self, which: InstrumentId = BTC) -> Decimal:
        instrument = self.session.exchange.instruments[which]
        return instrument.to_price(self.session.market.mark(which, self.clock.now_ns()))

    def run(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.now_ns() + int(seconds * SECOND))


@pytest.fixture
async def venue(tmp_path: Path) -> AsyncIterator[Venue]:
    made = Venue(tmp_path)
    await made.session.start()
    yield made
    await made.session.stop()


async def test_it_streams_only_what_is_subscribed(venue: Venue) -> None:
    venue.run(1)
    assert venue.data == []
    await venue.session.market_data.subscribe([BTC, PERP])
    assert [type(one) for one in venue.data] == [Quote, Book, Quote, Book]
    venue.run(10)
    assert {one.instrument for one in venue.data} == {BTC, PERP}
    assert 45 <= sum(isinstance(one, Quote) and one.instrument == BTC for one in venue.data) <= 55
    assert any(isinstance(one, Trade) for one in venue.data)
    times = [one.ts_event for one in venue.data if isinstance(one, Book) and one.instrument == BTC]
    assert times == sorted(times)
    assert len([one for one in venue.status if one.state is FeedState.OK]) >= 10
    await venue.session.market_data.unsubscribe([BTC])
    venue.data.clear()
    venue.run(2)
    assert {one.instrument for one in venue.data} == {PERP}


async def test_the_same_seed_gives_the_same_data_and_fills(tmp_path: Path) -> None:
    told = []
    for name in ("one", "two"):
        venue = Venue(tmp_path / name, persist=False)
        await venue.session.start()
        await venue.session.market_data.subscribe([BTC])
        await venue.send("buy", "0.5", Limit(price=venue.price() - 2))
        venue.run(60)
        await venue.send("sell", "0.1", Market(), PERP)
        await venue.session.stop()
        told.append((venue.data, venue.reports))
    assert told[0] == told[1]
    assert any(isinstance(one, OrderFilled) for one in told[0][1])


async def test_history_ends_now_and_joins_the_live_price(venue: Venue) -> None:
    minute = Timeframe.parse("1m")
    bars = await venue.session.history.bars(BTC, minute, end_ns=T0 + 10**15, limit=300)
    assert len(bars) == 300
    assert minute.next(int(bars.ts[-1])) <= T0
    assert abs(float(venue.price()) / bars.close[-1] - 1) < 0.005


async def test_an_unknown_symbol_is_refused(venue: Venue) -> None:
    with pytest.raises(UnknownInstrument, match="NOPE"):
        await venue.session.market_data.subscribe([InstrumentId("NOPE", "SIM")])


def offset(price: Decimal, part: str) -> Decimal:
    return (price * D(part)).quantize(D(1))


SPECS = {
    "market": lambda price: Market(),
    "limit": lambda price: Limit(price=price + offset(price, "0.001")),
    "iceberg": lambda price: Limit(price=price - offset(price, "0.0001"), display_qty=D("0.001")),
    "stop": lambda price: Stop(trigger=price + offset(price, "0.0002")),
    "stop-limit": lambda price: StopLimit(trigger=price + offset(price, "0.0002"), price=price + 400),
    "trailing-stop": lambda price: TrailingStop(offset=offset(price, "0.0003")),
    "market-if-touched": lambda price: MarketIfTouched(trigger=price - offset(price, "0.0002")),
    "limit-if-touched": lambda price: LimitIfTouched(trigger=price - offset(price, "0.0002"), price=price + 400),
}


@pytest.mark.parametrize("kind", SPECS)
async def test_every_order_type_of_the_ticket_fills(venue: Venue, kind: str) -> None:
    await venue.session.market_data.subscribe([PERP])
    venue.run(20)
    answer = await venue.send("buy", "0.01", SPECS[kind](venue.price(PERP)), PERP)
    assert isinstance(answer, Accepted)
    for _ in range(60):
        venue.run(60)
        if await venue.session.execution.positions():
            break
    venue.run(60)
    assert await venue.session.execution.positions() == {PERP: D("0.01")}
    seen = {type(one) for one in venue.reports}
    conditional = kind not in ("market", "limit", "iceberg")
    assert seen == {OrderAccepted, OrderFilled} | ({OrderTriggered} if conditional else set())


@pytest.mark.parametrize("tif", TimeInForce)
async def test_every_time_in_force_is_taken(tmp_path: Path, tif: TimeInForce) -> None:
    venue = Venue(tmp_path, start=MIDNIGHT - 10 * SECOND)
    await venue.session.start()
    more = {"expire_ns": MIDNIGHT - SECOND} if tif is TimeInForce.GTD else {}
    assert isinstance(await venue.send("buy", "0.01", Limit(price=D(10_000)), PERP, tif=tif, **more), Accepted)
    venue.run(11)
    working = await venue.session.execution.open_orders()
    assert len(working) == (1 if tif is TimeInForce.GTC else 0)
    await venue.session.stop()


async def test_buying_power_is_valued_across_currencies(venue: Venue) -> None:
    answer = await venue.send("buy", "2", Limit(price=D(60_000)))
    assert isinstance(answer, Refused)
    assert answer.code == "V-MARGIN"
    assert isinstance(await venue.send("buy", "50000", Market(), InstrumentId("GBPUSD", "SIM")), Accepted)
    assert isinstance(await venue.send("sell", "100000", Market(), InstrumentId("USDJPY", "SIM")), Accepted)
    assert isinstance(await venue.send("buy", "100", Market(), InstrumentId("BTCUSD-PERP", "SIM")), Accepted)
    venue.run(5)
    assert set(await venue.session.execution.balances()) == {"USD", "JPY", "BTC"}


async def test_a_resting_order_fills_though_nobody_watches(venue: Venue) -> None:
    await venue.send("buy", "0.01", Limit(price=venue.price(PERP) - 1), PERP)
    venue.run(1_800)
    assert await venue.session.execution.positions() == {PERP: D("0.01")}
    assert venue.data == []


async def test_account_and_orders_survive_a_kill(tmp_path: Path) -> None:
    first = Venue(tmp_path, start=MIDNIGHT - 100 * SECOND)
    await first.session.start()
    await first.send("buy", "0.25", Market())
    await first.send("sell", "0.1", Limit(price=D(90_000)), oco_group="g", dedup_key="T-limit")
    await first.send("sell", "0.1", Stop(trigger=D(20_000)), oco_group="g")
    entry = "T-entry"
    await first.send("buy", "0.02", Limit(price=D(30_000), post_only=True), PERP, dedup_key=entry)
    await first.send("sell", "0.02", TrailingStop(offset=D(500)), PERP, parent=entry)
    await first.send("buy", "0.02", Limit(price=D(30_000)), PERP, tif=TimeInForce.DAY)
    client = first.session.execution
    before = (
        await client.open_orders(),
        await client.positions(),
        await client.balances(),
        await client.fills_since(0),
    )
    # No stop: the process is gone. A torn line is what it may leave.
    file = tmp_path / "simulated" / "venue.jsonl"
    with file.open("ab") as stream:
        stream.write(b'{"fill": {"trade_id')

    second = Venue(tmp_path, start=MIDNIGHT - 40 * SECOND)
    await second.session.start()
    client = second.session.execution
    assert await second.state() == before
    assert second.reports == []
    again = await second.send("sell", "0.1", Limit(price=D(90_000)), oco_group="g", dedup_key="T-limit")
    assert isinstance(again, Accepted)
    assert len(await client.open_orders()) == len(before[0])
    await client.cancel(entry, "")
    assert len(await client.open_orders()) == len(before[0]) - 2
    second.run(60)
    assert [one.client_id for one in await client.open_orders()][:1] == ["T-limit"]
    assert len(await client.open_orders()) == len(before[0]) - 3
    ids = {one.trade_id for one in before[3]}
    await second.send("buy", "0.01", Market())
    assert (await client.fills_since(0))[-1].trade_id not in ids
    await second.session.stop()
    await first.session.stop()


async def test_another_opening_balance_opens_the_account_anew(tmp_path: Path) -> None:
    for balance, expected in (("100000", 0), ("100000", 1), ("50000", 0)):
        venue = Venue(tmp_path, balance=D(balance))
        await venue.session.start()
        assert len(await venue.session.execution.positions()) == expected
        if not expected:
            await venue.send("buy", "0.1", Market(), dedup_key=f"T{balance}")
        await venue.session.stop()
    assert (tmp_path / "simulated" / "venue.previous.jsonl").exists()


async def test_health_tells_the_state(tmp_path: Path) -> None:
    venue = Venue(tmp_path)
    assert venue.session.health().level is Level.OFF
    await venue.session.start()
    assert venue.session.health().level is Level.OK
    await venue.session.stop()
    assert venue.session.health().level is Level.OFF
    assert venue.clock.next_timer_ns() is None
    assert venue.status[-1].state is FeedState.OFFLINE


async def test_ended_orders_are_still_known(venue: Venue) -> None:
    await venue.send("buy", "0.01", Market(), dedup_key="T1")
    found = await venue.session.execution.query("T1")
    assert found is not None
    assert (found.state, found.filled_qty) == (OrderState.FILLED, D("0.01"))


@pytest.mark.parametrize("damage", [b"\x00garbage", b"[1, 2]", b'{"fill": {"trade_id": 3}}', b'{"order": {}}'])
@pytest.mark.parametrize("where", [0, 2])
async def test_a_damaged_line_costs_that_line_alone_and_the_file_is_kept_aside(
    tmp_path: Path, damage: bytes, where: int
) -> None:
    first = Venue(tmp_path)
    await first.session.start()
    await first.send("buy", "0.25", Market())
    await first.send("sell", "0.1", Limit(price=D(90_000)))
    before = await first.session.execution.positions()
    await first.session.stop()
    file = tmp_path / "simulated" / "venue.jsonl"
    lines = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([*lines[:where], damage, *lines[where:]]))

    second = Venue(tmp_path)
    await second.session.start()
    assert await second.session.execution.positions() == before
    assert len(await second.session.execution.open_orders()) == 1
    assert [path.name for path in file.parent.glob("*.damaged*")] == ["venue.jsonl.damaged"]
    await second.session.stop()
