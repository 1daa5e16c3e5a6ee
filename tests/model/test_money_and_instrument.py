"""Decimal rules and the price and quantity grids."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.errors import InvalidInput
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.money import CONTEXT, plain, to_decimal


def instrument(tick: str = "0.1", lot: str = "0.001", **changes: object) -> Instrument:
    fixed = {"id": InstrumentId("X", "SIM"), "kind": InstrumentKind.SPOT, "base": "X", "quote": "USD"}
    return Instrument(**{**fixed, "tick": Decimal(tick), "lot": Decimal(lot), **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["NaN", "inf", "-Infinity", "1e400", "1e-400", "1,000", "1 000", "", "0x10", "1" * 40])
def test_r5_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        to_decimal(text)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=1e-9, max_value=1e12))
def test_a_float_becomes_the_decimal_it_prints_as(value: float) -> None:
    assert float(to_decimal(value)) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=8))
def test_plain_text_reads_back_without_an_exponent(value: Decimal) -> None:
    assert Decimal(plain(value)) == value
    assert "E" not in plain(value)


def test_r5_the_money_context_traps_nonsense() -> None:
    with pytest.raises(ArithmeticError):
        CONTEXT.divide(Decimal(1), Decimal(0))


ticks = st.sampled_from(["0.01", "0.5", "0.25", "0.015625", "1", "0.00001", "5", "0.05"])


@given(ticks, st.integers(min_value=1, max_value=10**7))
def test_ticks_and_prices_are_inverse_on_every_grid(tick: str, count: int) -> None:
    one = instrument(tick=tick)
    price = one.price_of(count)
    assert one.ticks(price) == count
    assert one.on_tick(price)
    assert one.to_price(float(price)) == price
    assert -int(price.as_tuple().exponent) <= one.price_decimals


@given(ticks, st.floats(min_value=0.001, max_value=1e6))
def test_rounding_goes_to_the_nearest_up_or_down_tick(tick: str, value: float) -> None:
    one = instrument(tick=tick)
    exact = to_decimal(value)
    assert one.price_down(value) <= exact <= one.price_up(value)
    assert abs(one.to_price(value) - exact) <= one.tick / 2
    assert one.price_up(value) - one.price_down(value) in (0, one.tick)


@given(st.floats(min_value=1e-9, max_value=1e6))
def test_u87_a_quantity_is_rounded_down_to_the_lot(value: float) -> None:
    one = instrument(lot="0.025")
    qty = one.to_qty(value)
    assert one.on_lot(qty)
    assert 0 <= to_decimal(value) - qty < one.lot


def test_a_linear_contract_values_by_multiplier_and_settles_in_its_quote() -> None:
    future = instrument(tick="0.25", lot="1", kind=InstrumentKind.FUTURE, multiplier=Decimal(50))
    assert future.settle == "USD"
    assert future.notional(Decimal(2), Decimal("5900.25")) == Decimal("590025.00")
    assert future.pnl(Decimal(-2), Decimal(5900), Decimal(5910)) == Decimal(-1000)


def test_an_inverse_contract_settles_in_its_base() -> None:
    inverse = instrument(kind=InstrumentKind.PERPETUAL, inverse=True, multiplier=Decimal(100))
    assert inverse.settle == "X"
    assert inverse.notional(Decimal(500), Decimal(50_000)) == Decimal(1)
    assert inverse.pnl(Decimal(500), Decimal(50_000), Decimal(100_000)) == Decimal("0.5")
    assert inverse.pnl(Decimal(-500), Decimal(50_000), Decimal(25_000)) == Decimal(1)


def test_a_worked_out_quantity_with_many_digits_is_rounded_not_refused() -> None:
    share = Decimal(5_000) / Decimal("617.99")
    assert instrument(lot="0.0001").to_qty(share) == Decimal("8.0907")
