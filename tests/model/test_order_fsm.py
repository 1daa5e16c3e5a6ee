"""The order state table: what it does not list is refused, fills are taken in every state."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bidmere.model import events
from bidmere.model.events import OrderEvent, OrderFilled
from bidmere.model.fills import Fill, Liquidity
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.order_fsm import TRANSITIONS, IllegalTransition, advance
from bidmere.model.orders import Limit, Order, OrderIntent, OrderState

D = Decimal
S = OrderState
SPEC = Limit(price=D(100))
INTENT = OrderIntent(
    instrument=InstrumentId("XYZ", "SIM"), side=Side.BUY, qty=D(10), spec=SPEC, account="A", source="api"
)


def fill(qty: object = 1, trade_id: str = "t1", price: object = 100, fee: str = "0.5") -> OrderFilled:
    made = Fill(
        trade_id=trade_id,
        client_id="T1",
        venue_id="V1",
        instrument=INTENT.instrument,
        account="A",
        side=Side.BUY,
        qty=D(str(qty)),
        price=D(str(price)),
        fee=D(fee),
        fee_currency="USD",
        liquidity=Liquidity.TAKER,
        ts_event=7,
    )
    return OrderFilled(client_id="T1", ts=7, fill=made)


MORE: dict[str, dict[str, object]] = {
    "OrderDenied": {"code": "G", "reason": "r"},
    "OrderDead": {"cause": "kill"},
    "OrderAccepted": {"venue_id": "V1"},
    "OrderRejected": {"code": "V", "reason": "r"},
    "CancelRejected": {"code": "V", "reason": "r"},
    "OrderCanceled": {"cause": "you"},
    "OrderExpired": {"cause": "DAY"},
    "ReplaceRequested": {"qty": D(5), "spec": SPEC},
    "OrderReplaced": {"qty": D(5), "spec": SPEC},
    "ReplaceRejected": {"code": "V", "reason": "r"},
    "OrderUnknown": {"reason": "r"},
    "OrderQuarantined": {"reason": "r"},
    "OrderResolved": {"source": "ui", "reason": "r"},
}
EVENT_TYPES = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, OrderEvent)]
EVENT_TYPES.remove(OrderEvent)


def event(kind: type[OrderEvent]) -> OrderEvent:
    if kind is OrderFilled:
        return fill()
    return kind(client_id="T1", ts=9, **MORE.get(kind.__name__, {}))  # type: ignore[arg-type]


def order(state: OrderState, **changes: object) -> Order:
    full = {"filled_qty": D(10), "avg_price": D(100)} if state is S.FILLED else {}
    return replace(Order(client_id="T1", intent=INTENT, qty=D(10), spec=SPEC, state=state), **(full | changes))


ALL = [(state, kind) for state in OrderState for kind in EVENT_TYPES]


def test_every_event_type_of_the_module_is_tried() -> None:
    assert len(EVENT_TYPES) == 19
    assert {kind for steps in TRANSITIONS.values() for kind in steps} <= set(EVENT_TYPES)
    assert set(TRANSITIONS) == set(OrderState)


@pytest.mark.parametrize(("state", "kind"), ALL, ids=lambda one: getattr(one, "__name__", str(one)))
def test_r2_a_step_that_is_not_in_the_table_is_refused(state: OrderState, kind: type[OrderEvent]) -> None:
    before = order(state)
    if kind in TRANSITIONS[state]:
        after = advance(before, event(kind))
        assert after.state in TRANSITIONS[state][kind]
        assert after.updated_ns == event(kind).ts
    else:
        with pytest.raises(IllegalTransition):
            advance(before, event(kind))
        assert before == order(state)


@pytest.mark.parametrize("state", OrderState)
def test_r4_a_fill_is_taken_in_every_state_and_counted_once(state: OrderState) -> None:
    before = order(state)
    once = advance(before, fill(4))
    assert (once.filled_qty, once.avg_price, once.fees) == (before.filled_qty + 4, 100, (("USD", D("0.5")),))
    assert advance(once, fill(4)) is once
    twice = advance(once, fill(2, "t2", price=103))
    assert twice.filled_qty == before.filled_qty + 6
    assert twice.avg_price == (once.avg_price * once.filled_qty + 206) / twice.filled_qty
    assert twice.fees == (("USD", D(1)),)


NEVER_AT_VENUE = (S.DRAFT, S.AWAITING_CONFIRM, S.APPROVED, S.DENIED, S.DEAD, S.REJECTED)


@pytest.mark.parametrize("state", NEVER_AT_VENUE)
def test_r4_a_fill_of_an_order_that_was_never_sent_is_quarantined(state: OrderState) -> None:
    assert advance(order(state), fill(1)).state is S.QUARANTINED


@pytest.mark.parametrize("state", [S.PENDING_SUBMIT, S.OPEN, S.PARTIAL, S.UNKNOWN, S.CANCELED, S.EXPIRED])
def test_r4_an_overfill_is_quarantined(state: OrderState) -> None:
    full = advance(order(state), fill(10))
    assert full.state is S.FILLED
    assert advance(full, fill(1, "t2")).state is S.QUARANTINED
    assert advance(order(state), fill(11)).state is S.QUARANTINED


@pytest.mark.parametrize("state", [S.CANCELED, S.EXPIRED])
def test_a_late_fill_leaves_an_ended_order_ended(state: OrderState) -> None:
    late = advance(order(state, ended_ns=3), fill(1))
    assert (late.state, late.filled_qty, late.ended_ns, late.leaves_qty) == (state, 1, 3, 0)


@pytest.mark.parametrize("state", [S.OPEN, S.PARTIAL, S.UNKNOWN])
def test_pending_is_a_flag_over_the_proven_state(state: OrderState) -> None:
    asked = advance(advance(order(state), event(events.CancelRequested)), event(events.ReplaceRequested))
    assert (asked.state, asked.pending_cancel, asked.pending_replace) == (state, True, True)
    back = advance(advance(asked, event(events.CancelRejected)), event(events.ReplaceRejected))
    assert (back.state, back.pending_cancel, back.pending_replace) == (state, False, False)
    assert (back.qty, back.spec) == (asked.qty, asked.spec)


@pytest.mark.parametrize("kind", [events.OrderCanceled, events.OrderExpired, events.OrderRejected])
def test_an_end_clears_the_flags(kind: type[OrderEvent]) -> None:
    ended = advance(order(S.OPEN, pending_cancel=True, pending_replace=True), event(kind))
    assert (ended.pending_cancel, ended.pending_replace, ended.ended_ns) == (False, False, 9)


def test_a_fill_that_completes_clears_the_flags() -> None:
    done = advance(order(S.OPEN, pending_cancel=True), fill(10))
    assert (done.state, done.pending_cancel, done.ended_ns) == (S.FILLED, False, 7)


def test_a_replacement_down_to_what_is_filled_completes() -> None:
    partial = advance(order(S.OPEN), fill(5))
    assert advance(partial, event(events.OrderReplaced)).state is S.FILLED


def test_an_acceptance_that_comes_late_does_not_undo_fills() -> None:
    filled = advance(order(S.PENDING_SUBMIT), fill(3))
    assert advance(filled, event(events.OrderAccepted)).state is S.PARTIAL
    unknown = order(S.UNKNOWN, filled_qty=D(3))
    assert advance(unknown, event(events.OrderAccepted)).state is S.PARTIAL


def test_an_event_of_another_order_is_refused() -> None:
    with pytest.raises(IllegalTransition, match="T2"):
        advance(order(S.OPEN), replace(event(events.OrderCanceled), client_id="T2"))


@pytest.mark.parametrize(("filled", "state"), [(D(4), S.CANCELED), (D(10), S.FILLED), (D(12), S.FILLED)])
def test_a_person_ends_a_quarantined_order_and_new_evidence_contradicts_again(filled: Decimal, state: S) -> None:
    before = order(S.QUARANTINED, filled_qty=filled, avg_price=D(100), pending_cancel=True)
    over = advance(before, event(events.OrderResolved))
    assert (over.state, over.cause, over.reason, over.ended_ns) == (state, "you", "r", 9)
    assert not over.pending_cancel
    assert advance(over, fill(7)).state is S.QUARANTINED
