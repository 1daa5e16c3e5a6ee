"""An order at the simulated venue as plain JSON values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import Side
from bidmere.model.orders import (
    Bracket,
    Limit,
    LimitIfTouched,
    Market,
    MarketIfTouched,
    OrderIntent,
    OrderSpec,
    OrderState,
    Stop,
    StopLimit,
    TimeInForce,
    TrailingStop,
)
from bidmere.simulation.working import Stage, WorkingOrder

_SPECS: dict[str, type[OrderSpec]] = {
    kind.kind: kind for kind in (Market, Limit, Stop, StopLimit, TrailingStop, MarketIfTouched, LimitIfTouched)
}
_PLAIN = (
    "client_id", "venue_id", "qty", "filled", "fill_count", "extreme", "activated", "triggered", "trigger", "shown",
    "expires_ns", "created_ns",
)  # fmt: skip


def order_to_json(order: WorkingOrder) -> dict[str, Any]:
    """Return everything that brings the order back."""
    intent: dict[str, Any] = msgspec.to_builtins(order.intent)
    intent["spec"] = _spec_to_json(order.intent.spec)
    return {name: getattr(order, name) for name in _PLAIN} | {
        "value": str(order.value),
        "stage": order.stage.name,
        "end": order.end.value,
        "spec": _spec_to_json(order.spec),
        "intent": intent,
    }


def order_from_json(row: Mapping[str, Any], instruments: Mapping[InstrumentId, Instrument]) -> WorkingOrder | None:
    """Return the order, None when its instrument is not traded any more."""
    intent = _intent_from_json(row["intent"])
    instrument = instruments.get(intent.instrument)
    if instrument is None:
        return None
    spec = _spec_from_json(row["spec"])
    order = WorkingOrder(
        client_id=row["client_id"],
        venue_id=row["venue_id"],
        intent=intent,
        instrument=instrument,
        spec=spec,
        qty=row["qty"],
        sign=intent.side.sign,
        value=Decimal(row["value"]),
        stage=Stage[row["stage"]],
        end=OrderState(row["end"]),
    )
    order.load(spec)
    for name in _PLAIN:
        setattr(order, name, row[name])
    return order


def _spec_to_json(spec: OrderSpec) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(spec)
    return values | {"kind": spec.kind}


def _spec_from_json(row: Mapping[str, Any]) -> OrderSpec:
    values = {name: value for name, value in row.items() if name != "kind"}
    return msgspec.convert(values, _SPECS[row["kind"]])


def _intent_from_json(row: Mapping[str, Any]) -> OrderIntent:
    typed: dict[str, Any] = dict(row)
    cap, bracket = row["slippage_cap"], row["bracket"]
    typed |= {
        "instrument": InstrumentId(**row["instrument"]),
        "side": Side(row["side"]),
        "qty": Decimal(row["qty"]),
        "spec": _spec_from_json(row["spec"]),
        "tif": TimeInForce(row["tif"]),
        "slippage_cap": None if cap is None else Decimal(cap),
        "bracket": None if bracket is None else msgspec.convert(bracket, Bracket),
    }
    return OrderIntent(**typed)
