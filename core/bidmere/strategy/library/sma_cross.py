"""Simple moving average crossover."""

from __future__ import annotations

from dataclasses import dataclass

from bidmere import indicators as ta
from bidmere.model.bars import BarArray
from bidmere.model.signals import Targets
from bidmere.strategy.base import VectorStrategy
from bidmere.strategy.params import param


class SmaCross(VectorStrategy):
    """Long while the fast average is above the slow one, flat below.

    Idea: prices trend, and two averages of different length tell the direction late but steadily (Brock, Lakonishok
    and LeBaron, 1992). It fails in ranges, where each crossing is a small loss and costs add up.
    """

    @dataclass(frozen=True)
    class Params:
        """Lengths of the two averages in bars."""

        fast: int = param(10, low=2, high=200, title="Fast average")
        slow: int = param(30, low=3, high=400, title="Slow average")

    def targets(self, bars: BarArray, p: Params) -> Targets:
        """Return 1 where fast > slow, else 0; 0 until both averages exist."""
        return Targets.long_flat(ta.sma(bars.close, p.fast) > ta.sma(bars.close, p.slow))

    def warmup_bars(self, p: Params) -> int:
        """The slow average needs its whole length."""
        return p.slow
