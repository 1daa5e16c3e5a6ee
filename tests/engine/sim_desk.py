"""A real engine on the simulated venue with a clock that moves only when told, and a venue that can be slow."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Awaitable
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from bidmere.engine.config import EngineConfig
from bidmere.engine.engine import Engine
from bidmere.engine.wiring import Wiring
from bidmere.execution.oms import KILL_FILE
from bidmere.kernel.clock import SimClock
from bidmere.model.money import use_money_context
from bidmere.model.orders import Order
from bidmere.risk.limits import RiskLimits
from bidmere.storage.journal import JOURNAL_FILE
from bidmere_brokers.simulated.session import SimulatedConfig, SimulatedSession

T = TypeVar("T")
S = 1_000_000_000
START = 1_795_230_000 * S
ACCOUNT = "Paper-1"
WIDE = RiskLimits(
    order_value_pct=Decimal(30), trade_risk_pct=Decimal(50), daily_loss_pct=Decimal(60), drawdown_pct=Decimal(80),
    orders_per_second=50, orders_per_minute=2_000, fills_per_minute_per_strategy=500, duplicate_window_ns=0,
    collar_pct=Decimal(10),
)  # fmt: skip


@dataclass
class SimDesk:
    """One profile through starts, stops and crashes; `sent` is what reached the venue, `wrong` what never may."""

    profile: Path
    seed: int
    latency_ms: float = 0.0
    clock: SimClock = field(default_factory=lambda: SimClock(START))
    limits: RiskLimits = WIDE
    runs: int = 0
    sent: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def start(self) -> None:
        use_money_context()  # of this task, in which the clock's timers run
        self.runs += 1
        wiring = Wiring(
            clock=self.clock, open_session=self._open, modes=("SIM", "PAPER"), is_replay=False,
            limits=lambda _session, limits: limits,
        )  # fmt: skip
        config = EngineConfig(profile_dir=self.profile, seed=self.seed + 1000 * self.runs, limits=self.limits)
        self.engine = Engine(config, wiring)
        await self.during(self.engine.start())
        self.desk = self.engine.desk

    def _open(self, context: Any) -> SimulatedSession:
        self.session = SimulatedSession(context, SimulatedConfig(seed=7, latency_ms=self.latency_ms, updates_per_s=4))
        client: Any = self.session.execution
        submit = client.submit

        async def watched(order: Any) -> Any:
            self._look(order.order)
            return await submit(order)

        client.submit = watched
        return self.session

    def _look(self, order: Order) -> None:
        """Every order that leaves was approved on the disk before, and a raised kill lets only exits pass."""
        self.sent.append(order.client_id)
        with closing(sqlite3.connect(f"file:{self.profile / JOURNAL_FILE}?mode=ro", uri=True)) as journal:
            rows = journal.execute(
                "SELECT count(*) FROM approvals WHERE client_id=? AND kind='submit' AND decision='approved'",
                (order.client_id,),
            ).fetchone()[0]
            claims = journal.execute(
                "SELECT count(*) FROM events WHERE client_id=? AND type='OrderClaimed'", (order.client_id,)
            ).fetchone()[0]
        if (rows, claims) != (1, 1):
            self.wrong.append(f"{order.client_id} was sent with {rows} approvals and {claims} claims")
        kill = (self.profile / KILL_FILE).read_text(encoding="utf-8").strip()
        if kill and json.loads(kill)["level"] and not (order.intent.reduce_only or order.intent.parent):
            held = self.session.exchange.books[ACCOUNT].lots(order.instrument)
            if held * order.side.sign >= 0:
                self.wrong.append(f"{order.client_id} was sent after the kill")

    async def stop(self) -> None:
        await self.during(self.engine.stop())

    async def crash(self) -> None:
        """Go on with the files as a process killed now would leave them."""
        image = self.profile.with_name(f"{self.profile.name.partition('@')[0]}@{self.runs}")
        shutil.copytree(self.profile, image)
        await self.during(self.engine.stop())
        self.profile = image

    async def turn(self, times: int = 12) -> None:
        for _ in range(times):
            await asyncio.sleep(0)

    async def during(self, call: Awaitable[T], limit_s: float = 60.0) -> T:
        """Let time pass until a call has returned."""
        task = asyncio.ensure_future(call)
        end = self.clock.now_ns() + int(limit_s * S)
        await self.turn(4)
        while not task.done():
            assert self.clock.now_ns() < end, f"{call} did not return"
            self.clock.advance_to(self.clock.now_ns() + S // 20)
            await self.turn()
        return task.result()

    async def wait(self, seconds: float, step: float = 0.25) -> None:
        end = self.clock.now_ns() + int(seconds * S)
        while self.clock.now_ns() < end:
            self.clock.advance_to(min(end, self.clock.now_ns() + int(step * S)))
            await self.turn()

    async def quiet(self) -> None:
        """Let everything under way arrive: reports, answers, a round of reconciliation. Strategies are stopped."""
        client: Any = self.session.execution
        parts: Any = self.engine._parts
        for run in self.desk.strategy_runs():
            await self.during(self.desk.stop_strategy(run.run_id))
        await self.wait(45, 0.5)
        for _ in range(4_000):
            await self.turn(2)
            if not (parts.oms.in_flight or parts.oms._sender.waiting or client._timers):
                return
            self.clock.advance_to(self.clock.now_ns() + S // 200)
        raise AssertionError("It never came to rest.")
