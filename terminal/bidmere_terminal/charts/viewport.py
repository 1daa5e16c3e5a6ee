"""Where the chart looks: the time axis as bar indices, the price axis as a linear or logarithmic scale. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIN_BARS = 5.0
RIGHT_GAP = 6.0  # bars of free space behind the last bar after a reset
DEFAULT_BARS = 150.0


class Viewport:
    """Keep which bars are in view: bar i fills [i, i + 1) and the window is [left, left + span).

    The follow rule (U-36): new bars never change zoom or scroll, except that a view which shows the last bar moves
    along with it.
    """

    def __init__(self) -> None:
        self.count = 0
        self.left = -DEFAULT_BARS + RIGHT_GAP
        self.span = DEFAULT_BARS

    @property
    def right(self) -> float:
        return self.left + self.span

    @property
    def shows_last(self) -> bool:
        """Say whether any of the last bar is in view."""
        return self.count > 0 and self.left < self.count and self.right > self.count - 1

    def reset(self, count: int | None = None, bars: float = DEFAULT_BARS) -> None:
        """Show the last `bars` bars with the usual gap behind them."""
        self.count = self.count if count is None else count
        self.span = max(MIN_BARS, bars)
        self.left = self.count + min(RIGHT_GAP, self.span * 0.1) - self.span

    def appended(self, bars: int) -> None:
        """Take note of new bars at the end."""
        follow = self.shows_last
        self.count += bars
        if follow:
            self.left += bars

    def replaced(self, count: int, shift: int) -> None:
        """Take note of a new history in which the bar in view moved by `shift` places."""
        self.count = count
        self.left += shift
        self._clamp()

    def pan(self, bars: float) -> None:
        """Move the window by bars, to later ones when positive; some bar always stays in view."""
        self.left += bars
        self._clamp()

    def zoom(self, factor: float, anchor: float = 1.0) -> None:
        """Scale the span by `factor` (below 1 shows fewer bars), keeping the bar at `anchor` (0 left … 1 right)."""
        widest = max(MIN_BARS * 4, self.count * 1.5 + 50)
        span = min(max(self.span * factor, MIN_BARS), widest)
        self.left += (self.span - span) * anchor
        self.span = span
        self._clamp()

    def zoom_keeping_last(self, factor: float) -> None:
        """Scale the span around the last bar when it is in view, else around the right edge."""
        anchor = (self.count - self.left) / self.span if self.shows_last else 1.0
        self.zoom(factor, min(1.0, max(0.0, anchor)))

    def _clamp(self) -> None:
        margin = min(3.0, self.span / 2)
        self.left = min(max(self.left, margin - self.span), max(self.count - margin, margin - self.span))

    def to_x(self, index: float, width: float) -> float:
        """Return the pixel of a bar's centre in a plot of `width` pixels."""
        return (index + 0.5 - self.left) * width / self.span

    def to_index(self, x: float, width: float) -> int:
        """Return the bar under a pixel; it may lie outside 0 … count − 1."""
        return math.floor(self.left + x * self.span / width)


@dataclass(frozen=True, slots=True)
class Scale:
    """Map values low … high onto pixels bottom … top; `log` spaces ratios evenly, `invert` turns it upside down."""

    low: float
    high: float
    top: float
    bottom: float
    log: bool = False
    invert: bool = False

    def _ends(self) -> tuple[float, float]:
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        return (high, low) if self.invert else (low, high)

    def y(self, value: float) -> float:
        """Return the pixel of one value."""
        start, end = self._ends()
        point = math.log(max(value, 1e-300)) if self.log else value
        return self.bottom - (point - start) * (self.bottom - self.top) / (end - start)

    def ys(self, values: Floats) -> Floats:
        """Return the pixels of many values; NaN stays NaN."""
        start, end = self._ends()
        with np.errstate(invalid="ignore", divide="ignore"):
            points = np.log(np.maximum(values, 1e-300)) if self.log else values
        result: Floats = self.bottom - (points - start) * ((self.bottom - self.top) / (end - start))
        return result

    def value(self, y: float) -> float:
        """Return the value at a pixel."""
        start, end = self._ends()
        point = start + (self.bottom - y) * (end - start) / (self.bottom - self.top)
        return math.exp(min(point, 700.0)) if self.log else point


def fit(low: float, high: float, pad_low: float, pad_high: float, log: bool) -> tuple[float, float]:
    """Widen a data range by shares of its extent; a flat or empty range gets a sensible height."""
    if not (math.isfinite(low) and math.isfinite(high)) or low > high:
        return (0.5, 1.5) if log else (0.0, 1.0)
    if log and low > 0.0:
        start, end = math.log(low), math.log(high)
        extent = max(end - start, 1e-4)
        return math.exp(start - extent * pad_low), math.exp(end + extent * pad_high)
    extent = high - low
    if extent <= abs(high) * 1e-9:
        extent = abs(high) * 1e-3 or 1.0
        low, high = low - extent / 2, high + extent / 2
    return low - extent * pad_low, high + extent * pad_high


def nice_step(extent: float, wanted: float) -> float:
    """Return the step 1, 2, 2.5 or 5 × 10^k that divides an extent into about `wanted` parts."""
    rough = extent / max(wanted, 1.0)
    if not math.isfinite(rough) or rough <= 0.0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return power * next(step for step in (1.0, 2.0, 2.5, 5.0, 10.0) if rough <= power * step * 1.0000001)


def ticks(scale: Scale, wanted: float, smallest: float = 0.0) -> list[float]:
    """Return round values inside a scale, about `wanted` of them, never closer than `smallest`."""
    low, high = min(scale.low, scale.high), max(scale.low, scale.high)
    if scale.log and low > 0.0 and high / low > 3.0:
        return _log_ticks(low, high, wanted)
    step = max(nice_step(high - low, wanted), smallest)
    start = math.ceil(low / step - 1e-9)
    return [(start + k) * step for k in range(math.floor(high / step + 1e-9) - start + 1)]


def _log_ticks(low: float, high: float, wanted: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    for digits in ((1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        values = [digit * 10.0**decade for decade in decades for digit in digits if low <= digit * 10.0**decade <= high]
        if len(values) <= wanted * 1.5:
            return values
    return values


def spread(wanted: list[float], size: float, low: float, high: float) -> list[float]:
    """Move label centres apart until none overlap, as little as possible, keeping their order.

    All stay within low … high when they fit there. Returned in the order given.
    """
    order = sorted(range(len(wanted)), key=lambda k: wanted[k])
    clusters: list[tuple[float, int]] = []  # mean wanted centre, members
    for k in order:
        clusters.append((wanted[k], 1))
        while len(clusters) > 1:
            (first, m), (second, n) = clusters[-2:]
            if second - first >= (m + n) * size / 2 - 1e-9:
                break
            clusters[-2:] = [((first * m + second * n) / (m + n), m + n)]
        # Clusters are pushed inside before the next label is compared with them.
        centre, members = clusters[-1]
        clusters[-1] = (max(centre, low + members * size / 2), members)
    floor = high
    placed: list[float] = []
    for centre, members in reversed(clusters):
        centre = min(centre, floor - members * size / 2)
        placed.extend(centre + (members - 1 - 2 * j) * size / 2 for j in range(members))
        floor = centre - members * size / 2
    placed.reverse()
    result = [0.0] * len(wanted)
    for k, centre in zip(order, placed, strict=True):
        result[k] = centre
    return result
