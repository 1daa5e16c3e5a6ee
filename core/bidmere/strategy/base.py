"""What a strategy is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from bidmere.model.bars import BarArray
from bidmere.model.signals import Targets


@dataclass(frozen=True)
class NoParams:
    """A strategy without parameters."""


class VectorStrategy(ABC):
    """A strategy that is a pure function from bars to wanted exposure.

    `targets` must depend on nothing but its arguments, and its row i on nothing after bar i: then a backtest calls it
    once on all bars, and replay, paper and live call it on the growing window and act on the last row.
    """

    Params: ClassVar[type] = NoParams
    warmup: ClassVar[int] = 1

    @abstractmethod
    def targets(self, bars: BarArray, p: Any) -> Targets:
        """Return the wanted exposure after each bar, shape (n,)."""

    def warmup_bars(self, p: Any) -> int:
        """Return how many bars are needed before the first real target."""
        return self.warmup
