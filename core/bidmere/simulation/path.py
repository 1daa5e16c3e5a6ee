"""The price of a simulated instrument at any moment, as a function of seed and time alone.

The path is drawn from the top down: days first (regimes, clustered volatility, jumps, a pull towards the anchor), then
the minutes of a day between its open, high, low and close, then the 100 ms steps of a minute between the minute's.
Every level is bent to meet the level above exactly, so bars of all timeframes agree, history joins the live price, and
a restart or a replay meets the same market. Log prices throughout; a day, a minute and a step have their own random
source, so any moment can be reached without walking there.
"""

from __future__ import annotations

import math
import zlib
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bidmere.simulation.catalogue import Listing

Floats = NDArray[np.float64]

DAY_NS = 86_400_000_000_000
MINUTE_NS = 60_000_000_000
STEP_NS = 100_000_000
MINUTES = 1_440
STEPS = 600
ANCHOR_DAY = 20_778  # 2026-11-21: where the catalogue's prices are met
EPOCH_DAY = 17_532  # 2018-01-01: there is no history before
_HALF_LIFE_DAYS = 120.0
_REGIMES = ((0.65, 0.0), (1.0, 0.12), (1.0, -0.12), (1.9, 0.0))  # (volatility, drift in deviations): calm up down wild
_STAY_DAYS = (18.0, 14.0, 12.0, 6.0)
_STAY_MINUTES = (90.0, 45.0, 45.0, 25.0)
_KEPT_DAYS = 64
_LEANS = 6


def source(seed: int, name: str, *where: int) -> np.random.Generator:
    """Return the random source of one place: instrument or factor, level and number."""
    return np.random.Generator(np.random.PCG64([seed & 0xFFFFFFFF, zlib.crc32(name.encode()), *where]))


