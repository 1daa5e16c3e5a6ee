"""The pyramid of coarser bars equals folding by hand, however the bars came in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bidmere_terminal.charts.series import LinePyramid
from bidmere_terminal.charts.store import FACTOR, BarStore

from .conftest import START_NS, STEP_NS, walk


def whole(store: BarStore) -> list[np.ndarray]:
    bars = store.bars()
    return [bars.ts, bars.open, bars.high, bars.low, bars.close, bars.volume]


def assert_pyramid_is_true(store: BarStore) -> None:
    bars = store.bars()
    size = FACTOR
    for level in store._levels[1:]:
        for bucket in range(-(-len(store) // size)):
            part = bars[bucket * size : (bucket + 1) * size]
            expected = [part.open[0], part.high.max(), part.low.min(), part.close[-1], part.volume.sum()]
            np.testing.assert_allclose(level[:, bucket], expected, rtol=1e-12)
        size *= FACTOR


actions = st.lists(st.sampled_from(["append", "update", "append", "append"]), max_size=120)


@settings(max_examples=40, deadline=None)
@given(start=st.integers(0, 700), steps=actions, seed=st.integers(0, 1_000))
def test_streaming_equals_rebuilding_and_folding_by_hand(start: int, steps: list[str], seed: int) -> None:
    source = walk(start + len(steps) + 1, seed)
    store = BarStore()
    store.replace(source[:start])
    rows = [list(column) for column in whole(store)]
    for step in steps:
        size = len(store)
        values = tuple(float(column[(size * 7) % len(source)]) for column in (
            source.open, source.high, source.low, source.close, source.volume))  # fmt: skip
        if step == "update" and size:
            store.update_last(values)
            for row, value in zip(rows[1:], values, strict=True):
                row[-1] = value
        else:
            ts = START_NS + (start + size) * STEP_NS
            store.append(ts, values)
            for row, value in zip(rows, (ts, *values), strict=True):
                row.append(value)
    for column, row in zip(whole(store), rows, strict=True):
        np.testing.assert_array_equal(column, row)
    assert_pyramid_is_true(store)


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 5_000),
    first=st.floats(-50, 5_000),
    span=st.floats(1, 6_000),
    columns=st.integers(2, 900),
)
def test_a_window_covers_every_visible_bar_once_in_few_columns(n: int, first: float, span: float, columns: int) -> None:
    store = BarStore()
    store.replace(walk(n))
    window = store.window(first, first + span, columns)
    start, stop = max(0, int(np.floor(first))), min(n, int(np.ceil(first + span)) + 1)
    if stop <= start:
        assert window is None
        return
    assert window is not None
    assert len(window) <= columns + 2
    assert np.all(np.diff(window.first) == window.factor)
    assert window.first[0] <= start < window.first[0] + window.factor
    assert window.first[-1] <= stop - 1 < window.first[-1] + window.factor
    bars = store.bars()
    for k in range(0, len(window), max(1, len(window) // 7)):
        part = bars[int(window.first[k]) : int(window.first[k]) + window.factor]
        expected = [part.open[0], part.high.max(), part.low.min(), part.close[-1], part.volume.sum()]
        np.testing.assert_allclose(window.bars[:, k], expected, rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 3_000), cut=st.integers(0, 2_999), factor=st.sampled_from([1, 3, 8, 24, 64, 512]))
def test_a_spliced_line_equals_a_fresh_one(n: int, cut: int, factor: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    values[: n // 10] = np.nan
    cut = min(cut, n)
    spliced, fresh = LinePyramid(), LinePyramid()
    spliced.replace(np.concatenate([values[:cut], np.full(min(1, n - cut), 1e9)]))
    spliced.splice(cut, values[cut:])
    fresh.replace(values)
    np.testing.assert_array_equal(spliced.values, values)
    one, other = spliced.window(0, n, factor), fresh.window(0, n, factor)
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.low, other.low)
    np.testing.assert_array_equal(one.high, other.high)
    by_hand = [np.fmax.reduce(values[k : k + factor]) for k in range(0, n, factor)]
    np.testing.assert_array_equal(one.high, by_hand)


def test_missing_prices_are_left_out_of_a_fold() -> None:
    bars = walk(64)
    columns = [c.copy() for c in (bars.open, bars.high, bars.low, bars.close, bars.volume)]
    for column in columns[1:3]:
        column[3] = np.nan
    store = BarStore()
    store.replace(type(bars).from_columns(bars.ts, *columns))
    window = store.window(0, 64, 8)
    assert window is not None
    assert np.isfinite(window.high).all()
    assert np.isfinite(window.low).all()


def test_an_empty_store_has_nothing_to_show_or_change() -> None:
    store = BarStore()
    assert store.window(0, 10, 100) is None
    assert store.last_ts() is None
    with pytest.raises(IndexError):
        store.update_last((1.0, 1.0, 1.0, 1.0, 1.0))
