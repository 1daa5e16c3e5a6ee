"""Restart and reconciliation: ours against the venue's, nothing sent to align, nothing invented."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from tests.execution.manager import START, Desk, S, running

from bidmere.errors import JournalCorrupt
from bidmere.execution.events import AlarmRaised, PositionMismatch
from bidmere.execution.portfolio import DAY_NS
from bidmere.kernel.lifecycle import Level
from bidmere.model.orders import OrderState
from bidmere.storage.journal import JOURNAL_FILE, verify
from bidmere.testing.fakes import BTC

D = Decimal


async def test_a_restart_finds_everything_as_it_was(tmp_path: Path) -> None:
    async with running(tmp_path) as desk:
        held = await desk.hold("0.1")
        working = await desk.limit(qty="0.02")
        denied = (await desk.oms.submit(desk.intent(qty="9"))).order
        before = (desk.oms.orders(), desk.oms.positions(), desk.oms.accounts(), desk.oms.fills())
        venue = desk.venue
    async with running(tmp_path, venue, clock=venue._clock) as desk:
        assert (desk.oms.orders(), desk.oms.positions(), desk.oms.accounts(), desk.oms.fills()) == before
        assert {order.client_id for order in desk.oms.orders()} == {
            held.client_id, working.client_id, denied.client_id,
        }  # fmt: skip
        assert desk.oms.health().level is Level.OK
    assert verify(tmp_path / JOURNAL_FILE).ok


async def test_r11_a_restart_makes_approved_orders_dead_and_never_sends_them(tmp_path: Path) -> None:
    async with running(tmp_path) as desk:
        forever = asyncio.Event()

        async def stuck(*_: object, **_how: bool) -> bool:
            await forever.wait()
            return True

        desk.journal.claim = stuck  # type: ignore[method-assign]
        desk.tasks.spawn(desk.oms.submit(desk.intent()), "send")
        await desk.settle()
        assert desk.oms.orders()[0].state is OrderState.APPROVED
        venue = desk.venue
    async with running(tmp_path, venue, clock=venue._clock) as desk:
        order = desk.oms.orders()[0]
        assert (order.state, order.cause) == (OrderState.DEAD, "restart")
        await desk.pass_time(60)
        assert not venue.submitted


@pytest.mark.parametrize(("mode", "state"), [("lose", OrderState.OPEN), ("vanish", OrderState.REJECTED)])
async def test_r14_a_restart_asks_what_became_of_claimed_orders(tmp_path: Path, mode: str, state: OrderState) -> None:
    async with running(tmp_path) as desk:
        desk.venue.mode = mode
        desk.tasks.spawn(desk.oms.submit(desk.intent()), "send")
        await desk.settle()
        assert desk.oms.orders()[0].state is OrderState.PENDING_SUBMIT
        venue = desk.venue
    async with running(tmp_path, venue, clock=venue._clock) as desk:
        await desk.pass_time(90, step=1)
        assert desk.oms.orders()[0].state is state
        assert len(venue.submitted) == 1


async def test_what_happened_while_we_were_away_is_booked(tmp_path: Path) -> None:
    async with running(tmp_path) as desk:
        first = await desk.limit()
        second = await desk.limit(qty="0.02")
        third = await desk.limit(qty="0.03")
        venue = desk.venue
    venue.fill(first.client_id, D("0.04"), tell=False)
    venue.fill(third.client_id, D("0.03"), tell=False)
    venue.held[second.client_id].state = OrderState.CANCELED
    venue._clock.advance_to(START + 3600 * S)
    async with running(tmp_path, venue, clock=venue._clock) as desk:
        assert desk.position() == D("0.07")
        states = [desk.order(one.client_id).state for one in (first, second, third)]
        assert states == [OrderState.PARTIAL, OrderState.CANCELED, OrderState.FILLED]
        assert not desk.oms.halts
    assert verify(tmp_path / JOURNAL_FILE).ok


async def test_u49_orders_made_elsewhere_appear_within_a_cycle(desk: Desk) -> None:
    order = await desk.limit()
    desk.oms._store._orders.pop(order.client_id)
    desk.oms._store._working.pop(order.client_id)
    kept = desk.venue.held.pop(order.client_id)
    object.__setattr__(kept.order, "client_id", "web-77")
    desk.venue.held["web-77"] = kept
    await desk.pass_time(31, step=1)
    found = desk.order("web-77")
    assert (found.intent.source, found.state, found.spec) == ("external", OrderState.OPEN, order.spec)


async def test_r24_an_order_with_our_mark_that_nobody_knows_means_the_journal_is_lost(desk: Desk) -> None:
    order = await desk.limit()
    desk.oms._store._orders.pop(order.client_id)
    desk.oms._store._working.pop(order.client_id)
    await desk.pass_time(31, step=1)
    assert desk.oms.kill_level == 1
    assert "does not know" in desk.oms._kill.reason


async def test_r24_position_mismatch_halts_symbol_after_rereads_and_heals(desk: Desk) -> None:
    told: list[PositionMismatch] = []
    desk.bus.subscribe(PositionMismatch, told.append)
    await desk.hold("0.1")
    await desk.pass_time(10)
    desk.venue.position[BTC.id] = D("0.3")
    await desk.oms.check_now(desk.oms.orders()[0].client_id)
    assert not told  # one look is not proof
    await desk.pass_time(20)
    assert [(one.ours, one.venue) for one in told] == [(D("0.1"), D("0.3"))]
    assert (await desk.oms.submit(desk.intent(qty="0.02"))).order.code == "L-HALTED"
    sent = len(desk.venue.submitted)
    await desk.pass_time(60, step=1)
    assert len(desk.venue.submitted) == sent  # never trade to align
    assert desk.position() == D("0.1")
    desk.venue.position[BTC.id] = D("0.1")
    await desk.pass_time(31, step=1)
    assert not desk.oms.halts


async def test_r24_a_mismatch_at_start_halts_at_once_and_the_halt_survives(tmp_path: Path) -> None:
    async with running(tmp_path) as desk:
        await desk.hold("0.1")
        venue = desk.venue
    venue.position[BTC.id] = D("0.2")
    async with running(tmp_path, venue, clock=venue._clock) as desk:
        assert desk.oms.halts
    venue.answers_questions = False
    async with running(tmp_path, venue, clock=venue._clock) as desk:
        assert desk.oms.halts
        assert desk.oms.health().level is Level.WARN
    assert verify(tmp_path / JOURNAL_FILE).ok


async def test_r20_while_the_venue_does_not_answer_nothing_new_is_sent(tmp_path: Path) -> None:
    async with running(tmp_path) as desk:
        venue = desk.venue
    venue.answers_questions = False
    async with running(tmp_path, venue, clock=venue._clock) as desk:
        assert (await desk.oms.submit(desk.intent())).order.code == "L-SYNC"
        venue.answers_questions = True
        await desk.pass_time(5)
        assert (await desk.oms.submit(desk.intent(qty="0.02"))).report.passed


async def test_r15_an_order_missing_from_the_open_ones_is_asked_for_singly(desk: Desk) -> None:
    order = await desk.limit()
    await desk.pass_time(10)
    desk.venue.fill(order.client_id, D("0.1"), tell=False)
    await desk.pass_time(31, step=1)
    assert desk.order(order.client_id).state is OrderState.FILLED


async def test_an_order_open_there_and_over_here_halts(desk: Desk) -> None:
    order = await desk.limit()
    await desk.oms.cancel(order.client_id, "table")
    desk.venue.held[order.client_id].state = OrderState.OPEN
    await desk.pass_time(40, step=1)
    assert desk.oms.halts
    assert any("over here and open there" in alarm.text for alarm in desk.of(AlarmRaised))


@pytest.mark.parametrize("state", [OrderState.EXPIRED, OrderState.REJECTED, OrderState.CANCELED])
async def test_an_end_that_was_not_told_is_found(desk: Desk, state: OrderState) -> None:
    order = await desk.limit()
    await desk.pass_time(10)
    desk.venue.held[order.client_id].state = state
    assert (await desk.oms.check_now(order.client_id)).state is state


async def test_the_day_begins_at_midnight_and_its_loss_survives_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as desk:
        await desk.hold("0.1")
        desk.market.prices[BTC.id] = 50_000.0
        await desk.pass_time(31, step=1)
        day = desk.oms.accounts()[0]
        assert (day.day_start_ns, day.day_start_equity) == (START // DAY_NS * DAY_NS, D(100_000))
        venue = desk.venue
    async with running(tmp_path, venue, clock=venue._clock, price=30_000.0) as desk:
        assert desk.oms.accounts()[0].day_start_equity == D(100_000)
        denied = await desk.oms.submit(desk.intent(qty="0.01", price="29999"))
        assert "L-DAILY-LOSS" in [check.code for check in denied.report.failed]
        assert desk.oms.peak_equity("PAPER-1") >= D(100_000)
        venue._clock.advance_to((START // DAY_NS + 1) * DAY_NS + S)
        await desk.settle()
        fresh = await desk.oms.submit(desk.intent(qty="0.01", price="29998"))
        assert "L-DAILY-LOSS" not in [check.code for check in fresh.report.failed]


async def test_a_journal_that_does_not_fit_stops_the_start(tmp_path: Path) -> None:
    async with running(tmp_path) as desk:
        await desk.limit()
        order = desk.oms.orders()[0]
        await desk.journal.post_adopted(order.__class__(
            client_id="X", intent=order.intent, qty=order.qty, spec=order.spec, state=OrderState.DENIED,
        ))  # fmt: skip
        from bidmere.model.events import OrderCanceled
        from bidmere.storage.journal import Entry

        await desk.journal.append([Entry(event=OrderCanceled(client_id="X", ts=START, cause="you"))])
        venue = desk.venue
    with pytest.raises(JournalCorrupt, match="journal verify"):
        async with running(tmp_path, venue, clock=venue._clock):
            pass


async def test_latency_percentiles() -> None:
    from bidmere.execution.latency import LatencyWindow

    window = LatencyWindow(size=100)
    assert window.p50_ms is None
    for number in range(1, 201):
        window.add(number * 1_000_000)
    window.add(-5)
    assert (len(window), window.p50_ms, window.p95_ms, window.p99_ms) == (100, 151.0, 196.0, 200.0)


@pytest.mark.parametrize("ended", [True, False])
async def test_an_order_cut_by_the_venue_is_adopted_when_the_report_was_lost(desk: Desk, ended: bool) -> None:
    order = await desk.limit(qty="0.1")
    kept = desk.venue.held[order.client_id]
    kept.order = replace(kept.order, qty=D("0.04"))
    if ended:
        desk.venue.fill(order.client_id, D("0.04"), tell=False)
    await desk.pass_time(40)
    now = desk.order(order.client_id)
    assert (now.qty, now.filled_qty) == (D("0.04"), D("0.04") if ended else 0)
    assert now.state is (OrderState.FILLED if ended else OrderState.OPEN)


async def test_a_refused_cancel_asks_what_became_of_the_order(desk: Desk) -> None:
    order = await desk.limit()
    desk.venue.held[order.client_id].state = OrderState.CANCELED  # the report was lost
    desk.venue.cancel_mode = "refuse"
    await desk.oms.kill(2, source="ticket", reason="test")
    await desk.pass_time(3)
    assert desk.order(order.client_id).state is OrderState.CANCELED
    assert len(desk.venue.canceled) == 1
