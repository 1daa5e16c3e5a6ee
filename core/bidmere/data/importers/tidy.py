"""Put imported rows in order: sorted, one row per bar, impossible rows out, and every oddity counted.

Bars: rows with a missing or not positive price are left out; a high below or a low above the bar's other prices is
widened to them; a missing or negative volume becomes 0; rows are sorted; of several bars with the same opening time the
last one stays. Ticks: rows with a missing or not positive price are left out, the rest is sorted and nothing merged.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bidmere.data.importers.result import Problem, QuoteTicks, TradeTicks
from bidmere.model.bars import BarArray, Floats, Ints
from bidmere.model.timeframe import TIMEFRAMES, Timeframe

Mask = NDArray[np.bool_]


def iso(ts: int) -> str:
    """Write a time (ns UTC) as people read it, to the second."""
    return f"{np.datetime64(int(ts), 'ns').astype('datetime64[s]')}Z".replace("T", " ")


class Findings:
    """Count oddities while a file is put in order."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, kind: str, mask: Mask, ts: Ints) -> None:
        """Count the rows of a mask, with the first of them as the example."""
        count = int(np.count_nonzero(mask))
        if count:
            self.problems.append(Problem(kind=kind, count=count, example=iso(ts[int(np.argmax(mask))])))


def tidy_bars(ts: Ints, columns: list[Floats], findings: Findings, *, gaps: Timeframe | None = None) -> BarArray:
    """Return bars in order from raw open, high, low, close, volume columns of shape (n,)."""
    open_, high, low, close, volume = (np.asarray(column, np.float64) for column in columns)
    prices = np.vstack([open_, high, low, close])
    missing: Mask = np.logical_not(np.isfinite(prices).all(axis=0))
    findings.add("missing-price", missing, ts)
    zero: Mask = np.logical_and(~missing, (prices <= 0.0).any(axis=0))
    findings.add("not-positive-price", zero, ts)
    good = ~(missing | zero)
    ts, prices, volume = ts[good], prices[:, good], volume[good]
    top, bottom = prices.max(axis=0, initial=-np.inf), prices.min(axis=0, initial=np.inf)
    findings.add("high-low-inconsistent", (prices[1] < top) | (prices[2] > bottom), ts)
    no_volume = ~(np.isfinite(volume) & (volume >= 0.0))
    findings.add("bad-volume", no_volume, ts)
    volume = np.where(no_volume, 0.0, volume)
    findings.add("unsorted", np.diff(ts, prepend=ts[:1]) < 0, ts)
    order = np.argsort(ts, kind="stable")
    ts = ts[order]
    keep = np.ones(len(ts), np.bool_)
    keep[:-1] = ts[1:] != ts[:-1]
    findings.add("duplicate", ~keep, ts)
    order, ts = order[keep], ts[keep]
    if gaps is not None and gaps.unit != "M":
        findings.add("gap", np.diff(ts, append=ts[-1:]) > gaps.ns, ts)
        findings.add("misaligned", misaligned(ts, gaps), ts)
    return BarArray(ts, prices[0][order], top[order], bottom[order], prices[3][order], volume[order])


def tidy_trades(ts: Ints, price: Floats, size: Floats, side: NDArray[np.int8], findings: Findings) -> TradeTicks:
    """Return prints in order."""
    bad = ~(np.isfinite(price) & (price > 0.0))
    findings.add("not-positive-price", bad, ts)
    bad_size = ~bad & ~(np.isfinite(size) & (size >= 0.0))
    findings.add("bad-size", bad_size, ts)
    size = np.where(bad_size, 0.0, size)
    order = _order(ts, ~bad, findings)
    return TradeTicks(ts[order], price[order], size[order], side[order])


def tidy_quotes(ts: Ints, bid: Floats, ask: Floats, sizes: tuple[Floats, Floats], findings: Findings) -> QuoteTicks:
    """Return quotes in order; crossed ones are left out."""
    bad = ~(np.isfinite(bid) & np.isfinite(ask) & (bid > 0.0) & (ask > 0.0))
    findings.add("not-positive-price", bad, ts)
    crossed = ~bad & (bid > ask)
    findings.add("crossed", crossed, ts)
    order = _order(ts, ~(bad | crossed), findings)
    bid_size, ask_size = (np.where(np.isfinite(size) & (size >= 0.0), size, 0.0)[order] for size in sizes)
    return QuoteTicks(ts[order], bid[order], ask[order], bid_size, ask_size)


def guess_timeframe(ts: Ints) -> Timeframe | None:
    """Return the timeframe whose length the most frequent distance between bars has; None when none fits."""
    steps = np.diff(np.unique(ts))
    if not len(steps):
        return None
    lengths, counts = np.unique(steps, return_counts=True)
    usual = int(lengths[int(np.argmax(counts))])
    day = 86_400_000_000_000
    if 28 * day <= usual <= 31 * day:
        return Timeframe(1, "M")
    for timeframe in TIMEFRAMES:
        if timeframe.ns == usual:
            return timeframe
    for unit in ("d", "h", "m", "s"):
        one = Timeframe(1, unit).ns
        if usual % one == 0 and 0 < usual // one < 10_000:
            return Timeframe(usual // one, unit)
    return None


def misaligned(ts: Ints, timeframe: Timeframe) -> Mask:
    """Say which bars open off the timeframe's grid (days and longer are left alone: exchanges have their own)."""
    if timeframe.unit in ("d", "w", "M") or not len(ts):
        return np.zeros(len(ts), np.bool_)
    return np.asarray(ts % timeframe.ns != 0, np.bool_)


def _order(ts: Ints, good: Mask, findings: Findings) -> NDArray[np.int64]:
    kept = np.flatnonzero(good)
    findings.add("unsorted", np.diff(ts[kept], prepend=ts[kept][:1]) < 0, ts[kept])
    return kept[np.argsort(ts[kept], kind="stable")]
