"""Random trading through the whole engine, with a slow venue, restarts, crashes, kills: what holds whatever comes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.engine.sim_desk import ACCOUNT, S, SimDesk

from bidmere.errors import BidmereError
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import Side
from bidmere.model.orders import (
    Bracket,
    Limit,
    LimitIfTouched,
    Market,
    MarketIfTouched,
    Order,
    OrderIntent,
    OrderSpec,
    OrderState,
    Stop,
    StopLimit,
    TimeInForce,
    TrailingStop,
    limit_price,
)
from bidmere.model.timeframe import Timeframe
from bidmere.storage.journal import JOURNAL_FILE, Journal, verify

D = Decimal
SYMBOLS = ("BTCUSDT", "ETHUSDT-PERP", "BTCUSD-PERP", "EURUSD", "AAPL", "ES")


class Driver:
    """Do random things to a desk."""

    def __init__(self, sim: SimDesk, seed: int) -> None:
        self.sim = sim
        self.rng = random.Random(seed)
        self.names: list[InstrumentId] = []
        self.done: list[str] = []
        self.groups = 0

    async def start(self) -> None:
        await self.sim.start()
        known = {one.id.symbol: one.id for one in self.sim.desk.instruments()}
        self.names = [known[name] for name in SYMBOLS if name in known]
        await self.sim.desk.watch(self.names)
        await self.sim.wait(1)

    async def step(self) -> None:
        actions: list[tuple[int, Callable[[], Awaitable[Any]]]] = [
            (30, self.order), (8, self.oco), (8, self.bracket), (10, self.cancel), (10, self.replace),
            (3, self.cancel_all), (5, self.close), (1, self.flatten), (2, self.kill), (6, self.clear), (2, self.state),
            (2, self.restart), (2, self.crash), (3, self.strategy), (3, self.burst),
        ]  # fmt: skip
        chosen = self.rng.choices([one for _, one in actions], [weight for weight, _ in actions])[0]
        self.done.append(chosen.__name__)
        with contextlib.suppress(BidmereError):
            await chosen()
        await self.sim.wait(self.rng.choice([0.05, 0.1, 0.5, 2, 6]), 0.05 if self.rng.random() < 0.3 else 0.5)

    # ── what it does ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _do(self, call: Awaitable[Any]) -> Any:
        """Wait for the answer, or go on without it."""
        return await self.sim.during(call)

    def instrument(self) -> Instrument:
        return self.sim.desk.instrument(self.rng.choice(self.names))

    def intent(self, **more: Any) -> OrderIntent:
        rng, instrument = self.rng, more.pop("instrument", None) or self.instrument()
        quote = self.sim.desk.quote(instrument.id)
        mid = (quote.bid + quote.ask) / 2 if quote is not None else 100.0
        side = more.pop("side", None) or rng.choice([Side.BUY, Side.SELL])
        value = rng.uniform(500, 9_000)
        worth = float(instrument.notional(D(1), instrument.to_price(mid)))
        rate = float(self.sim.desk.rate(instrument.settle, "USD") or 1)
        qty = max(instrument.lot, instrument.min_qty, instrument.to_qty(value / (worth * rate)))
        tif = rng.choices(list(TimeInForce), [8, 2, 2, 2, 1])[0]
        given = {
            "side": side, "qty": qty, "spec": self.spec(instrument, mid, qty), "tif": tif,
            "expire_ns": self.sim.clock.now_ns() + rng.randint(1, 40) * S if tif is TimeInForce.GTD else None,
            "reduce_only": rng.random() < 0.15,
            "slippage_cap": D("0.002") if rng.random() < 0.1 else None,
        }  # fmt: skip
        return OrderIntent(instrument=instrument.id, account=ACCOUNT, source="api", **(given | more))

    def spec(self, instrument: Instrument, mid: float, qty: Decimal) -> OrderSpec:
        rng = self.rng

        def near() -> Decimal:
            return instrument.to_price(mid * (1 + rng.choice([-1, 1]) * rng.choice([0, 0.0001, 0.0005, 0.002, 0.01])))

        iceberg = instrument.to_qty(float(qty) / 4) if rng.random() < 0.2 else None
        return rng.choice(
            [
                Market(), Market(), Limit(price=near()), Limit(price=near(), display_qty=iceberg or None),
                Limit(price=near(), post_only=True), Stop(trigger=near()), StopLimit(trigger=near(), price=near()),
                TrailingStop(offset=max(instrument.tick, instrument.to_price(mid * 0.0005))),
                MarketIfTouched(trigger=near()), LimitIfTouched(trigger=near(), price=near()),
            ]
        )

    async def order(self) -> None:
        await self._do(self.sim.desk.submit(self.intent()))

    async def burst(self) -> None:
        intents = [self.intent() for _ in range(4)]
        await self._do(asyncio.gather(*(self.sim.desk.submit(one) for one in intents), return_exceptions=True))

    async def oco(self) -> None:
        self.groups += 1
        name, instrument = f"g{self.sim.runs}-{self.groups}", self.instrument()
        first = self.intent(instrument=instrument, oco_group=name, reduce_only=False)
        await self._do(self.sim.desk.submit(first))
        second = self.intent(
            instrument=instrument, oco_group=name, side=first.side, qty=first.qty, reduce_only=False
        )
        await self._do(self.sim.desk.submit(second))

    async def bracket(self) -> None:
        plain = self.intent(reduce_only=False, tif=TimeInForce.GTC, expire_ns=None)
        instrument = self.sim.desk.instrument(plain.instrument)
        quote = self.sim.desk.quote(plain.instrument)
        assert quote is not None
        at, sign = float(limit_price(plain.spec) or quote.ask), plain.side.sign
        wide = self.rng.choice([0.0003, 0.001, 0.01])
        target = instrument.to_price(at * (1 + sign * wide)) if self.rng.random() < 0.8 else None
        stop = instrument.to_price(at * (1 - sign * wide))
        trail = instrument.to_price(at * 0.001) if self.rng.random() < 0.3 else None
        exits = Bracket(take_profit=target, stop_loss=None if trail else stop, trail=trail)
        intent = OrderIntent(**{item.name: getattr(plain, item.name) for item in fields(plain)} | {"bracket": exits})
        await self._do(self.sim.desk.submit(intent))

    def _working(self) -> list[Order]:
        return [one for one in self.sim.desk.orders() if one.state.is_working]

    async def cancel(self) -> None:
        if working := self._working():
            await self._do(self.sim.desk.cancel(self.rng.choice(working).client_id, "table"))

    async def replace(self) -> None:
        if not (working := self._working()):
            return
        order = self.rng.choice(working)
        instrument = self.sim.desk.instrument(order.instrument)
        quote = self.sim.desk.quote(order.instrument)
        price = limit_price(order.spec)
        if price is not None and quote is not None and self.rng.random() < 0.6:
            price = instrument.to_price((quote.bid + quote.ask) / 2 * (1 + self.rng.choice([-1, 0, 1]) * 0.0005))
        qty = max(instrument.lot, instrument.to_qty(float(order.qty) * self.rng.choice([0.3, 0.5, 1, 1.5])))
        await self._do(self.sim.desk.replace(order.client_id, source="table", qty=qty, price=price))

    async def cancel_all(self) -> None:
        await self._do(self.sim.desk.cancel_all(source="table", include_exits=self.rng.random() < 0.5))

    async def close(self) -> None:
        held = [one for one in self.sim.desk.positions() if not one.is_flat]
        if held:
            share = self.rng.choice([D(1), D(1), D("0.5"), D("0.25")])
            one = self.rng.choice(held)
            await self._do(self.sim.desk.close_position(one.instrument.id, ACCOUNT, source="table", fraction=share))

    async def flatten(self) -> None:
        await self._do(self.sim.desk.flatten(ACCOUNT, source="hotkey:flatten"))

    async def kill(self) -> None:
        await self._do(self.sim.desk.kill(self.rng.randint(1, 3), source="hotkey:kill", reason="torture"))
        assert self.sim.desk.health().kill_level

    async def clear(self) -> None:
        await self._do(self.sim.desk.clear_kill(source="api", reason="go on"))
        await self._do(self.sim.desk.set_trading_state("ACTIVE", source="api", reason="go on"))

    async def state(self) -> None:
        wanted = self.rng.choice(["ACTIVE", "REDUCING", "HALTED"])
        await self._do(self.sim.desk.set_trading_state(wanted, source="api", reason="torture"))

    async def restart(self) -> None:
        await self.sim.stop()
        self._check_files()
        await self.start()

    async def crash(self) -> None:
        await self.sim.crash()
        self._check_files()
        await self.start()

    async def strategy(self) -> None:
        desk, running = self.sim.desk, [one for one in self.sim.desk.strategy_runs() if one.state == "running"]
        if running and self.rng.random() < 0.5:
            await self._do(desk.stop_strategy(running[0].run_id))
        else:
            await self._do(desk.start_strategy("sma_cross", self.instrument().id, Timeframe.parse("1s"), ACCOUNT))

    def _check_files(self) -> None:
        report = verify(self.sim.profile / JOURNAL_FILE)
        assert report.ok, report.problems

    # ── what must hold ───────────────────────────────────────────────────────────────────────────────────────────

    async def check(self) -> None:
        await self.sim.quiet()
        desk, exchange = self.sim.desk, self.sim.session.exchange
        book = exchange.books[ACCOUNT]
        ours = {one.instrument.id: one.qty for one in desk.positions() if one.qty}
        assert ours == {one.instrument.id: one.qty for one in book.open_positions()}
        cash = {name: amount for name, amount in desk.accounts()[0].balances if amount}
        assert cash == {name: amount for name, amount in book.account.balances if amount}, len(book.fills)
        assert self.sim.wrong == []
        assert len(set(self.sim.sent)) == len(self.sim.sent)
        self._check_orders(desk.orders())
        self._check_links(desk.orders())
        self._check_reductions(desk.orders())

    def _check_orders(self, orders: tuple[Order, ...]) -> None:
        exchange = self.sim.session.exchange
        for order in orders:
            venue = exchange.order(order.client_id)
            assert order.state is not OrderState.QUARANTINED, order
            if venue is None:
                assert order.state.is_terminal, order
                continue
            assert order.state.is_terminal == venue.is_done, (order, venue)
            assert order.filled_qty == venue.instrument.qty_of(venue.filled), (order, venue)
            if not venue.is_done:
                assert (order.qty, order.spec) == (venue.instrument.qty_of(venue.qty), venue.spec), (order, venue)
                assert (order.pending_cancel, order.pending_replace) == (False, False), order
        known = {order.client_id for order in orders}
        working = {order.client_id for order in exchange.working(ACCOUNT)}
        assert working <= known
        limits = self.sim.desk.limits(ACCOUNT)
        assert len(working) <= limits.open_orders_total + len([o for o in orders if o.intent.parent])

    def _check_links(self, orders: tuple[Order, ...]) -> None:
        by_id = {order.client_id: order for order in orders}
        exits: dict[str, Decimal] = defaultdict(Decimal)
        groups: dict[str, list[Order]] = defaultdict(list)
        for order in orders:
            if order.intent.parent:
                exits[order.intent.parent] += order.filled_qty
            elif order.intent.oco_group:
                groups[order.intent.oco_group].append(order)
        for entry, filled in exits.items():
            assert filled <= by_id[entry].filled_qty, by_id[entry]
        for group in groups.values():
            assert sum(one.filled_qty >= one.intent.qty for one in group) <= 1, group

    def _check_reductions(self, orders: tuple[Order, ...]) -> None:
        """Fill by fill, as the venue made them."""
        by_id = {order.client_id: order for order in orders}
        held: dict[InstrumentId, Decimal] = defaultdict(Decimal)
        for fill in self.sim.session.exchange.books[ACCOUNT].fills:
            before = held[fill.instrument]
            held[fill.instrument] += fill.qty * fill.side.sign
            order = by_id.get(fill.client_id)
            if order is not None and order.intent.reduce_only:
                assert abs(held[fill.instrument]) < abs(before), (order, before, held[fill.instrument])
                assert held[fill.instrument] * before >= 0

    async def check_replay(self) -> None:
        """The journal alone gives the same orders, fills and cash."""
        await self.sim.stop()
        orders, fills = self.sim.desk.orders(), self.sim.desk.fills()
        self._check_files()
        journal = Journal(self.sim.profile / JOURNAL_FILE, threaded=False, ballast_bytes=0)
        await journal.start()
        try:
            state = await journal.load()
        finally:
            await journal.stop()
        assert {one.client_id: one for one in state.orders} == {one.client_id: one for one in orders}
        assert set(state.fills) == set(fills)


async def torture(folder: Path, seed: int, steps: int) -> Driver:
    rng = random.Random(seed)
    sim = SimDesk(folder / "profile", seed, latency_ms=rng.choice([0.0, 5.0, 80.0, 400.0, 1500.0]))
    driver = Driver(sim, seed)
    await driver.start()
    try:
        for number in range(steps):
            await driver.step()
            if number % 10 == 9:
                await driver.check()
        await driver.check()
    finally:
        if sim.engine._parts is not None:
            await driver.check_replay()
    return driver


@pytest.mark.parametrize("seed", range(10))
async def test_nothing_breaks_whatever_is_done(tmp_path: Path, seed: int) -> None:
    await torture(tmp_path, seed, 25)


@pytest.mark.heavy
@pytest.mark.skipif(os.environ.get("HYPOTHESIS_PROFILE") != "deep", reason="long: runs with HYPOTHESIS_PROFILE=deep")
@pytest.mark.parametrize("seed", range(1_000, 1_100))
async def test_nothing_breaks_for_long(tmp_path: Path, seed: int) -> None:
    await torture(tmp_path, seed, 80)
