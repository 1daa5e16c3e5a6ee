"""The exchange's own checks: it trusts nobody, not even the gate. Every refusal has a stable code and a sentence."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from bidmere.brokerage.execution_port import Refused
from bidmere.model.instrument import Instrument, InstrumentStatus
from bidmere.model.money import plain
from bidmere.model.orders import (
    Limit,
    OrderIntent,
    OrderSpec,
    TimeInForce,
    TrailingStop,
    limit_price,
    trigger_price,
)

DEFINITIVE_CODES = frozenset(
    {
        "V-SYMBOL", "V-ACCOUNT", "V-DUPLICATE-ID", "V-HALTED", "V-CLOSE-ONLY", "V-TYPE", "V-TIF", "V-TICK", "V-PRICE",
        "V-LOT", "V-QTY", "V-MIN-NOTIONAL", "V-DISPLAY", "V-EXPIRED", "V-POST-ONLY", "V-REDUCE-ONLY", "V-PARENT",
        "V-NO-LIQUIDITY", "V-SHORT", "V-MARGIN", "V-UNKNOWN-ORDER", "V-REPLACE",
    }
)  # fmt: skip
"""Codes that prove the order is not at the venue (or, for cancel and replace, is as it was)."""

Check = Callable[[Instrument, OrderIntent, Decimal, OrderSpec], Refused | None]


def refused(code: str, reason: str) -> Refused:
    """Return a refusal; the venue's raw words are code and sentence."""
    assert code in DEFINITIVE_CODES, code
    return Refused(code=code, reason=reason, raw=f"{code}: {reason}")


def form_refusal(
    instrument: Instrument, status: InstrumentStatus, intent: OrderIntent, qty: Decimal, spec: OrderSpec, now_ns: int
) -> Refused | None:
    """Return why the form of an order is wrong (grid, type, size, dates), None when it is right."""
    if status in (InstrumentStatus.HALTED, InstrumentStatus.CLOSED):
        return refused("V-HALTED", f"{instrument.id.symbol} is {status.value}: no order is taken now.")
    if instrument.order_types and spec.kind not in instrument.order_types:
        return refused("V-TYPE", f"{instrument.id.symbol} takes no {spec.kind} order.")
    if instrument.tifs and intent.tif.value not in instrument.tifs:
        return refused("V-TIF", f"{instrument.id.symbol} takes no {intent.tif.value} order.")
    return (
        _size_refusal(instrument, qty)
        or _price_refusal(instrument, spec)
        or _time_refusal(intent, spec, now_ns)
        or _display_refusal(instrument, spec, qty)
    )


def notional_refusal(instrument: Instrument, qty: Decimal, price: Decimal | None) -> Refused | None:
    """Return a refusal when the order is worth too little at a price (quote currency)."""
    if price is None or not instrument.min_notional:
        return None
    value = qty * instrument.multiplier if instrument.inverse else qty * price * instrument.multiplier
    if value >= instrument.min_notional:
        return None
    return refused(
        "V-MIN-NOTIONAL",
        f"The order is worth {plain(value)} {instrument.quote}; "
        f"the least is {plain(instrument.min_notional)} {instrument.quote}.",
    )


def _size_refusal(instrument: Instrument, qty: Decimal) -> Refused | None:
    if qty <= 0 or qty < instrument.min_qty:
        least = max(instrument.min_qty, instrument.lot)
        return refused("V-QTY", f"Quantity {plain(qty)} is below the least, {plain(least)}.")
    if instrument.max_qty is not None and qty > instrument.max_qty:
        return refused("V-QTY", f"Quantity {plain(qty)} is above the most, {plain(instrument.max_qty)}.")
    if not instrument.on_lot(qty):
        return refused("V-LOT", f"Quantity {plain(qty)} is not a multiple of the lot, {plain(instrument.lot)}.")
    return None


def _price_refusal(instrument: Instrument, spec: OrderSpec) -> Refused | None:
    named = {"Limit price": limit_price(spec), "Trigger price": trigger_price(spec)}
    if isinstance(spec, TrailingStop):
        named = {"Trailing offset": spec.offset, "Activation price": spec.activation}
    for name, price in named.items():
        if price is None:
            continue
        if price <= 0:
            return refused("V-PRICE", f"{name} {plain(price)} is not above zero.")
        if not instrument.on_tick(price):
            return refused("V-TICK", f"{name} {plain(price)} is not a multiple of the tick, {plain(instrument.tick)}.")
    return None


def _time_refusal(intent: OrderIntent, spec: OrderSpec, now_ns: int) -> Refused | None:
    if intent.tif is TimeInForce.GTD and (intent.expire_ns is None or intent.expire_ns <= now_ns):
        return refused("V-EXPIRED", "A GTD order needs an end that has not passed.")
    if isinstance(spec, Limit) and spec.post_only and intent.tif in (TimeInForce.IOC, TimeInForce.FOK):
        return refused("V-POST-ONLY", f"Post-only orders rest in the book and cannot be {intent.tif.value}.")
    return None


def _display_refusal(instrument: Instrument, spec: OrderSpec, qty: Decimal) -> Refused | None:
    if not isinstance(spec, Limit) or spec.display_qty is None:
        return None
    if 0 < spec.display_qty <= qty and instrument.on_lot(spec.display_qty):
        return None
    return refused(
        "V-DISPLAY", "The displayed quantity must be a multiple of the lot, above zero and within the order."
    )
