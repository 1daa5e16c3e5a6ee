"""Paper trading on another source's data."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bidmere.brokerage.approval import issue_order
from bidmere.brokerage.execution_port import Accepted
from bidmere.brokerage.plugin import SessionContext
from bidmere.errors import InvalidInput
from bidmere.kernel.clock import SimClock
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.account import Account, AccountMode
from bidmere.model.events import OrderFilled
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Quote, Side, Trade
from bidmere.model.money import use_money_context
from bidmere.model.orders import Limit, Market, Order, OrderIntent
from bidmere.simulation.catalogue import catalogue
from bidmere_brokers.paper.plugin import PLUGIN
from bidmere_brokers.paper.session import PaperConfig, PaperVenue
from bidmere_brokers.simulated.session import SimulatedConfig, SimulatedSession

T0 = 1_795_271_722_400_000_000
SECOND = 1_000_000_000
BTC = InstrumentId("BTCUSDT", "SIM")
D = Decimal


@pytest.fixture(autouse=True)
def _money() -> None:
    use_money_context()


def approved(side: str, qty: str, spec: Any, name: str = "T1") -> Any:
    intent = OrderIntent(instrument=BTC, side=Side(side), qty=D(qty), spec=spec, account="Paper-1", source="api")
    return issue_order(Order(client_id=name, intent=intent, qty=D(qty), spec=spec))


def context(folder: Path) -> SessionContext:
    return SessionContext(clock=SimClock(T0), tasks=TaskOwner("test"), profile_dir=folder, seed=3)


async def test_a_session_trades_its_sources_data(tmp_path: Path) -> None:
    about = context(tmp_path)
    clock = about.clock
    assert isinstance(clock, SimClock)
    source = SimulatedSession(about, SimulatedConfig(persist=False))
    session = PLUGIN.open(about, PaperConfig(source=source, currency="USDT"))
    assert session.name == "Paper on Simulated venue"
    data: list[Any] = []
    reports: list[Any] = []
    assert session.market_data is not None
    assert session.execution is not None
    session.market_data.set_sink(data.append, lambda _: None)
    session.execution.set_report_handler(reports.append)
    await session.start()
    await session.market_data.subscribe([BTC])
    assert isinstance(await session.execution.submit(approved("buy", "0.5", Market())), Accepted)
    ask = data[0].ask
    assert float(reports[1].fill.price) == ask
    await session.execution.submit(approved("sell", "0.5", Limit(price=D(str(ask)) + 10), "T2"))
    clock.advance_to(T0 + 1_800 * SECOND)
    assert [type(one) for one in reports][-1] is OrderFilled
    assert await session.execution.positions() == {}
    assert await source.execution.positions() == {}
    assert len(data) > 1_000
    await session.stop()
    assert clock.next_timer_ns() is None


async def test_a_paper_venue_is_fed_by_hand() -> None:
    clock = SimClock(T0)
    account = Account(
        id="Paper-1", name="Paper-1", venue="SIM", mode=AccountMode.PAPER, currency="USDT",
        balances=(("USDT", D(100_000)),),
    )  # fmt: skip
    venue = PaperVenue(clock, TaskOwner("test"), account, [catalogue()[0].instrument], 7)
    heard: list[Any] = []
    venue.execution.set_report_handler(heard.append)
    venue.start()
    venue.feed(Quote(BTC, 60_000.0, 60_000.5, 1.0, 1.0, T0, T0))
    await venue.execution.submit(approved("buy", "0.5", Limit(price=D(60_000))))
    venue.feed(Trade(BTC, 59_999.5, 0.1, Side.SELL, T0 + 1, T0 + 1))
    assert [type(one).__name__ for one in heard] == ["OrderAccepted", "OrderFilled"]
    assert heard[1].fill.trade_id == "P7-T1"
    venue.stop()


def test_without_data_there_is_no_paper_trading(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="data source"):
        PLUGIN.open(context(tmp_path), PaperConfig())
