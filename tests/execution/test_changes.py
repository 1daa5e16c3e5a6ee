"""Cancel, change, close a share, cancel many."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.execution.manager import Desk

from bidmere.errors import InvalidInput
from bidmere.model.market import Side
from bidmere.model.orders import Limit, MarketIfTouched, OrderState, Stop, StopLimit

D = Decimal


async def test_a_cancel_ends_by_the_venues_report_and_names_who(desk: Desk) -> None:
    for source, cause in (("table", "you"), ("strategy:sma", "strategy"), ("link", "link")):
        order = await desk.limit(source=source if source != "link" else "ticket")
        await desk.oms.cancel(order.client_id, source)
        ended = desk.order(order.client_id)
        assert (ended.state, ended.cause) == (OrderState.CANCELED, cause)
        assert await desk.oms.cancel(order.client_id, source) == ended


async def test_r15_a_refused_cancel_leaves_the_order_working(desk: Desk) -> None:
    order = await desk.limit()
    desk.venue.cancel_mode = "refuse"
    await desk.oms.cancel(order.client_id, "table")
    after = desk.order(order.client_id)
    assert (after.state, after.pending_cancel, after.code) == (OrderState.OPEN, False, "V-UNKNOWN-ORDER")


async def test_r15_a_cancel_without_an_answer_is_looked_up(desk: Desk) -> None:
    order = await desk.limit()
    desk.venue.cancel_mode = "vanish"
    cancelling = desk.tasks.spawn(desk.oms.cancel(order.client_id, "table"), "cancel")
    await desk.settle()
    assert desk.order(order.client_id).pending_cancel
    await desk.pass_time(30)
    await cancelling
    after = desk.order(order.client_id)
    assert (after.state, after.pending_cancel, after.code) == (OrderState.OPEN, False, "E-STILL-OPEN")


async def test_an_order_cancelled_before_it_left_never_leaves(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = desk.journal.claim

    async def withdraw_then_claim(client_id: str, ts: int, **how: bool) -> bool:
        await desk.oms.cancel(client_id, "table")
        return await claim(client_id, ts, **how)

    monkeypatch.setattr(desk.journal, "claim", withdraw_then_claim)
    result = await desk.oms.submit(desk.intent())
    assert (result.order.state, result.order.cause) == (OrderState.DEAD, "you")
    assert not desk.venue.submitted


async def test_a_change_goes_through_the_gate_and_shows_after_the_venue_did_it(desk: Desk) -> None:
    order = await desk.limit()
    result = await desk.oms.replace(order.client_id, source="table", price=D(64_900), qty=D("0.08"))
    assert result.report.passed
    assert (result.order.qty, result.order.spec) == (D("0.08"), Limit(price=D(64_900)))
    assert result.order.intent.qty == D("0.1")
    too_far = await desk.oms.replace(order.client_id, source="table", price=D(70_000))
    assert [check.code for check in too_far.report.failed] == ["L-COLLAR"]
    assert too_far.order.spec == Limit(price=D(64_900))
    assert len(desk.venue.replaced) == 1
    assert [line.step for line in await desk.oms.story(order.client_id)].count("ChangeJudged") == 2


async def test_u11_a_refused_change_shows_the_venues_truth(desk: Desk) -> None:
    order = await desk.limit()
    for mode, code in (("refuse", "V-NO-CHANGE"), ("not-sent", "E-NOT-SENT")):
        desk.venue.replace_mode = mode
        after = (await desk.oms.replace(order.client_id, source="table", price=D(64_900))).order
        assert (after.state, after.spec) == (OrderState.OPEN, order.spec)
        assert (after.pending_replace, after.code) == (False, code)


async def test_a_change_without_an_answer_is_looked_up(desk: Desk) -> None:
    order = await desk.limit()
    desk.venue.replace_mode = "vanish"
    changing = desk.tasks.spawn(desk.oms.replace(order.client_id, source="table", price=D(64_900)), "change")
    await desk.settle()
    with pytest.raises(InvalidInput, match="being changed already"):
        await desk.oms.replace(order.client_id, source="table", price=D(64_800))
    await desk.pass_time(30)
    await changing
    after = desk.order(order.client_id)
    assert (after.pending_replace, after.code) == (False, "E-UNCHANGED")


@pytest.mark.parametrize(
    ("spec", "change", "told"),
    [
        (Limit(price=D(64_990)), {"trigger": D(1)}, "no trigger price"),
        (Stop(trigger=D(65_500)), {"price": D(1)}, "no limit price"),
        (Limit(price=D(64_990)), {"price": D(64_990)}, "Nothing would change"),
        (Limit(price=D(64_990)), {}, "Nothing would change"),
    ],
)
async def test_a_change_that_makes_no_sense_is_a_sentence(desk: Desk, spec, change, told: str) -> None:
    order = await desk.limit(spec=spec)
    with pytest.raises(InvalidInput, match=told):
        await desk.oms.replace(order.client_id, source="table", **change)


async def test_what_is_over_or_filled_cannot_be_changed(desk: Desk) -> None:
    order = await desk.limit()
    desk.venue.fill(order.client_id, D("0.05"))
    with pytest.raises(InvalidInput, match="filled already"):
        await desk.oms.replace(order.client_id, source="table", qty=D("0.05"))
    desk.venue.cancel_mode = "vanish"
    cancelling = desk.tasks.spawn(desk.oms.cancel(order.client_id, "table"), "cancel")
    await desk.settle()
    with pytest.raises(InvalidInput, match="being cancelled"):
        await desk.oms.replace(order.client_id, source="table", qty=D("0.08"))
    desk.venue.fill(order.client_id, D("0.05"))
    with pytest.raises(InvalidInput, match="only a working order"):
        await desk.oms.replace(order.client_id, source="table", qty=D("0.08"))
    await desk.pass_time(6)
    await cancelling


@pytest.mark.parametrize(
    ("spec", "change", "after"),
    [
        (Stop(trigger=D(65_500)), {"trigger": D(65_600)}, Stop(trigger=D(65_600))),
        (MarketIfTouched(trigger=D(64_500)), {"trigger": D(64_400)}, MarketIfTouched(trigger=D(64_400))),
        (
            StopLimit(trigger=D(65_500), price=D(65_510)),
            {"trigger": D(65_600), "price": D(65_650)},
            StopLimit(trigger=D(65_600), price=D(65_650)),
        ),
    ],
)
async def test_triggers_and_prices_can_be_moved(desk: Desk, spec, change, after) -> None:
    order = await desk.limit(spec=spec)
    assert (await desk.oms.replace(order.client_id, source="table", **change)).order.spec == after


async def test_u48_cancel_all_keeps_to_its_scope_and_leaves_exits_of_open_positions(desk: Desk) -> None:
    await desk.hold("0.1")
    buy = await desk.limit(qty="0.01")
    sell = await desk.limit(Side.SELL, "0.01", "65100")
    stop = await desk.limit(Side.SELL, "0.1", spec=Stop(trigger=D(64_000)), reduce_only=True)
    assert desk.oms.cancel_scope(account="PAPER-1") == 2
    assert await desk.oms.cancel_all(source="table", account="PAPER-1", side=Side.SELL) == 1
    assert desk.order(sell.client_id).state is OrderState.CANCELED
    assert await desk.oms.cancel_all(source="table", account="OTHER") == 0
    assert await desk.oms.cancel_all(source="table") == 1
    assert desk.order(buy.client_id).state is OrderState.CANCELED
    assert desk.order(stop.client_id).state is OrderState.OPEN
    assert await desk.oms.cancel_all(source="table", include_exits=True) == 1


async def test_closing_whole_takes_the_exits_along_and_a_share_leaves_them(desk: Desk) -> None:
    await desk.hold("0.1")
    stop = await desk.limit(Side.SELL, "0.1", spec=Stop(trigger=D(64_000)), reduce_only=True)
    desk.venue.auto_fill = lambda order: order.intent.source == "key"
    part = await desk.oms.close_position(desk.intent().instrument, "PAPER-1", source="key", fraction=D("0.25"))
    assert part is not None
    assert part.order.qty == D("0.025")
    assert desk.order(stop.client_id).state is OrderState.OPEN
    rest = await desk.oms.close_position(desk.intent().instrument, "PAPER-1", source="key")
    assert rest is not None
    assert (rest.order.qty, desk.position()) == (D("0.075"), 0)
    assert desk.order(stop.client_id).state is OrderState.CANCELED


async def test_closing_a_short_buys(desk: Desk) -> None:
    await desk.hold("0.1", Side.SELL)
    closed = await desk.oms.close_position(desk.intent().instrument, "PAPER-1", source="key")
    assert closed is not None
    assert (closed.order.side, closed.order.qty) == (Side.BUY, D("0.1"))


async def test_a_tiny_share_closes_one_lot_and_nonsense_is_a_sentence(desk: Desk) -> None:
    await desk.hold("0.002")
    tiny = await desk.oms.close_position(desk.intent().instrument, "PAPER-1", source="key", fraction=D("0.1"))
    assert tiny is not None
    assert tiny.order.qty == D("0.001")
    for share in ("0", "1.5", "-1"):
        with pytest.raises(InvalidInput, match="no share"):
            await desk.oms.close_position(desk.intent().instrument, "PAPER-1", source="key", fraction=D(share))


async def test_flatten_cancels_then_closes(desk: Desk) -> None:
    await desk.hold("0.1")
    resting = await desk.limit(qty="0.01")
    desk.venue.auto_fill = lambda order: order.intent.reduce_only
    assert await desk.oms.flatten("PAPER-1", source="key") == 1
    assert desk.position() == 0
    assert desk.order(resting.client_id).state is OrderState.CANCELED


async def test_the_preview_and_the_gate_say_the_same(desk: Desk) -> None:
    intent = desk.intent(qty="9")
    shown = desk.oms.preview(intent)
    told = (await desk.oms.submit(intent)).report
    assert [(c.code, c.verdict) for c in shown.report.checks] == [(c.code, c.verdict) for c in told.checks]
    assert shown.report.largest_qty == told.largest_qty
