"""What a strategy wants to hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Targets:
    """Wanted exposure per bar, float64 of shape (n,): +1 fully long, 0 flat, -1 fully short, NaN keep what is held."""

    values: NDArray[np.float64]

    @classmethod
    def long_flat(cls, long: NDArray[np.bool_]) -> Self:
        """Be fully long where the condition holds, flat elsewhere."""
        return cls(np.where(long, 1.0, 0.0))

    @classmethod
    def long_short(cls, long: NDArray[np.bool_], short: NDArray[np.bool_]) -> Self:
        """Be long, short or flat by two conditions; long wins where both hold."""
        return cls(np.where(long, 1.0, np.where(short, -1.0, 0.0)))

    def __len__(self) -> int:
        return len(self.values)
