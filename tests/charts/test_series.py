"""Indicators kept up to date by their tail equal a full recomputation."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest

from bidmere.indicators.catalog import CATALOG, indicator
from bidmere_terminal.charts.series import IndicatorSeries
from bidmere_terminal.charts.store import BarStore

from .conftest import STEP_NS, walk


def _row(store: BarStore, close: float) -> tuple[float, float, float, float, float]:
    before = store.row(len(store) - 1)
    return before[3], max(before[3], close) + 0.1, min(before[3], close) - 0.1, close, abs(close) + 3.0


@pytest.mark.parametrize("name", list(CATALOG))
@pytest.mark.parametrize("size", [300, 9_000])
def test_streamed_values_equal_a_full_recomputation(name: str, size: int) -> None:
    spec = indicator(name)
    settings = spec.settings({})
    store = BarStore()
    store.replace(walk(size, seed=size))
    streamed = IndicatorSeries(spec, settings)
    streamed.rebuild(store)
    rng = np.random.default_rng(1)
    for step in range(60):
        close = store.row(len(store) - 1)[3] + float(rng.normal(0, 0.3))
        start = len(store) - 1
        if step % 3 == 0:
            store.append(int(store.ts[-1]) + STEP_NS, _row(store, close))
        else:
            store.update_last(_row(store, close))
        streamed.refresh(store, start)
    fresh = IndicatorSeries(spec, settings)
    fresh.rebuild(store)
    for one, other in zip(streamed.lines, fresh.lines, strict=True):
        near = np.nanmax(np.abs(other.values))
        np.testing.assert_allclose(one.values, other.values, rtol=1e-6, atol=1e-7 * near, equal_nan=True)


def test_a_memory_longer_than_told_is_noticed_and_the_tail_made_longer() -> None:
    spec = replace(indicator("EMA"), tail=lambda _params: 20)
    store = BarStore()
    store.replace(walk(9_000))
    series = IndicatorSeries(spec, {"n": 200.0})
    series.rebuild(store)
    store.update_last(_row(store, 150.0))
    series.refresh(store, len(store) - 1)
    fresh = IndicatorSeries(spec, {"n": 200.0})
    fresh.rebuild(store)
    assert series.lines[0].values[-1] == pytest.approx(fresh.lines[0].values[-1], rel=1e-6)


def test_u41_a_failing_indicator_keeps_its_error_to_itself(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_args: object, **_kwargs: object) -> tuple[np.ndarray, ...]:
        raise ZeroDivisionError("planted")

    store = BarStore()
    store.replace(walk(100))
    series = IndicatorSeries(replace(indicator("EMA"), compute=broken), {"n": 20.0})
    logging.getLogger("bidmere_terminal.charts.series").disabled = True
    try:
        series.rebuild(store)
        series.rebuild(store)
    finally:
        logging.getLogger("bidmere_terminal.charts.series").disabled = False
    assert "failed" in series.error
    assert np.isnan(series.lines[0].values).all()
