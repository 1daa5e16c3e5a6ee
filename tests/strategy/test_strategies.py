"""Parameters, the registry, and the contract every strategy keeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.errors import InvalidInput
from bidmere.model.bars import BarArray
from bidmere.strategy.params import describe, make_params, param
from bidmere.strategy.registry import load_strategy, strategy_names


@dataclass(frozen=True)
class Params:
    """Two parameters, one whole and one not."""

    length: int = param(10, low=2, high=50)
    factor: float = param(1.5, low=0.5, high=3.0, title="Band factor")


def walk(count: int, seed: int) -> BarArray:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    opened = np.r_[close[:1], close[:-1]]
    spread = np.abs(rng.normal(0, 0.3, count))
    high, low = np.maximum(opened, close) + spread, np.minimum(opened, close) - spread
    ts = np.arange(count, dtype=np.int64) * 60_000_000_000
    return BarArray.from_columns(ts, opened, high, low, close, rng.integers(1, 100, count))


def test_parameters_are_described_from_their_declaration() -> None:
    length, factor = describe(Params)
    assert (length.name, length.default, length.low, length.high, length.whole) == ("length", 10, 2.0, 50.0, True)
    assert (factor.title, factor.whole) == ("Band factor", False)


def test_given_values_are_taken_and_whole_ones_stay_whole() -> None:
    made = make_params(Params, {"length": 20.0, "factor": 2.0})
    assert made == Params(length=20, factor=2.0)
    assert isinstance(made.length, int)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"lenght": 5.0}, "Did you mean length"),
        ({"zzz": 5.0}, "It has: length, factor"),
        ({"length": 1.0}, "between 2 and 50"),
        ({"length": 51.0}, "between 2 and 50"),
        ({"length": 2.5}, "whole number"),
        ({"factor": float("nan")}, "between"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_would_be_right(given: dict[str, float], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        make_params(Params, given)


def test_an_unknown_strategy_is_refused_with_a_suggestion() -> None:
    with pytest.raises(InvalidInput, match="Did you mean sma_cross"):
        load_strategy("sma_cros")


@pytest.mark.parametrize("name", strategy_names())
@given(seed=st.integers(0, 1_000), count=st.integers(1, 300), data=st.data())
def test_no_strategy_looks_ahead(name: str, seed: int, count: int, data: st.DataObject) -> None:
    strategy = load_strategy(name)()
    values = make_params(strategy.Params, None)
    bars = walk(count, seed)
    whole = strategy.targets(bars, values).values
    cut = data.draw(st.integers(1, count))
    np.testing.assert_array_equal(strategy.targets(bars[:cut], values).values, whole[:cut])
    np.testing.assert_array_equal(load_strategy(name)().targets(bars, values).values, whole)


def test_sma_cross_is_long_exactly_while_the_fast_average_is_above_the_slow_one() -> None:
    strategy = load_strategy("sma_cross")()
    bars = walk(200, 7)
    targets = strategy.targets(bars, make_params(strategy.Params, {"fast": 5, "slow": 20})).values
    for row in range(200):
        fast = bars.close[row - 4 : row + 1].mean() if row >= 4 else np.nan
        slow = bars.close[row - 19 : row + 1].mean() if row >= 19 else np.nan
        if abs(fast - slow) > 1e-9 or np.isnan(slow):
            assert targets[row] == (1.0 if fast > slow else 0.0)
    assert set(targets) == {0.0, 1.0}
