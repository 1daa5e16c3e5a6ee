"""The order state table: every transition that evidence may cause; anything else is refused (R-2, R-3, R-4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from bidmere.errors import ContractViolation
from bidmere.model.events import (
    CancelRejected,
    CancelRequested,
    OrderAccepted,
    OrderApproved,
    OrderAwaitingConfirm,
    OrderCanceled,
    OrderClaimed,
    OrderDead,
    OrderDenied,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderQuarantined,
    OrderRejected,
    OrderReplaced,
    OrderResolved,
    OrderTriggered,
    OrderUnknown,
    ReplaceRejected,
    ReplaceRequested,
)
from bidmere.model.fills import Fill
from bidmere.model.money import ZERO
from bidmere.model.orders import Order, OrderState

S = OrderState
EventType = type[OrderEvent]


class IllegalTransition(ContractViolation):
    """An event does not fit the order's state; the order is left as it was."""

    code = "E-TRANSITION"


_FLAGS: dict[EventType, None] = dict.fromkeys(
    (CancelRequested, CancelRejected, ReplaceRequested, OrderReplaced, ReplaceRejected, OrderTriggered)
)


def _stay(state: OrderState, *events: EventType) -> dict[EventType, frozenset[OrderState]]:
    return {event: frozenset({state}) for event in events}


def _to(*states: OrderState) -> frozenset[OrderState]:
    return frozenset(states)


_AT_VENUE: dict[EventType, frozenset[OrderState]] = {
    OrderFilled: _to(S.PARTIAL, S.FILLED, S.QUARANTINED),
    OrderRejected: _to(S.REJECTED),
    OrderCanceled: _to(S.CANCELED),
    OrderExpired: _to(S.EXPIRED),
    OrderUnknown: _to(S.UNKNOWN),
    OrderQuarantined: _to(S.QUARANTINED),
}
_CONTRADICTED: dict[EventType, frozenset[OrderState]] = {
    OrderFilled: _to(S.QUARANTINED),
    OrderAccepted: _to(S.QUARANTINED),
    OrderQuarantined: _to(S.QUARANTINED),
}

TRANSITIONS: Mapping[OrderState, Mapping[EventType, frozenset[OrderState]]] = MappingProxyType(
    {
        S.DRAFT: {
            OrderApproved: _to(S.APPROVED),
            OrderDenied: _to(S.DENIED),
            OrderAwaitingConfirm: _to(S.AWAITING_CONFIRM),
            OrderFilled: _to(S.QUARANTINED),
        },
        S.AWAITING_CONFIRM: {
            OrderApproved: _to(S.APPROVED),
            OrderDenied: _to(S.DENIED),
            OrderDead: _to(S.DEAD),
            OrderFilled: _to(S.QUARANTINED),
        },
        S.APPROVED: {
            OrderClaimed: _to(S.PENDING_SUBMIT),
            OrderDead: _to(S.DEAD),
            OrderFilled: _to(S.QUARANTINED),
        },
        S.PENDING_SUBMIT: {
            **_AT_VENUE,
            **_stay(S.PENDING_SUBMIT, CancelRequested, CancelRejected, OrderTriggered),
            OrderAccepted: _to(S.OPEN),
            OrderDead: _to(S.DEAD),
        },
        S.OPEN: {**_AT_VENUE, **_stay(S.OPEN, OrderAccepted, *_FLAGS)},
        S.PARTIAL: {**_AT_VENUE, **_stay(S.PARTIAL, OrderAccepted, *_FLAGS), OrderReplaced: _to(S.PARTIAL, S.FILLED)},
        S.UNKNOWN: {
            **_AT_VENUE,
            **_stay(S.UNKNOWN, *_FLAGS),
            OrderAccepted: _to(S.OPEN, S.PARTIAL),
        },
        # A fill that comes late is the venue's truth; after "never sent" or "refused" it contradicts.
        S.FILLED: {
            **_stay(S.FILLED, OrderAccepted, CancelRejected, ReplaceRejected, OrderTriggered, CancelRequested),
            OrderFilled: _to(S.QUARANTINED),
            OrderQuarantined: _to(S.QUARANTINED),
        },
        S.CANCELED: {
            **_stay(S.CANCELED, OrderAccepted, OrderCanceled, CancelRejected, ReplaceRejected, OrderTriggered),
            OrderFilled: _to(S.CANCELED, S.FILLED, S.QUARANTINED),
            OrderQuarantined: _to(S.QUARANTINED),
        },
        S.EXPIRED: {
            **_stay(S.EXPIRED, OrderAccepted, OrderExpired, CancelRejected, ReplaceRejected, OrderTriggered),
            OrderFilled: _to(S.EXPIRED, S.FILLED, S.QUARANTINED),
            OrderQuarantined: _to(S.QUARANTINED),
        },
        S.REJECTED: {**_CONTRADICTED, **_stay(S.REJECTED, OrderRejected, CancelRejected)},
        S.DENIED: _CONTRADICTED,
        S.DEAD: _CONTRADICTED,
        S.QUARANTINED: {
            **_stay(
                S.QUARANTINED,
                OrderFilled,
                OrderAccepted,
                OrderRejected,
                OrderCanceled,
                OrderExpired,
                OrderUnknown,
                OrderQuarantined,
                *_FLAGS,
            ),
            OrderResolved: _to(S.FILLED, S.CANCELED),
        },
    }
)


