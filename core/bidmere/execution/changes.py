"""What a change of price, trigger or quantity makes of an order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bidmere.errors import InvalidInput
from bidmere.model.orders import (
    Limit,
    LimitIfTouched,
    MarketIfTouched,
    Order,
    OrderSpec,
    OrderState,
    Stop,
    StopLimit,
    limit_price,
    trigger_price,
)

_CHANGEABLE = (OrderState.OPEN, OrderState.PARTIAL)


def changed_spec(order: Order, qty: Decimal | None, price: Decimal | None, trigger: Decimal | None) -> OrderSpec:
    """Return the spec after a change. Raises InvalidInput when the order cannot be changed, or not so."""
    if order.state not in _CHANGEABLE:
        raise InvalidInput(f"Order {order.client_id} is {order.state}: only a working order can be changed.")
    if order.pending_cancel:
        raise InvalidInput(f"Order {order.client_id} is being cancelled: it cannot be changed any more.")
    if order.pending_replace:
        raise InvalidInput(f"Order {order.client_id} is being changed already: wait for the venue's answer.")
    spec = order.spec
    if price is not None:
        if limit_price(spec) is None:
            raise InvalidInput(f"A {spec.kind} order has no limit price to change.")
        spec = _with_price(spec, price)
    if trigger is not None:
        if trigger_price(spec) is None:
            raise InvalidInput(f"A {spec.kind} order has no trigger price to change.")
        spec = _with_trigger(spec, trigger)
    if spec == order.spec and (qty is None or qty == order.qty):
        raise InvalidInput("Nothing would change: give another quantity, price or trigger.")
    return spec


def _with_price(spec: OrderSpec, price: Decimal) -> OrderSpec:
    return replace(spec, price=price) if isinstance(spec, Limit | StopLimit | LimitIfTouched) else spec


def _with_trigger(spec: OrderSpec, trigger: Decimal) -> OrderSpec:
    if isinstance(spec, Stop | MarketIfTouched):
        return replace(spec, trigger=trigger)
    return replace(spec, trigger=trigger) if isinstance(spec, StopLimit | LimitIfTouched) else spec
