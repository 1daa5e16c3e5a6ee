"""The what-if tells what the fill then does: same arithmetic, same report (U-62, U-91)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.risk.cases import (
    ACCOUNT,
    GATE,
    INVERSE,
    LIMITS,
    NOW,
    PERP,
    SPOT,
    D,
    book_of,
    fill_of,
    held,
    judge,
    order,
    quote_of,
    snap,
    valued,
)

from bidmere.model.account import Account, value_account
from bidmere.model.fills import Liquidity
from bidmere.model.instrument import Instrument
from bidmere.model.market import Book, Side
from bidmere.model.orders import Bracket, Limit, LimitIfTouched, Market, Stop, TrailingStop
from bidmere.model.position import Position
from bidmere.risk.case import build_case
from bidmere.risk.preview import expected_pieces, liquidation_price, preview
from bidmere.risk.snapshot import RiskSnapshot

MID = D(64000)
CENT = D("0.01")


def rate(source: str, target: str) -> D | None:
    return D(1) if source == target else MID if source == "BTC" else None


def world(instrument: Instrument, start: int, size: float) -> tuple[Account, Position, RiskSnapshot]:
    """Return an account with a position and what the gate knows of them, all valued at the mid."""
    qty = start * instrument.lot
    position = replace(held(qty, "63000"), instrument=instrument)
    value = value_account(ACCOUNT, [position], lambda _: MID, rate)
    snapshot = snap(
        position,
        instrument=instrument,
        valuation=value,
        quote=quote_of(instrument),
        book=book_of(instrument, size=size),
        rate=rate(instrument.settle, "USDT"),
    )
    return ACCOUNT, position, snapshot


@settings(max_examples=120, deadline=None)
@given(
    instrument=st.sampled_from([PERP, INVERSE, SPOT]),
    start=st.integers(-800, 800),
    lots=st.integers(1, 3000),
    side=st.sampled_from(Side),
)
def test_u62_the_preview_equals_the_account_after_the_fills(
    instrument: Instrument, start: int, lots: int, side: Side
) -> None:
    account, position, snapshot = world(instrument, start, float(500 * instrument.lot))
    one = order(lots * instrument.lot, Market(), side, instrument=instrument.id)
    seen = preview(one, snapshot, LIMITS)
    pieces, is_deep = expected_pieces(build_case(one.intent, one.qty, one.spec, snapshot, LIMITS))
    assert is_deep
    assert sum(piece.qty for piece in pieces) == one.qty
    fees = worth = D(0)
    for number, piece in enumerate(pieces):
        fee = instrument.notional(piece.qty, piece.price) * instrument.taker_fee
        fill = replace(fill_of(one, piece.qty, piece.price, fee, instrument), trade_id=str(number))
        before = position.realised
        position = position.apply(fill)
        account = account.booked(fill, instrument, position.realised - before)
        fees += fee * snapshot.rate  # type: ignore[operator]
        worth += instrument.notional(piece.qty, piece.price) * snapshot.rate  # type: ignore[operator]
    after = value_account(account, [position], lambda _: MID, rate)
    assert seen.position_after == position.qty
    assert seen.avg_after == position.avg_price
    assert seen.fee == pytest.approx(fees)
    assert seen.notional == pytest.approx(worth)
    assert seen.margin_change is not None
    assert seen.buying_power_after is not None
    assert snapshot.valuation is not None
    assert abs(snapshot.valuation.margin_used + seen.margin_change - after.margin_used) < CENT
    assert abs(seen.buying_power_after - after.buying_power) < CENT
    assert seen.report == judge(one, snapshot)
    assert seen.missing == ()


@settings(max_examples=60, deadline=None)
@given(
    instrument=st.sampled_from([PERP, INVERSE]), lots=st.integers(2, 1000), side=st.sampled_from(Side),
    stop=st.integers(100, 3000), target=st.integers(100, 3000), trailing=st.booleans(),
)  # fmt: skip
def test_u91_loss_and_reward_equal_the_exit_fills_with_both_fees(
    instrument: Instrument, lots: int, side: Side, stop: int, target: int, trailing: bool
) -> None:
    _, position, snapshot = world(instrument, 0, float(10_000 * instrument.lot))
    entry = D("64000.1") if side is Side.BUY else D("63999.9")
    stop_at, target_at = entry - side.sign * stop, entry + side.sign * target
    bracket = Bracket(
        take_profit=target_at, trail=D(stop) if trailing else None, stop_loss=None if trailing else stop_at
    )
    one = order(lots * instrument.lot, Market(), side, instrument=instrument.id, bracket=bracket)
    seen = preview(one, snapshot, LIMITS)

    def result(price: D, fee_rate: D) -> D:
        fee = instrument.notional(one.qty, entry) * instrument.taker_fee
        opened = position.apply(fill_of(one, one.qty, entry, fee, instrument))
        leave = replace(one, client_id="exit", intent=replace(one.intent, side=side.opposite))
        paid = instrument.notional(one.qty, price) * fee_rate
        closed = opened.apply(fill_of(leave, one.qty, price, paid, instrument))
        return (closed.realised - dict(closed.fees)[instrument.settle]) * (snapshot.rate or D(1))

    assert seen.loss_at_stop is not None
    assert seen.reward_at_target is not None
    assert abs(seen.loss_at_stop - result(stop_at, instrument.taker_fee)) < CENT
    assert abs(seen.reward_at_target - result(target_at, instrument.maker_fee)) < CENT
    assert seen.loss_at_stop_pct == seen.loss_at_stop * 100 / valued().equity
    assert seen.residence == "venue"


def test_a_resting_limit_pays_the_maker_fee_at_its_price_and_does_not_slip() -> None:
    seen = preview(order("0.1"), snap(), LIMITS)
    assert (seen.fill_price, seen.fee_kind, seen.fee_rate) == (D(63900), "maker", D("0.0002"))
    assert seen.fee == D("0.1") * 63900 * D("0.0002")
    assert seen.slippage is None
    assert seen.loss_at_stop is None
    assert seen.reward_at_target is None


def test_a_marketable_limit_takes_up_to_its_price_and_rests_with_what_is_left() -> None:
    one = order("1.2", Limit(price=D("64011")))
    pieces, _ = expected_pieces(build_case(one.intent, one.qty, one.spec, snap(), LIMITS))
    assert [(piece.qty, piece.price, piece.liquidity) for piece in pieces] == [
        (D("0.5"), D("64000.1"), Liquidity.TAKER),
        (D("0.5"), D("64010.1"), Liquidity.TAKER),
        (D("0.2"), D("64011"), Liquidity.MAKER),
    ]
    seen = preview(one, snap(), LIMITS)
    assert seen.slippage is not None
    assert seen.slippage > 0


@pytest.mark.parametrize(
    ("spec", "price", "kind"),
    [
        (Stop(trigger=D(65000)), "65000", "taker"),
        (TrailingStop(offset=D(100)), "64000.1", "taker"),
        (LimitIfTouched(trigger=D(63000), price=D(63100)), "63100", "maker"),
    ],
)
def test_orders_with_a_trigger_fill_at_their_own_price(spec: Stop, price: str, kind: str) -> None:
    seen = preview(order("0.1", spec), snap(), LIMITS)
    assert (seen.fill_price, seen.fee_kind) == (D(price), kind)


def test_a_book_that_is_too_thin_is_named_and_its_last_price_used() -> None:
    thin = Book(PERP.id, ((63999.9, 1.0),), ((64000.1, 0.04), (64010.0, 0.0)), NOW, NOW)
    seen = preview(order("0.1", Market()), snap(book=thin), LIMITS)
    assert seen.missing == ("depth of the order book",)
    assert seen.fill_price == D("64000.1")
    assert preview(order("0.1", Market()), snap(book=None), LIMITS).missing == ("order book",)


def test_an_intent_is_as_good_as_an_order_and_the_validator_may_be_given() -> None:
    one = order("0.1")
    assert preview(one.intent, snap(), LIMITS, GATE) == preview(replace(one, client_id=""), snap(), LIMITS)


def test_missing_inputs_are_named_and_their_figures_left_out() -> None:
    seen = preview(order("0.1", Market()), RiskSnapshot(now_ns=NOW), LIMITS)
    assert seen.missing == ("instrument", "quote", "account value", "day start")
    assert (seen.fee, seen.notional, seen.fill_price, seen.margin_change) == (None, None, None, None)
    assert (seen.position_after, seen.avg_after, seen.currency) == (D(0), D(0), "")
    unpriced = preview(order("0.1", Market()), snap(held("0.2"), quote=None, book=None), LIMITS)
    assert unpriced.missing == ("quote",)
    assert (unpriced.position_after, unpriced.fill_price) == (D("0.2"), None)
    unrated = preview(order("0.1", bracket=Bracket(stop_loss=D(63000))), snap(rate=None), LIMITS)
    assert unrated.missing == ("rate USDT/USDT",)
    assert (unrated.fee, unrated.loss_at_stop, unrated.buying_power_after) == (None, None, None)
    unknown = preview(order("0.1"), snap(held("0.2"), instrument=None), LIMITS)
    assert (unknown.position_after, unknown.avg_after) == (D("0.2"), D(64000))
    assert preview(order("0.1"), snap(valuation=None), LIMITS).buying_power_after is None


def test_a_one_sided_market_is_marked_at_the_expected_fill() -> None:
    seen = preview(order("0.1", Market()), snap(quote=quote_of(bid=0.0)), LIMITS)
    assert seen.missing == ("quote",)
    assert seen.margin_change == D("0.1") * D("64000.1") * D("0.1")


def test_the_room_of_the_day_is_what_may_still_be_lost() -> None:
    lost = replace(valued(), equity=D(98_500))
    assert preview(order(), snap(valuation=lost), LIMITS).day_loss_room == D(500)
    assert preview(order(), snap(valuation=replace(lost, equity=D(90_000))), LIMITS).day_loss_room == D(0)


SMALL = replace(ACCOUNT, balances=(("USDT", D(10_000)),))


@settings(max_examples=80, deadline=None)
@given(lots=st.integers(-3000, 3000).filter(bool), free=st.integers(100, 20_000))
def test_the_liquidation_price_is_where_equity_meets_the_maintenance_margin(lots: int, free: int) -> None:
    qty = lots * PERP.lot
    price = liquidation_price(PERP, qty, MID, D(free), D(0))
    if price is None:
        assert qty > 0
        assert free >= qty * MID
        return
    equity = free + PERP.pnl(qty, MID, price)
    needed = PERP.notional(abs(qty), price) * PERP.margin_maintenance
    assert abs(equity - needed) <= abs(qty) * PERP.tick * 2


@settings(max_examples=80, deadline=None)
@given(lots=st.integers(-900, 900).filter(bool), free=st.integers(1, 100))
def test_the_liquidation_price_of_an_inverse_contract_too(lots: int, free: int) -> None:
    qty, coins = lots * INVERSE.lot, D(free) / 100
    price = liquidation_price(INVERSE, qty, MID, coins, D(0))
    if price is None:
        assert coins + qty * INVERSE.multiplier / MID >= 0
        return
    equity = coins + INVERSE.pnl(qty, MID, price)
    needed = INVERSE.notional(abs(qty), price) * INVERSE.margin_maintenance
    step = INVERSE.notional(abs(qty), price - INVERSE.tick) - INVERSE.notional(abs(qty), price)
    assert abs(equity - needed) <= 2 * step


def test_no_liquidation_without_a_margined_position() -> None:
    assert liquidation_price(SPOT, D(1), D(3000), D(1), D(0)) is None
    assert liquidation_price(PERP, D(0), MID, D(1), D(0)) is None
    assert liquidation_price(PERP, D(1), D(0), D(1), D(0)) is None
    whole = replace(PERP, margin_maintenance=D(1))
    assert liquidation_price(whole, D(1), MID, D(1), D(0)) is None


def test_the_liquidation_price_of_a_preview_counts_other_positions_and_the_fee() -> None:
    other = held("1", "3000", replace(PERP, id=SPOT.id))
    foreign = held("100", "64000", replace(INVERSE, id=replace(INVERSE.id, symbol="XBTUSD")))
    spot = held("1", "3000", SPOT)
    flat = held("0")
    value = valued(account=SMALL)
    base = snap(account=SMALL, valuation=value)
    alone = preview(order("1", Market()), base, LIMITS).liquidation_price
    beside = preview(order("1", Market()), replace(base, positions=(other, spot, flat)), LIMITS).liquidation_price
    assert alone is not None
    assert beside is not None
    assert alone < beside
    margined = replace(value, margin_used=D(1000))
    abroad = preview(order("1", Market()), replace(base, valuation=margined, positions=(foreign,)), LIMITS)
    assert abroad.liquidation_price is not None
    assert abroad.liquidation_price > alone