def advance(order: Order, event: OrderEvent) -> Order:
    """Return the order after the event; a fill seen before leaves it unchanged.

    Raises IllegalTransition when the table has no such step; the order is then as before.
    """
    if event.client_id != order.client_id:
        raise IllegalTransition(f"Event for order {event.client_id} was applied to order {order.client_id}.")
    if isinstance(event, OrderFilled) and event.fill.trade_id in order.fill_ids:
        return order
    allowed = TRANSITIONS[order.state].get(type(event))
    if allowed is None:
        raise IllegalTransition(f"An order that is {order.state} cannot take {type(event).__name__}.")
    changed = _applied(order, event)
    if changed.state not in allowed:
        raise IllegalTransition(f"{type(event).__name__} would move an order from {order.state} to {changed.state}.")
    return replace(changed, updated_ns=event.ts)


def _applied(order: Order, event: OrderEvent) -> Order:
    fixed: dict[str, Any] = {}
    match event:
        case OrderFilled(fill=fill):
            return _filled(order, fill)
        case OrderApproved():
            fixed = {"state": S.APPROVED, "approved_ns": event.ts}
        case OrderAwaitingConfirm():
            fixed = {"state": S.AWAITING_CONFIRM}
        case OrderClaimed():
            fixed = {"state": S.PENDING_SUBMIT, "submitted_ns": event.ts}
        case OrderDenied(code=code, reason=reason):
            fixed = {"state": S.DENIED, "code": code, "reason": reason, "cause": "risk", "ended_ns": event.ts}
        case OrderDead(cause=cause, reason=reason):
            fixed = {"state": S.DEAD, "cause": cause, "reason": reason, "ended_ns": event.ts}
        case OrderAccepted(venue_id=venue_id):
            fixed = {"state": _proven(order), "venue_id": venue_id or order.venue_id}
            fixed["accepted_ns"] = order.accepted_ns or event.ts
        case OrderRejected(code=code, reason=reason, raw=raw, by=by):
            fixed = {"state": _end(order, S.REJECTED), "code": code, "reason": reason, "raw": raw, "cause": by}
            fixed |= {"ended_ns": event.ts}
        case OrderCanceled(cause=cause, reason=reason):
            fixed = {"state": _end(order, S.CANCELED), "cause": cause, "reason": reason, "ended_ns": event.ts}
        case OrderExpired(cause=cause, reason=reason):
            fixed = {"state": _end(order, S.EXPIRED), "cause": cause, "reason": reason, "ended_ns": event.ts}
        case OrderTriggered():
            fixed = {"triggered": True}
        case CancelRequested():
            fixed = {"pending_cancel": True, "refused": ""}
        case CancelRejected(code=code, reason=reason, raw=raw):
            fixed = {"pending_cancel": False, "refused": "cancel", "code": code, "reason": reason, "raw": raw}
        case ReplaceRequested():
            fixed = {"pending_replace": True, "refused": ""}
        case ReplaceRejected(code=code, reason=reason, raw=raw):
            fixed = {"pending_replace": False, "refused": "change", "code": code, "reason": reason, "raw": raw}
        case OrderReplaced(qty=qty, spec=spec, venue_id=venue_id):
            done = order.filled_qty and order.filled_qty >= qty
            fixed = {"qty": qty, "spec": spec, "pending_replace": False, "venue_id": venue_id or order.venue_id}
            fixed |= {"state": S.FILLED, "ended_ns": event.ts} if done else {}
        case OrderUnknown(reason=reason):
            fixed = {"state": _end(order, S.UNKNOWN), "reason": reason}
        case OrderQuarantined(reason=reason):
            fixed = {"state": S.QUARANTINED, "reason": reason}
        case OrderResolved(reason=reason):
            over = S.FILLED if order.filled_qty >= order.qty else S.CANCELED
            fixed = {"state": over, "cause": "you", "reason": reason, "ended_ns": event.ts}
    if fixed.get("state", order.state).is_terminal:
        fixed |= {"pending_cancel": False, "pending_replace": False}
    return replace(order, **fixed)


def _proven(order: Order) -> OrderState:
    if order.state in (S.REJECTED, S.DENIED, S.DEAD):
        return S.QUARANTINED
    if order.state in (S.PENDING_SUBMIT, S.UNKNOWN):
        return S.PARTIAL if order.filled_qty else S.OPEN
    return order.state


def _end(order: Order, target: OrderState) -> OrderState:
    return S.QUARANTINED if order.state is S.QUARANTINED else target


def _filled(order: Order, fill: Fill) -> Order:
    total = order.filled_qty + fill.qty
    average = (order.avg_price * order.filled_qty + fill.price * fill.qty) / total
    state, end = _state_after_fill(order, total), order.ended_ns
    return replace(
        order,
        state=state,
        filled_qty=total,
        avg_price=average,
        fees=_add_fee(order.fees, fill.fee_currency, fill.fee),
        venue_id=order.venue_id or fill.venue_id,
        accepted_ns=order.accepted_ns or fill.ts_event,
        first_fill_ns=order.first_fill_ns or fill.ts_event,
        ended_ns=(end or fill.ts_event) if state.is_terminal else end,
        fill_ids=order.fill_ids | {fill.trade_id},
        pending_cancel=order.pending_cancel and not state.is_terminal,
        pending_replace=order.pending_replace and not state.is_terminal,
    )


def _state_after_fill(order: Order, total: Decimal) -> OrderState:
    if total > order.qty or order.state in (
        S.DRAFT, S.AWAITING_CONFIRM, S.APPROVED, S.DENIED, S.DEAD, S.REJECTED, S.QUARANTINED
    ):  # fmt: skip
        return S.QUARANTINED
    if total == order.qty:
        return S.FILLED
    return order.state if order.state in (S.CANCELED, S.EXPIRED) else S.PARTIAL


def _add_fee(fees: tuple[tuple[str, Decimal], ...], currency: str, fee: Decimal) -> tuple[tuple[str, Decimal], ...]:
    totals = dict(fees)
    totals[currency] = totals.get(currency, ZERO) + fee
    return tuple(sorted(totals.items()))
