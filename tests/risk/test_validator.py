"""The gate stamps what passes and nothing else; changes are judged like orders."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.risk.cases import (
    ENTRY_LIMIT,
    GATE,
    LIMITS,
    NOW,
    PERP,
    SPOT,
    D,
    failed_codes,
    found,
    held,
    judge,
    no_rate,
    order,
    snap,
)

from bidmere.brokerage.approval import ApprovedOrder, ApprovedReplace, ForgedApproval
from bidmere.model.market import Side
from bidmere.model.orders import Limit, Market, OrderState
from bidmere.risk.case import build_case
from bidmere.risk.decision import Approved, ApprovedChange, Denied
from bidmere.risk.snapshot import pending_elsewhere
from bidmere.risk.state import TradingState

OPEN = OrderState.OPEN


def test_r31_a_pass_is_stamped_for_exactly_this_order() -> None:
    one = order()
    decision = GATE.validate(one, snap(), LIMITS)
    assert isinstance(decision, Approved)
    assert decision.order.order is one
    assert decision.report.ts == NOW
    with pytest.raises(ForgedApproval):
        ApprovedOrder(replace(one, qty=D(9)), decision.order.mac)


def test_a_refusal_names_the_first_check_that_failed() -> None:
    decision = GATE.validate(order("1"), snap(kill_level=2), LIMITS)
    assert isinstance(decision, Denied)
    assert decision.code == "L-KILL"
    assert decision.reason.startswith("The kill switch is raised to level 2")
    assert decision.report.largest_qty is None


def test_the_quantity_and_spec_of_the_order_are_judged_not_those_it_was_asked_with() -> None:
    one = order("0.1")
    assert isinstance(GATE.validate(replace(one, qty=D("0.2")), snap(), LIMITS), Denied)
    assert isinstance(GATE.validate(replace(one, spec=Limit(price=D(70000))), snap(), LIMITS), Denied)


WORKING = order("0.1", client_id="W", state=OPEN)


def test_a_change_is_stamped_for_exactly_this_change() -> None:
    spec = Limit(price=D(63800))
    decision = GATE.validate_replace(WORKING, D("0.11"), spec, snap(working=(WORKING,)), LIMITS)
    assert isinstance(decision, ApprovedChange)
    assert (decision.change.qty, decision.change.spec) == (D("0.11"), spec)
    with pytest.raises(ForgedApproval):
        ApprovedReplace(WORKING, D("0.12"), spec, decision.change.mac)


def test_a_change_does_not_count_the_order_twice() -> None:
    limits = replace(LIMITS, open_orders_symbol=1, position_pct=D(7))
    decision = GATE.validate_replace(WORKING, D("0.1"), ENTRY_LIMIT, snap(working=(WORKING,)), limits)
    assert isinstance(decision, ApprovedChange)


def test_a_change_is_no_repeat_of_its_own_order() -> None:
    snapshot = snap(working=(WORKING,), recent_orders=((NOW, WORKING.intent),))
    assert isinstance(GATE.validate_replace(WORKING, D("0.1"), ENTRY_LIMIT, snapshot, LIMITS), ApprovedChange)


def test_a_change_that_is_too_large_names_the_largest_total() -> None:
    part = order("0.1", client_id="W", state=OrderState.PARTIAL, filled="0.05")
    snapshot = snap(held("0.05"), working=(part,))
    decision = GATE.validate_replace(part, D(1), part.spec, snapshot, LIMITS)
    assert isinstance(decision, Denied)
    assert decision.code == "L-ORDER-VALUE"
    assert decision.report.largest_qty == D("0.156")
    assert isinstance(GATE.validate_replace(part, D("0.156"), part.spec, snapshot, LIMITS), ApprovedChange)


@pytest.mark.parametrize("qty", ["0.05", "0.04"])
def test_a_change_below_what_is_filled_is_refused(qty: str) -> None:
    part = order("0.1", client_id="W", state=OrderState.PARTIAL, filled="0.05")
    decision = GATE.validate_replace(part, D(qty), part.spec, snap(held("0.05")), LIMITS)
    assert isinstance(decision, Denied)
    assert decision.code == "L-LOT"
    assert "filled already" in decision.reason


def test_making_an_order_smaller_is_never_blocked_and_moving_it_is() -> None:
    locked = snap(working=(WORKING,), trading_state=TradingState.HALTED)
    assert isinstance(GATE.validate_replace(WORKING, D("0.05"), WORKING.spec, locked, LIMITS), ApprovedChange)
    assert isinstance(GATE.validate_replace(WORKING, D("0.1"), ENTRY_LIMIT, locked, LIMITS), Denied)


def test_an_order_whose_outcome_is_unknown_is_not_changed() -> None:
    unknown = replace(WORKING, state=OrderState.UNKNOWN)
    decision = GATE.validate_replace(unknown, D("0.1"), ENTRY_LIMIT, snap(working=(unknown,)), LIMITS)
    assert isinstance(decision, Denied)
    assert decision.code == "L-UNKNOWN"


def test_no_largest_quantity_where_none_passes() -> None:
    assert judge(order(), snap(journal_ok=False)).largest_qty is None
    assert judge(order(), snap(instrument=None)).largest_qty is None
    assert judge(order(side=Side.SELL, reduce_only=True), snap()).largest_qty is None
    small = replace(PERP, min_notional=D(20_000))
    assert judge(order("1"), snap(instrument=small)).largest_qty is None


def test_a_quantity_off_the_grid_still_gets_the_largest_that_passes() -> None:
    report = judge(order("0.1001"), snap())
    assert failed_codes(report) == {"L-LOT"}
    assert report.largest_qty == D("0.156")


def test_a_worthless_instrument_has_no_largest_by_value() -> None:
    free = replace(PERP, multiplier=D(0), min_notional=D(0))
    assert found(judge(order(), snap(instrument=free)), "L-ORDER-VALUE").largest is None


def test_a_marketable_limit_is_valued_at_the_worse_of_its_price_and_the_market() -> None:
    sell = order("0.157", Limit(price=D(63000)), Side.SELL)
    assert "L-ORDER-VALUE" in failed_codes(judge(sell, snap()))
    assert "L-ORDER-VALUE" not in failed_codes(judge(order("0.156", Limit(price=D(63000)), Side.SELL), snap()))


def test_pending_elsewhere_counts_entries_on_other_instruments_at_their_worst() -> None:
    known = {PERP.id: PERP, SPOT.id: SPOT}
    eth = order("2", Limit(price=D(3000)), instrument=SPOT.id, state=OPEN)
    market = order("1", Market(), instrument=SPOT.id, state=OPEN)
    exit_order = order("9", Limit(price=D(3000)), instrument=SPOT.id, state=OPEN, reduce_only=True)
    strange = order("9", instrument=replace(SPOT, id=replace(SPOT.id, symbol="XYZ")).id, state=OPEN)
    here = order("9", state=OPEN)

    def count(*working: object, currency: str = "USDT", mark: str | None = "3100") -> tuple[D, D]:
        price = D(mark) if mark else None
        return pending_elsewhere(working, PERP.id, known.get, lambda _: price, no_rate, currency)  # type: ignore[arg-type]

    assert count(eth, market, exit_order, strange, here) == (D(9100), D(9100))
    assert count(market, mark=None) == (D(0), D(0))
    assert count(eth, currency="EUR") == (D(0), D(0))


def test_values_elsewhere_take_room() -> None:
    assert "L-BUYING-POWER" in failed_codes(judge(order(), snap(other_pending_margin=D(99_999))))
    other = replace(held("1", "3000"), instrument=replace(SPOT, lot=D(1)))
    assert judge(order(), snap(positions=(other,))).passed


def test_the_search_for_the_largest_ends_within_a_few_lots_and_never_below_what_reduces() -> None:
    one = order("0.6", Market(), Side.SELL)
    case = build_case(one.intent, one.qty, one.spec, snap(held("0.5")), LIMITS)
    assert case.largest_passing(lambda _: False, D(3)) == D("0.5")
    assert case.largest_passing(lambda _: True, D(3)) == D("3.004")
    assert case.largest_passing(lambda leaves: leaves <= D("0.501"), D("0.503")) == D("0.501")
    assert case.largest_passing(lambda leaves: leaves <= D("0.502"), D("-9")) == D("0.502")
    blind = build_case(one.intent, one.qty, one.spec, snap(instrument=None), LIMITS)
    assert blind.largest_passing(lambda _: True, D(3)) == D(0)
