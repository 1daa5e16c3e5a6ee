"""What the venue tells, in any order and any number of times, comes to the same."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execution.manager import START, Desk, running

from bidmere.errors import InvalidInput
from bidmere.execution.brackets import exit_intents
from bidmere.execution.events import AccountChanged, AlarmRaised, FillBooked, PositionChanged, PositionUnprotected
from bidmere.model.events import (
    FundingPaid,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderTriggered,
)
from bidmere.model.fills import Fill, Liquidity
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.orders import Bracket, Limit, OrderState, Stop, TrailingStop
from bidmere.storage.journal import JOURNAL_FILE, verify
from bidmere.testing.fakes import BTC

D = Decimal


def fill(
    client_id: str, trade_id: str, qty: str, price: str = "65000", instrument: InstrumentId = BTC.id
) -> OrderFilled:
    made = Fill(
        trade_id=trade_id, client_id=client_id, venue_id="V1", instrument=instrument, account="PAPER-1", side=Side.BUY,
        qty=D(qty), price=D(price), fee=D("0.01"), fee_currency="USDT", liquidity=Liquidity.MAKER, ts_event=START,
    )  # fmt: skip
    return OrderFilled(client_id=client_id, ts=START, fill=made)


def stream(client_id: str) -> list[Any]:
    """What a venue tells of an order that fills in three parts and is then cancelled."""
    return [
        OrderAccepted(client_id=client_id, ts=START, venue_id="V1"),
        OrderTriggered(client_id=client_id, ts=START),
        fill(client_id, "a", "0.01"),
        fill(client_id, "b", "0.02", "64990"),
        fill(client_id, "c", "0.03", "64980.5"),
        OrderCanceled(client_id=client_id, ts=START, cause="venue"),
    ]


@settings(max_examples=40)
@given(st.data())
def test_r4_any_order_of_reports_with_repeats_gives_the_same_position_and_cash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("desk")

    async def run() -> None:
        async with running(folder) as desk:
            order = await desk.limit()
            events = stream(order.client_id)
            shuffled = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=5))))
            for event in shuffled:
                desk.venue.report(event)
            position = desk.oms.positions()[0]
            assert position.qty == D("0.06")
            cost = D("0.01") * 65_000 + D("0.02") * 64_990 + D("0.03") * D("64980.5")
            assert desk.oms.accounts()[0].balance("USDT") == D(100_000) - cost - D("0.03")
            assert abs(position.avg_price - cost / D("0.06")) < D("1e-20")
            ended = desk.order(order.client_id)
            assert (ended.state, ended.filled_qty) == (OrderState.CANCELED, D("0.06"))
            assert len(desk.oms.fills()) == 3
            await desk.oms.settle()
        assert verify(folder / JOURNAL_FILE).ok

    asyncio.run(run())


async def test_a_fill_tells_everyone(desk: Desk) -> None:
    heard: list[Any] = []
    for kind in (FillBooked, PositionChanged, AccountChanged):
        desk.bus.subscribe(kind, heard.append)
    order = await desk.limit()
    desk.venue.fill(order.client_id, D("0.1"))
    assert [type(event) for event in heard] == [FillBooked, PositionChanged, AccountChanged]
    assert heard[2].valuation.equity == D(100_000)
    assert desk.oms.exposure(heard[1].position) == D(6_500)


async def test_r4_the_same_execution_under_another_id_counts_once(desk: Desk) -> None:
    first = await desk.limit(qty="0.1")
    second = await desk.limit(qty="0.05")
    desk.venue.report(fill(first.client_id, "a", "0.02"))
    desk.venue.report(fill(second.client_id, "a", "0.02"))
    desk.venue.report(fill("elsewhere", "a", "0.02"))
    assert desk.position() == D("0.02")
    assert desk.order(second.client_id).filled_qty == 0
    assert desk.oms.order("elsewhere") is None


async def test_r4_more_filled_than_asked_quarantines_and_halts(desk: Desk) -> None:
    order = await desk.limit()
    desk.venue.report(fill(order.client_id, "a", "0.2"))
    assert desk.order(order.client_id).state is OrderState.QUARANTINED
    assert desk.position() == D("0.2")  # it is the venue's truth all the same
    refused = (await desk.oms.submit(desk.intent(qty="0.02"))).report.failed
    assert {"L-HALTED", "L-UNKNOWN"} <= {check.code for check in refused}
    with pytest.raises(InvalidInput, match="Say why"):
        await desk.oms.clear_halt(BTC.id, "PAPER-1", source="ui", reason=" ")
    with pytest.raises(InvalidInput, match="still works at the venue"):
        await desk.oms.clear_halt(BTC.id, "PAPER-1", source="ui", reason="checked with the venue")
    desk.venue.held[order.client_id].state = OrderState.FILLED
    await desk.oms.clear_halt(BTC.id, "PAPER-1", source="ui", reason="checked with the venue")
    assert not desk.oms.halts
    ended = desk.order(order.client_id)
    assert (ended.state, ended.cause, ended.reason) == (OrderState.FILLED, "you", "checked with the venue")
    assert (await desk.oms.submit(desk.intent(qty="0.02"))).report.passed
    assert [line.step for line in await desk.oms.story(order.client_id)][-1] == "OrderResolved"


async def test_r3_a_refusal_after_a_fill_contradicts(desk: Desk) -> None:
    order = await desk.limit()
    desk.venue.report(fill(order.client_id, "a", "0.1"))
    desk.venue.report(OrderRejected(client_id=order.client_id, ts=START, code="X", reason="no"))
    assert desk.order(order.client_id).state is OrderState.QUARANTINED
    assert desk.oms.halts


async def test_u8_an_expiry_is_no_rejection(desk: Desk) -> None:
    order = await desk.limit()
    desk.venue.report(OrderExpired(client_id=order.client_id, ts=START, cause="IOC", reason="Nobody wanted it."))
    ended = desk.order(order.client_id)
    assert (ended.state, ended.cause) == (OrderState.EXPIRED, "IOC")


async def test_late_noise_changes_nothing(desk: Desk) -> None:
    order = await desk.limit()
    desk.venue.report(fill(order.client_id, "a", "0.1"))
    before = desk.order(order.client_id)
    desk.venue.report(OrderExpired(client_id=order.client_id, ts=START, cause="DAY"))
    desk.venue.report(OrderAccepted(client_id="T-nobody", ts=START, venue_id="V"))
    assert desk.order(order.client_id) == before
    assert not desk.oms.halts


async def test_u49_a_fill_of_an_order_made_elsewhere_is_booked_and_shown(desk: Desk, tmp_path: Path) -> None:
    desk.venue.report(fill("elsewhere-1", "a", "0.5"))
    assert desk.position() == D("0.5")
    order = desk.order("elsewhere-1")
    assert (order.intent.source, order.state) == ("external", OrderState.FILLED)
    anonymous = fill("", "b", "0.1")
    desk.venue.report(anonymous)
    assert desk.position() == D("0.6")
    await desk.oms.settle()
    await desk.journal.stop()
    assert verify(tmp_path / JOURNAL_FILE).ok
    await desk.journal.start()


async def test_a_fill_of_an_unknown_instrument_is_kept_and_told(desk: Desk) -> None:
    desk.venue.report(fill("elsewhere-1", "a", "0.5", instrument=InstrumentId("XYZ", "SIM")))
    assert len(desk.oms.fills()) == 1
    assert any("not known here" in alarm.text for alarm in desk.of(AlarmRaised))


async def test_funding_moves_cash_and_survives(tmp_path: Path) -> None:
    async with running(tmp_path) as desk:
        for account, amount in (("PAPER-1", D("-2.5")), ("OTHER", D(-9))):
            paid = FundingPaid(account=account, instrument=BTC.id, amount=amount, currency="USDT", ts=START)
            desk.venue.report(paid)
        assert desk.oms.accounts()[0].balance("USDT") == D("99997.5")
        await desk.oms.settle()
        venue = desk.venue
    async with running(tmp_path, venue, clock=venue._clock) as desk:
        assert desk.oms.accounts()[0].balance("USDT") == D("99997.5")


# ── exits ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_u94_exits_follow_the_accepted_entry_stop_first(desk: Desk) -> None:
    entry = await desk.limit(bracket=Bracket(take_profit=D(66_000), stop_loss=D(64_500)))
    await desk.settle()
    stop, target = desk.venue.submitted[1:]
    assert (stop.spec, target.spec) == (Stop(trigger=D(64_500)), Limit(price=D(66_000)))
    for one in (stop, target):
        assert one.intent.parent == entry.client_id
        assert one.intent.reduce_only
        assert (one.intent.source, one.side, one.qty) == ("bracket", Side.SELL, D("0.1"))
        assert one.intent.oco_group
        steps = [line.step for line in await desk.oms.story(one.client_id)]
        assert steps[:2] == ["OrderCreated", "OrderApproved"]  # its own approval


async def test_a_trailing_stop_alone_has_no_group(desk: Desk) -> None:
    await desk.limit(bracket=Bracket(trail=D(300)))
    await desk.settle()
    assert desk.venue.submitted[1].spec == TrailingStop(offset=D(300))
    assert desk.venue.submitted[1].intent.oco_group == ""


async def test_a_refused_entry_sends_no_exits(desk: Desk) -> None:
    desk.venue.mode = "refuse"
    await desk.limit(bracket=Bracket(stop_loss=D(64_500)))
    await desk.settle()
    assert len(desk.venue.submitted) == 1


async def test_u94_a_refused_exit_raises_the_alarm(desk: Desk) -> None:
    unprotected: list[PositionUnprotected] = []
    desk.bus.subscribe(PositionUnprotected, unprotected.append)
    real = desk.venue.submit

    async def submit(order: Any) -> Any:
        desk.venue.mode = "refuse" if isinstance(order.order.spec, Stop) else "accept"
        return await real(order)

    desk.venue.submit = submit  # type: ignore[method-assign]
    entry = await desk.limit(bracket=Bracket(take_profit=D(66_000), stop_loss=D(64_500)))
    await desk.settle()
    assert [(one.entry.client_id, one.exit.spec.kind) for one in unprotected] == [(entry.client_id, "stop")]
    assert any("stands without its stop" in alarm.text and alarm.priority == "P-A" for alarm in desk.of(AlarmRaised))


async def test_exits_of_an_entry_that_ended_unfilled_are_taken_back(desk: Desk) -> None:
    entry = await desk.limit(bracket=Bracket(take_profit=D(66_000), stop_loss=D(64_500)))
    await desk.settle()
    await desk.oms.cancel(entry.client_id, "table")
    await desk.settle()
    assert [order.state for order in desk.oms.orders()] == [OrderState.CANCELED] * 3
    assert [order.cause for order in desk.oms.orders()] == ["you", "link", "link"]


async def test_exits_that_an_earlier_run_did_not_send_are_sent(tmp_path: Path) -> None:
    async with running(tmp_path) as desk:
        desk.oms._brackets._spawn = lambda coro, _name: coro.close()  # the process dies here
        entry = await desk.limit(bracket=Bracket(stop_loss=D(64_500)))
        desk.venue.fill(entry.client_id, D("0.1"))
        venue = desk.venue
        assert len(venue.submitted) == 1
    async with running(tmp_path, venue, clock=venue._clock) as desk:
        await desk.settle()
        assert [order.spec.kind for order in venue.submitted] == ["limit", "stop"]
        assert venue.submitted[1].intent.parent == entry.client_id
    async with running(tmp_path, venue, clock=venue._clock) as desk:
        await desk.settle()
        assert len(venue.submitted) == 2


async def test_an_entry_filled_in_part_and_ended_gets_exits_for_that_part(desk: Desk) -> None:
    entry = await desk.limit()
    ended = replace(
        entry, state=OrderState.CANCELED, filled_qty=D("0.04"),
        intent=replace(entry.intent, bracket=Bracket(stop_loss=D(64_500))),
    )  # fmt: skip
    assert [intent.qty for intent in exit_intents(ended)] == [D("0.04")]
    assert exit_intents(entry) == ()