@dataclass(frozen=True, slots=True)
class Candles:
    """Consecutive bars of log prices; `close[i]` is `open[i + 1]`; `lots` is the volume."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    lots: NDArray[np.int64]


def squeeze(values: Floats, low_from: float, low_to: float, low: float, high: float) -> Floats:
    """Stretch what lies beyond [low_from, low_to] so that the extremes meet `low` and `high`; order is kept."""
    top, bottom = float(values.max()), float(values.min())
    bent = values
    if top > low_to:
        bent = np.where(bent > low_to, low_to + (bent - low_to) * ((high - low_to) / (top - low_to)), bent)
    if bottom < low_from:
        bent = np.where(bent < low_from, low_from - (low_from - bent) * ((low_from - low) / (low_from - bottom)), bent)
    return bent


def lean(bars: Candles, low: float, high: float) -> Candles:
    """Return bars that come close to reaching exactly `low` and `high`; their first and last price stay.

    A day too wide is made quieter as a whole. Then a lift that grows up to the farthest bar and fades after it brings
    that bar to its place over hours: stretching or flattening the few bars beyond the day's open and close instead
    would make one lonely spike or a flat floor of them.
    """
    count = len(bars.open)
    wide = float(bars.high.max() - bars.low.min())
    ratio = min(1.0, (high - low) / wide) if wide > 0 else 1.0
    line = np.linspace(bars.open[0], bars.close[-1], count + 1)
    opens = line[:-1] + ratio * (bars.open - line[:-1])
    closes = line[1:] + ratio * (bars.close - line[1:])
    highs = np.maximum(opens, closes) + ratio * (bars.high - np.maximum(bars.open, bars.close))
    lows = np.minimum(opens, closes) - ratio * (np.minimum(bars.open, bars.close) - bars.low)
    for _ in range(_LEANS):
        for sign, target in ((1.0, high), (-1.0, low)):
            reached = sign * (highs if sign > 0 else lows)
            missing = sign * target - float(reached.max())
            edge = count // 8 if missing > 0 else 1
            peak = edge + int(np.argmax(reached[edge : count - edge]))
            missing = sign * target - float(reached[peak])
            lift = sign * missing * np.interp(np.arange(count + 1), (0, peak, peak + 1, count), (0.0, 1.0, 1.0, 0.0))
            opens, closes = opens + lift[:-1], closes + lift[1:]
            highs = highs + np.maximum(lift[:-1], lift[1:])
            lows = lows + np.minimum(lift[:-1], lift[1:])
    return Candles(opens, highs, lows, closes, bars.lots)


def share(total: int, weights: Floats) -> NDArray[np.int64]:
    """Split a whole number by weights; the parts add up exactly."""
    edges = np.rint(np.cumsum(weights) * (total / max(float(weights.sum()), 1e-300)))
    if len(edges):
        edges[-1] = total
    return np.diff(edges, prepend=0.0).astype(np.int64)


def regimes(rng: np.random.Generator, length: int, stay: tuple[float, ...]) -> NDArray[np.int64]:
    """Draw a Markov chain of regimes with geometric stays, as one state per bar."""
    states: list[int] = []
    lengths: list[int] = []
    state, total = int(rng.integers(len(_REGIMES))), 0
    while total < length:
        stayed = 1 + int(rng.exponential(stay[state]))
        states.append(state)
        lengths.append(stayed)
        total += stayed
        state = (state + 1 + int(rng.integers(len(_REGIMES) - 1))) % len(_REGIMES)
    return np.repeat(np.array(states), lengths)[:length]


def cascade(rng: np.random.Generator, length: int, scales: tuple[int, ...], strength: float) -> Floats:
    """Return volatility that clusters on several time scales at once: products of piecewise constant factors."""
    log = np.zeros(length)
    for scale in scales:
        log += np.repeat(rng.standard_normal(length // scale + 1) * strength, scale)[:length]
    return np.exp(log - strength * strength * len(scales) / 2)


def extremes(rng: np.random.Generator, start: Floats, end: Floats, deviation: Floats) -> tuple[Floats, Floats]:
    """Draw the high and low of Brownian bridges with given ends and deviations."""
    move, variance = end - start, 2 * deviation * deviation
    reach = np.sqrt((move * move)[:, None] - variance[:, None] * np.log1p(-rng.random((len(start), 2))))
    return (start + end + reach[:, 0]) / 2, (start + end - reach[:, 1]) / 2


class Factor:
    """What the instruments of one group share: its normals by day and by minute."""

    def __init__(self, seed: int, name: str, first_day: int) -> None:
        self._seed, self._name, self._first = seed, name, first_day
        self._days: Floats = np.empty(0)
        self._minutes: OrderedDict[int, tuple[Floats, Floats]] = OrderedDict()

    def day_moves(self, count: int) -> Floats:
        """Return the shared standard normals of the first `count` days."""
        if len(self._days) < count:
            self._days = source(self._seed, self._name, 1).standard_normal(count + 400)
        return self._days[:count]

    def minutes(self, day: int) -> tuple[Floats, Floats]:
        """Return (shared normals, shared volatility) of a day's minutes."""
        found = self._minutes.get(day)
        if found is None:
            rng = source(self._seed, self._name, 2, day & 0xFFFFFFFF)
            states = regimes(rng, MINUTES, _STAY_MINUTES)
            volatility = np.array([one[0] for one in _REGIMES])[states] * cascade(rng, MINUTES, (7, 40, 180), 0.28)
            drift = np.array([one[1] for one in _REGIMES])[states]
            found = self._minutes[day] = (rng.standard_normal(MINUTES) + drift, volatility)
            if len(self._minutes) > _KEPT_DAYS:
                self._minutes.popitem(last=False)
        return found


