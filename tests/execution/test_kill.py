"""The kill switch, trading states and breakers: what stops orders, and what never stops a way out."""

from __future__ import annotations

import asyncio
import itertools
from decimal import Decimal
from pathlib import Path

import pytest
from tests.execution.manager import Desk, running

from bidmere.errors import InvalidInput, StorageError
from bidmere.execution.events import AlarmRaised, KillChanged, TradingStateChanged
from bidmere.kernel.lifecycle import Level
from bidmere.model.market import Side
from bidmere.model.orders import OrderState
from bidmere.risk.limits import RiskLimits
from bidmere.storage.journal import JOURNAL_FILE, verify

D = Decimal


async def test_r60_level_1_blocks_what_adds_and_lets_out(desk: Desk) -> None:
    await desk.hold("0.1")
    await desk.oms.kill(1, source="hotkey:kill", reason="enough")
    blocked = await desk.oms.submit(desk.intent(qty="0.02"))
    assert blocked.order.code == "L-KILL"
    closed = await desk.oms.close_position(desk.intent().instrument, "PAPER-1", source="table")
    assert closed is not None
    assert closed.report.passed
    assert desk.oms.health().level is Level.BAD


@pytest.mark.parametrize("turns", range(12))
async def test_r62_nothing_leaves_after_the_flag_whenever_it_comes(desk: Desk, turns: int) -> None:
    sending = desk.tasks.spawn(desk.oms.submit(desk.intent()), "send")
    for _ in range(turns):
        await asyncio.sleep(0)
    before = len(desk.venue.submitted)
    await desk.oms.kill(1, source="api", reason="now")
    result = await sending
    assert len(desk.venue.submitted) == before
    if not before:
        assert result.order.state in (OrderState.DEAD, OrderState.DENIED)


async def test_r62_a_kill_inside_the_claim_is_seen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = desk.journal.claim

    async def kill_then_claim(client_id: str, ts: int, **how: bool) -> bool:
        claimed = await claim(client_id, ts, **how)
        desk.oms._control.raise_kill(1, "test", "between claim and send")
        return claimed

    monkeypatch.setattr(desk.journal, "claim", kill_then_claim)
    result = await desk.oms.submit(desk.intent())
    assert (result.order.state, result.order.cause) == (OrderState.DEAD, "risk")
    assert not desk.venue.submitted


async def test_r60_level_2_cancels_ours_and_leaves_foreign_orders(desk: Desk) -> None:
    first = await desk.limit(qty="0.01")
    second = await desk.limit(qty="0.02", price="64000")
    foreign = await desk.limit(qty="0.03", price="63900")
    desk.oms._store._orders.pop(foreign.client_id)
    desk.oms._store._working.pop(foreign.client_id)
    desk.venue.held[foreign.client_id].order = foreign
    desk.venue.held["ELSEWHERE"] = desk.venue.held.pop(foreign.client_id)
    object.__setattr__(desk.venue.held["ELSEWHERE"].order, "client_id", "ELSEWHERE")
    await desk.oms.check_now(first.client_id)
    assert desk.order("ELSEWHERE").intent.source == "external"
    await desk.oms.kill(2, source="hotkey:kill", reason="out")
    await desk.pass_time(2)
    assert desk.order(first.client_id).state is OrderState.CANCELED
    assert desk.order(second.client_id).cause == "risk"
    assert desk.order("ELSEWHERE").state is OrderState.OPEN


async def test_r60_level_3_flattens(desk: Desk) -> None:
    await desk.hold("0.1")
    resting = await desk.limit(qty="0.01")
    desk.venue.auto_fill = lambda order: order.intent.reduce_only
    await desk.oms.kill(3, source="hotkey:kill", reason="out")
    await desk.pass_time(3)
    assert desk.position() == 0
    assert desk.order(resting.client_id).state is OrderState.CANCELED
    last = desk.venue.submitted[-1].intent
    assert (last.source, last.reduce_only, last.slippage_cap) == ("kill", True, D("0.02"))


