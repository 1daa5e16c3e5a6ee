"""An order manager on a recording venue, a simulated clock and a journal that does not wait for the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from bidmere.execution.events import AlarmRaised, OrderChanged
from bidmere.execution.oms import OrderManager
from bidmere.kernel.bus import EventBus
from bidmere.kernel.clock import SimClock
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.ids import OrderIdFactory
from bidmere.model.market import Side
from bidmere.model.money import use_money_context
from bidmere.model.orders import Limit, Market, Order, OrderIntent
from bidmere.storage.journal import JOURNAL_FILE, Journal
from bidmere.testing.fakes import BTC, RecordingExecution, StillMarket, paper_account

D = Decimal
S = 1_000_000_000
START = 1_800_000_000 * S


@dataclass
class Desk:
    """One order manager and everything around it."""

    folder: Path
    clock: SimClock
    market: StillMarket
    venue: RecordingExecution
    tasks: TaskOwner
    journal: Journal
    oms: OrderManager
    bus: EventBus
    events: list[Any] = field(default_factory=list)

    def intent(self, side: Side = Side.BUY, qty: str = "0.1", price: str | None = "64990", **rest: Any) -> OrderIntent:
        rest.setdefault("source", "ticket")
        spec = rest.pop("spec", None) or (Limit(price=D(price)) if price is not None else Market())
        return OrderIntent(instrument=BTC.id, side=side, qty=D(qty), spec=spec, account="PAPER-1", **rest)

    async def limit(self, side: Side = Side.BUY, qty: str = "0.1", price: str = "64990", **rest: Any) -> Order:
        result = await self.oms.submit(self.intent(side, qty, price, **rest))
        assert result.report.passed, result.report.failed
        return result.order

    async def hold(self, qty: str, side: Side = Side.BUY) -> Order:
        """Buy or sell at market and have it filled."""
        result = await self.oms.submit(self.intent(side, qty, None, source=f"hotkey:hold-{len(self.venue.submitted)}"))
        assert result.report.passed, result.report.failed
        self.venue.fill(result.order.client_id, D(qty))
        self.clock.advance_to(self.clock.now_ns() + 3 * S)
        await self.settle()
        return self.order(result.order.client_id)

    def order(self, client_id: str) -> Order:
        found = self.oms.order(client_id)
        assert found is not None
        return found

    def position(self) -> Decimal:
        return sum((one.qty for one in self.oms.positions()), D(0))

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if type(event) is kind]

    async def settle(self, turns: int = 60) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)

    async def pass_time(self, seconds: float, step: float = 0.5) -> None:
        """Let simulated time pass in steps, with the loop turning between them."""
        end = self.clock.now_ns() + int(seconds * S)
        while self.clock.now_ns() < end:
            self.clock.advance_to(min(end, self.clock.now_ns() + int(step * S)))
            await self.settle()


@asynccontextmanager
async def running(folder: Path, venue: RecordingExecution | None = None, **rest: Any) -> AsyncIterator[Desk]:
    """Start a desk on a folder; stop it cleanly."""
    use_money_context()
    clock = rest.pop("clock", None) or SimClock(START)
    threaded = rest.pop("threaded", False)
    market = StillMarket(clock, {BTC.id: rest.pop("price", 65_000.0)})
    market_venue = venue or RecordingExecution(clock)
    bus, tasks = EventBus(), TaskOwner("test")
    journal = Journal(folder / JOURNAL_FILE, durable=False, threaded=threaded, ballast_bytes=4096)
    await journal.start()
    oms = OrderManager(
        clock=clock, bus=bus, journal=journal, tasks=tasks, instruments=lambda one: BTC if one == BTC.id else None,
        market=market, marks=market, new_id=OrderIdFactory(rest.pop("seed", 7)), profile_dir=folder, **rest,
    )  # fmt: skip
    desk = Desk(folder, clock, market, market_venue, tasks, journal, oms, bus)
    for kind in (OrderChanged, AlarmRaised):
        bus.subscribe(kind, desk.events.append)
    await oms.add_account(paper_account(), market_venue)
    try:
        await oms.start()
        yield desk
    finally:
        await tasks.close()
        await oms.stop()
        await journal.stop()