class PricePath:
    """The path of one listing; days count from 1970.

    Its history begins at `first_day`; it closes `anchor_day` at the listing's price.
    """

    def __init__(
        self, listing: Listing, seed: int, factor: Factor, first_day: int = EPOCH_DAY, anchor_day: int = ANCHOR_DAY
    ) -> None:
        self.listing = listing
        self.first_day = first_day
        self._anchor = anchor_day - first_day
        self._seed = seed
        self._name = listing.symbol
        self._factor = factor
        self._daily = listing.volatility / math.sqrt(365)
        self._days: Candles | None = None
        self._minutes: OrderedDict[int, Candles] = OrderedDict()

    def days(self, until: int) -> Candles:
        """Return the days from `first_day` to at least `until` (exclusive)."""
        count = until - self.first_day
        if self._days is None or len(self._days.open) < count:
            self._days = self._draw_days(max(count + 400, self._anchor + 1))
        return self._days

    def minutes(self, day: int) -> Candles:
        """Return the 1,440 minutes of a day."""
        found = self._minutes.get(day)
        if found is None:
            found = self._minutes[day] = self._draw_minutes(day)
            if len(self._minutes) > _KEPT_DAYS:
                self._minutes.popitem(last=False)
        return found

    def steps(self, minute: int) -> Floats:
        """Return the log price at the end of each of the 600 steps of a minute (minutes since 1970)."""
        day, index = divmod(minute, MINUTES)
        bars = self.minutes(day)
        start, end = float(bars.open[index]), float(bars.close[index])
        high, low = float(bars.high[index]), float(bars.low[index])
        rng = source(self._seed, self._name, 4, minute & 0xFFFFFFFF)
        moves = rng.standard_normal(STEPS) * cascade(rng, STEPS, (11, 60), 0.35)
        path = np.cumsum(moves)
        scale = max(high - low, 1e-12) / max(float(path.max() - path.min()), 1e-12)
        path = path * scale
        path += start + (end - start - path[-1]) * np.arange(1, STEPS + 1) / STEPS
        path[-1] = end
        upper, lower = max(start, end), min(start, end)
        bent = squeeze(path, lower, upper, low, high)
        # A path that never left the band of open and close has no excursion to stretch: touch the extremes once.
        if high > upper and bent.max() <= upper:
            bent[int(rng.integers(1, STEPS - 1))] = high
        if low < lower and bent.min() >= lower:
            bent[int(rng.integers(1, STEPS - 1))] = low
        return bent

    def _draw_days(self, count: int) -> Candles:
        # Every source is drawn in order of days, so that a longer history begins with the shorter one.
        size = -(-count // 400) * 400
        rng, shared = source(self._seed, self._name, 1), self._factor.day_moves(size)
        own = rng.standard_normal(size)
        loading = self.listing.loading
        normals = loading * shared + math.sqrt(max(0.0, 1 - loading * loading)) * own
        shock, jump = source(self._seed, self._name, 2).standard_normal((size, 2)).T
        jumps = np.where(source(self._seed, self._name, 5).random(size) < 0.012, jump * 2.5, 0.0)
        states = regimes(source(self._seed, self._name, 3), size, _STAY_DAYS)
        pull, level, variance = math.log(2) / _HALF_LIFE_DAYS, 0.0, 1.0
        closes = np.empty(size)
        deviations = np.empty(size)
        for index in range(size):
            scale, drift = _REGIMES[states[index]]
            deviation = self._daily * scale * math.sqrt(variance) * math.exp(0.12 * shock[index])
            z = normals[index] + jumps[index]
            level += deviation * (z + drift) - pull * level
            closes[index], deviations[index] = level, deviation
            variance = 0.06 + 0.88 * variance + 0.06 * min(z * z, 16.0)  # GARCH(1,1), mean one
        closes += math.log(self.listing.price) - closes[self._anchor]
        opens = np.concatenate(([closes[0]], closes[:-1]))
        high, low = extremes(source(self._seed, self._name, 6), opens, closes, deviations)
        turnover = self.listing.rate * self.listing.clip * MINUTES
        lots = np.rint(turnover * (deviations / self._daily) ** 0.7).astype(np.int64)
        return Candles(opens, high, low, closes, lots)

    def _draw_minutes(self, day: int) -> Candles:
        if day < self.first_day:
            raise ValueError(f"day {day} is before the first, {self.first_day}")
        days, index = self.days(day + 1), day - self.first_day
        start, end = float(days.open[index]), float(days.close[index])
        high, low = float(days.high[index]), float(days.low[index])
        shared, shared_volatility = self._factor.minutes(day)
        rng, loading = source(self._seed, self._name, 3, day & 0xFFFFFFFF), self.listing.loading
        own = rng.standard_normal(MINUTES)
        volatility = shared_volatility ** abs(loading) * cascade(rng, MINUTES, (5, 25, 120), 0.25)
        jumps = np.where(rng.random(MINUTES) < 0.0015, rng.standard_normal(MINUTES) * 6, 0.0)
        normals = loading * shared + math.sqrt(max(0.0, 1 - loading * loading)) * own + jumps
        weights = volatility * volatility
        unit = self._daily / math.sqrt(float(weights.sum()))
        moves = normals * volatility * unit
        moves += (end - start - float(moves.sum())) * weights / float(weights.sum())
        closes = start + np.cumsum(moves)
        closes[-1] = end
        opens = np.concatenate(([start], closes[:-1]))
        highs, lows = extremes(rng, opens, closes, volatility * unit)
        activity = volatility**0.8 * np.exp(0.5 * rng.standard_normal(MINUTES)) * (1 + 0.25 * np.abs(normals))
        lots = share(int(days.lots[index]), activity)
        leant = lean(Candles(opens, highs, lows, closes, lots), low, high)
        values = np.concatenate((leant.open, leant.close, leant.high, leant.low))
        opens, closes, highs, lows = np.split(squeeze(values, min(start, end), max(start, end), low, high), 4)
        return Candles(opens, highs, lows, closes, lots)