async def test_r63_a_kill_survives_the_restart_and_goes_on_cancelling(tmp_path: Path) -> None:
    async with running(tmp_path) as desk:
        order = await desk.limit()
        desk.venue.cancel_mode = "vanish"
        await desk.oms.kill(2, source="tray", reason="out")
        await desk.settle()
        venue = desk.venue
    venue.cancel_mode = "accept"
    async with running(tmp_path, venue, clock=venue._clock) as desk:
        assert desk.oms.kill_level == 2
        sent = len(venue.submitted)
        assert (await desk.oms.submit(desk.intent(qty="0.02"))).order.code == "L-KILL"
        await desk.pass_time(5)
        assert desk.order(order.client_id).state is OrderState.CANCELED
        assert len(venue.submitted) == sent
        with pytest.raises(InvalidInput, match="Say why"):
            await desk.oms.clear_kill(source="ui", reason=" ")
        await desk.oms.clear_kill(source="ui", reason="checked everything")
        assert (await desk.oms.submit(desk.intent(qty="0.03"))).report.passed
    async with running(tmp_path, venue, clock=venue._clock) as desk:
        assert desk.oms.kill_level == 0
    assert verify(tmp_path / JOURNAL_FILE).ok


async def test_r61_a_kill_whose_file_cannot_be_written_holds_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise StorageError("the disk refused")

    monkeypatch.setattr(desk.oms._kill, "_write", refuse)
    order = await desk.limit()
    with pytest.raises(StorageError):
        await desk.oms.kill(2, source="ui", reason="out")
    assert desk.oms.kill_level == 2
    await desk.pass_time(2)
    assert desk.order(order.client_id).state is OrderState.CANCELED


