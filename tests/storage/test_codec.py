"""The journal's codec gives back what it was given, for every value an order can hold."""

from __future__ import annotations

import dataclasses
import typing
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.errors import UnreadableData
from bidmere.model.events import FundingPaid, OrderCanceled, OrderFilled
from bidmere.model.fills import Fill, Liquidity
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.orders import Bracket, Order, OrderIntent, OrderSpec, OrderState, TimeInForce
from bidmere.storage.codec import EVENT_TYPES, canonical, decode, decode_event, encode, encode_event, plain_json

D = Decimal
numbers = st.decimals(min_value=D("-1e15"), max_value=D("1e15"), allow_nan=False, allow_infinity=False, places=9)
texts = st.text(max_size=12)
times = st.integers(0, 2**62)
instruments = st.builds(InstrumentId, st.from_regex(r"[A-Z0-9.\-/]{1,8}", fullmatch=True), st.just("SIM"))
specs = st.one_of([st.builds(cls) for cls in typing.get_args(OrderSpec) if cls.kind == "market"]) | st.one_of(
    [
        st.builds(cls, **{
            item.name: st.booleans() if item.name == "post_only" else numbers for item in dataclasses.fields(cls)
        })
        for cls in typing.get_args(OrderSpec)
        if cls.kind != "market"
    ]
)  # fmt: skip
brackets = st.builds(Bracket, take_profit=st.none() | numbers, stop_loss=st.none() | numbers, trail=st.none() | numbers)
intents = st.builds(
    OrderIntent, instrument=instruments, side=st.sampled_from(Side), qty=numbers, spec=specs, account=texts,
    source=texts, tif=st.sampled_from(TimeInForce), reduce_only=st.booleans(), expire_ns=st.none() | times,
    reason=texts, strategy=texts, dedup_key=texts, bracket=st.none() | brackets, parent=texts, oco_group=texts,
    decided_ns=times, slippage_cap=st.none() | numbers,
)  # fmt: skip
fills = st.builds(
    Fill, trade_id=texts, client_id=texts, venue_id=texts, instrument=instruments, account=texts,
    side=st.sampled_from(Side), qty=numbers, price=numbers, fee=numbers, fee_currency=texts,
    liquidity=st.sampled_from(Liquidity), ts_event=times, ts_recv=times,
)  # fmt: skip


def _events() -> st.SearchStrategy[Any]:
    by_type = {
        str: texts, int: times, Decimal: numbers, InstrumentId: instruments, Fill: fills, OrderSpec: specs,
    }  # fmt: skip
    built = []
    for cls in EVENT_TYPES.values():
        hints = typing.get_type_hints(cls)
        built.append(st.builds(cls, **{item.name: by_type[hints[item.name]] for item in dataclasses.fields(cls)}))
    return st.one_of(built)


def _through_json(value: Any) -> Any:
    return plain_json(canonical(encode(value)))


@given(intents)
def test_intents_come_back(intent: OrderIntent) -> None:
    assert decode(OrderIntent, _through_json(intent)) == intent


@given(intents, st.sampled_from(OrderState), st.frozensets(texts, max_size=3), numbers)
def test_orders_come_back(intent: OrderIntent, state: OrderState, seen: frozenset[str], fee: Decimal) -> None:
    order = Order(
        client_id="T1", intent=intent, qty=intent.qty, spec=intent.spec, state=state, fill_ids=seen,
        fees=(("USDT", fee), ("BNB", fee)),
    )  # fmt: skip
    assert decode(Order, _through_json(order)) == order


@given(_events())
def test_events_come_back(event: Any) -> None:
    name, fields = encode_event(event)
    assert decode_event(name, plain_json(canonical(fields))) == event


def test_every_event_of_the_model_is_known() -> None:
    assert {OrderFilled, OrderCanceled, FundingPaid} <= set(EVENT_TYPES.values())
    assert len(EVENT_TYPES) >= 19


def test_the_text_is_canonical() -> None:
    text = canonical(encode(frozenset({"b", "a"})))
    assert text == b'["a","b"]'
    assert canonical({"b": 1, "a": D("1.10")}) == b'{"a":"1.10","b":1}'


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"instrument": "BTCUSDT.SIM"},
        {"instrument": "no dot", "side": "buy", "qty": "1", "spec": {"kind": "market"}, "account": "a", "source": "s"},
        {"instrument": "A.B", "side": "hold", "qty": "1", "spec": {"kind": "market"}, "account": "a", "source": "s"},
        {"instrument": "A.B", "side": "buy", "qty": "NaN", "spec": {"kind": "market"}, "account": "a", "source": "s"},
        {"instrument": "A.B", "side": "buy", "qty": 1.5, "spec": {"kind": "market"}, "account": "a", "source": "s"},
        {"instrument": "A.B", "side": "buy", "qty": "1", "spec": {"kind": "magic"}, "account": "a", "source": "s"},
        {"instrument": "A.B", "side": "buy", "qty": "1", "spec": {"kind": "market"}, "account": 7, "source": "s"},
    ],
)
def test_what_does_not_fit_is_refused(data: Any) -> None:
    with pytest.raises(UnreadableData):
        decode(OrderIntent, data)


def test_unknown_events_and_broken_json_are_refused() -> None:
    with pytest.raises(UnreadableData, match="unknown kind"):
        decode_event("OrderTeleported", {})
    with pytest.raises(UnreadableData, match="no JSON"):
        plain_json("{")


def test_what_has_no_place_in_the_journal_is_a_bug() -> None:
    with pytest.raises(TypeError):
        encode(object())
