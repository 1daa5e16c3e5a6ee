"""View arithmetic: the follow rule, zoom around a point, scales, round ticks, labels that never overlap."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bidmere_terminal.charts.viewport import Scale, Viewport, fit, nice_step, spread, ticks


def test_u36_a_view_on_the_last_bar_follows_new_bars() -> None:
    view = Viewport()
    view.reset(500)
    left, span = view.left, view.span
    view.appended(3)
    assert view.left == left + 3
    assert view.span == span
    assert view.shows_last


def test_u36_a_view_scrolled_back_stays_where_it_is() -> None:
    view = Viewport()
    view.reset(500)
    view.pan(-200)
    left, span = view.left, view.span
    view.appended(50)
    assert (view.left, view.span) == (left, span)


@settings(max_examples=80, deadline=None)
@given(count=st.integers(1, 100_000), moves=st.lists(st.floats(-5_000, 5_000), max_size=8), more=st.integers(1, 500))
def test_u36_new_bars_never_change_zoom_nor_an_old_view(count: int, moves: list[float], more: int) -> None:
    view = Viewport()
    view.reset(count)
    for move in moves:
        view.pan(move)
    left, span, followed = view.left, view.span, view.shows_last
    distance = view.right - view.count
    view.appended(more)
    assert view.span == span
    if followed:
        assert view.right - view.count == pytest.approx(distance)
    else:
        assert view.left == left


@settings(max_examples=80, deadline=None)
@given(factor=st.floats(0.2, 5.0), anchor=st.floats(0, 1), pan=st.floats(-300, 0))
def test_zoom_keeps_the_bar_under_the_pointer(factor: float, anchor: float, pan: float) -> None:
    view = Viewport()
    view.reset(100_000)
    view.pan(pan)
    under = view.left + view.span * anchor
    view.zoom(factor, anchor)
    assert view.left + view.span * anchor == pytest.approx(under, abs=1e-6)


@settings(max_examples=80, deadline=None)
@given(count=st.integers(0, 5_000), moves=st.lists(st.tuples(st.floats(-1e7, 1e7), st.floats(1e-4, 1e4)), max_size=10))
def test_some_bar_always_stays_in_reach(count: int, moves: list[tuple[float, float]]) -> None:
    view = Viewport()
    view.reset(count)
    for pan, zoom in moves:
        view.pan(pan)
        view.zoom(zoom, 0.5)
        assert view.right > 0 or count == 0
        assert view.left < max(count, 1)
        assert view.span >= 5


@settings(max_examples=80, deadline=None)
@given(
    low=st.floats(0.01, 1e5),
    extent=st.floats(0.01, 1e5),
    share=st.floats(0, 1),
    log=st.booleans(),
    invert=st.booleans(),
)
def test_a_scale_and_its_inverse_agree(low: float, extent: float, share: float, log: bool, invert: bool) -> None:
    scale = Scale(low, low + extent, 10.0, 400.0, log, invert)
    value = low + extent * share
    assert scale.value(scale.y(value)) == pytest.approx(value, rel=1e-6)
    assert scale.ys(np.array([value]))[0] == pytest.approx(scale.y(value))
    assert (scale.y(low) > scale.y(low + extent)) is not invert


@pytest.mark.parametrize(("low", "high"), [(100.0, 100.0), (0.0, 0.0), (math.nan, math.nan), (5.0, 3.0), (-2.0, -2.0)])
def test_a_flat_or_empty_range_gets_a_height(low: float, high: float) -> None:
    bottom, top = fit(low, high, 0.1, 0.1, False)
    assert math.isfinite(bottom)
    assert bottom < top


@settings(max_examples=80, deadline=None)
@given(low=st.floats(-1e6, 1e6), extent=st.floats(1e-3, 1e6), wanted=st.floats(2, 15))
def test_ticks_are_round_inside_and_about_as_many_as_wanted(low: float, extent: float, wanted: float) -> None:
    assume(extent > abs(low) * 1e-6)
    scale = Scale(low, low + extent, 0.0, 400.0)
    values = ticks(scale, wanted)
    step = nice_step(extent, wanted)
    assert all(low - step * 1e-6 <= value <= low + extent + step * 1e-6 for value in values)
    assert len(values) <= wanted + 2
    assert len(values) >= wanted / 2.6 - 1
    assert np.allclose(np.diff(values), step)


def test_a_wide_logarithmic_scale_gets_decade_ticks() -> None:
    values = ticks(Scale(0.9, 1_100.0, 0.0, 400.0, log=True), 5)
    assert {1.0, 10.0, 100.0, 1_000.0} <= {round(value, 6) for value in values}


@settings(max_examples=200, deadline=None)
@given(wanted=st.lists(st.floats(-100, 500), max_size=12), size=st.floats(5, 30))
def test_spread_labels_never_overlap_and_keep_order(wanted: list[float], size: float) -> None:
    placed = spread(wanted, size, 0.0, 400.0)
    order = sorted(range(len(wanted)), key=lambda k: wanted[k])
    for one, other in pairwise(order):
        assert placed[other] - placed[one] >= size - 1e-6
    for centre in placed:
        assert centre >= size / 2 - 1e-6
        assert centre <= 400.0 - size / 2 + 1e-6


def test_spread_leaves_labels_with_room_alone() -> None:
    assert spread([100.0, 300.0, 200.0], 20.0, 0.0, 400.0) == [100.0, 300.0, 200.0]