async def test_r64_a_kill_cancels_with_a_broken_journal_and_broken_listeners(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, expected_errors
) -> None:
    expected_errors("Handler .* failed")
    order = await desk.limit()

    def broken(_: object) -> list[object]:
        raise StorageError("the disk refused")

    def fail(_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(desk.journal._writer, "_transact", broken)
    for kind in (KillChanged, AlarmRaised, TradingStateChanged):
        desk.bus.subscribe(kind, fail)
    await desk.oms.kill(2, source="ui", reason="out")
    await desk.settle()
    assert desk.venue.canceled == [order.client_id]


@pytest.mark.parametrize("trouble", ["daily loss", "kill", "stale", "no quote", "reducing", "halted symbol"])
async def test_u6_getting_out_always_reaches_the_venue(desk: Desk, trouble: str) -> None:
    await desk.hold("0.1")
    entry = await desk.limit(qty="0.01")
    if trouble == "daily loss":
        desk.market.prices[desk.intent().instrument] = 30_000.0
    elif trouble == "kill":
        await desk.oms.kill(1, source="ui", reason="x")
    elif trouble == "stale":
        desk.market.age_ns = 60_000_000_000
    elif trouble == "no quote":
        desk.market.prices.clear()
    elif trouble == "reducing":
        await desk.oms.set_state("HALTED", source="ui", reason="x")
    else:
        desk.oms._ledger.halt("PAPER-1", desk.intent().instrument, "planted")
    sent = len(desk.venue.submitted)
    price = {"daily loss": "29000", "stale": None}.get(trouble, "64000")
    adding = await desk.oms.submit(desk.intent(qty="0.02", price=price))
    assert not adding.report.passed
    assert len(desk.venue.submitted) == sent
    half = await desk.oms.close_position(
        desk.intent().instrument, "PAPER-1", source="hotkey:half", fraction=D("0.5")
    )
    assert half is not None
    assert half.report.passed, half.report.failed
    desk.venue.fill(half.order.client_id, D("0.05"))
    reduce = await desk.oms.submit(desk.intent(Side.SELL, "0.02", None, reduce_only=True, source="ladder"))
    assert reduce.report.passed, reduce.report.failed
    await desk.oms.cancel(entry.client_id, "table")
    assert desk.order(entry.client_id).state is OrderState.CANCELED


async def test_trading_states_are_journalled_and_survive(tmp_path: Path) -> None:
    async with running(tmp_path) as desk:
        await desk.oms.set_state("reducing", source="ui", reason="lunch")
        with pytest.raises(InvalidInput, match="no trading state"):
            await desk.oms.set_state("MAYBE", source="ui", reason="")
        with pytest.raises(InvalidInput, match="no account"):
            await desk.oms.set_state("ACTIVE", source="ui", reason="", account="NOBODY")
        venue = desk.venue
    async with running(tmp_path, venue, clock=venue._clock) as desk:
        assert desk.oms.trading_state("PAPER-1").value == "REDUCING"
        assert not (await desk.oms.submit(desk.intent())).report.passed
        await desk.oms.set_state("ACTIVE", source="ui", reason="back")
        assert (await desk.oms.submit(desk.intent())).report.passed


async def test_r45_five_rejects_in_a_minute_leave_only_reducing(desk: Desk) -> None:
    desk.venue.mode = "refuse"
    for number in range(5):
        await desk.oms.submit(desk.intent(qty=f"0.01{number}"))
    assert desk.oms.trading_state("PAPER-1").value == "REDUCING"
    assert (await desk.oms.submit(desk.intent(qty="0.02"))).order.code == "L-STATE"
    assert any("rejected" in alarm.text for alarm in desk.of(AlarmRaised))


async def test_r45_rejects_far_apart_do_not_add_up(desk: Desk) -> None:
    desk.venue.mode = "refuse"
    for number in range(6):
        await desk.oms.submit(desk.intent(qty=f"0.01{number}"))
        await desk.pass_time(20, step=10)
    assert desk.oms.trading_state("PAPER-1").value == "ACTIVE"


async def test_an_internal_failure_leaves_only_reducing(desk: Desk) -> None:
    desk.oms.block("Internal task x failed: boom")
    assert desk.oms.trading_state("PAPER-1").value == "REDUCING"
    assert desk.oms.health().level is Level.WARN


async def test_r65_closing_shuts_the_gate_first(desk: Desk) -> None:
    desk.oms._control.is_closed = True
    result = await desk.oms.submit(desk.intent())
    assert (result.order.state, result.order.reason) == (OrderState.DEAD, "Bidmere is closing.")
    assert not desk.venue.submitted


async def test_limits_can_be_set_per_account_and_are_in_force_at_once(desk: Desk) -> None:
    desk.oms.set_limits("PAPER-1", RiskLimits(order_value_pct=D(1)), source="settings")
    assert desk.oms.limits("PAPER-1").order_value_pct == 1
    denied = await desk.oms.submit(desk.intent(qty="0.1"))
    assert denied.order.code == "L-ORDER-VALUE"
    assert denied.report.largest_qty == D("0.015")


async def test_u7_ten_rapid_closes_against_a_slow_venue_never_turn_the_position(desk: Desk) -> None:
    await desk.hold("0.1")
    desk.venue.gate = asyncio.Event()
    close = desk.oms.close_position
    closes = [desk.tasks.spawn(close(desk.intent().instrument, "PAPER-1", source="key"), "c") for _ in range(10)]
    await desk.settle()
    desk.venue.gate.set()
    results = [await task for task in closes]
    sent = [one for one in results if one is not None]
    for one in sent:
        desk.venue.fill(one.order.client_id, one.order.qty)
    assert len(sent) == 1
    assert desk.position() == 0
    assert await close(desk.intent().instrument, "PAPER-1", source="key") is None


async def test_u7_a_close_overtaken_by_an_exit_is_made_smaller(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    held = await desk.hold("0.1")
    other = await desk.limit(Side.SELL, "0.06", "65100", reduce_only=True)
    assert held.state is OrderState.FILLED
    claim, calls = desk.journal.claim, itertools.count()

    async def overtaken(client_id: str, ts: int, **how: bool) -> bool:
        if next(calls) == 0:
            desk.venue.fill(other.client_id, D("0.06"))
        return await claim(client_id, ts, **how)

    monkeypatch.setattr(desk.journal, "claim", overtaken)
    result = await desk.oms.close_position(desk.intent().instrument, "PAPER-1", source="key")
    assert result is not None
    assert result.order.qty == D("0.04")
    assert [order.qty for order in desk.venue.submitted[2:]] == [D("0.04")]
