"""Latency: how long a message to or from the venue is under way."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

LatencyModel = Callable[[], int]
"""One way, in nanoseconds."""

MS = 1_000_000


def no_latency() -> int:
    """Arrive at once: what a deterministic replay wants."""
    return 0


def fixed_latency(ms: float) -> LatencyModel:
    """Take the same time every time."""
    delay = int(ms * MS)
    return lambda: delay


def uniform_latency(low_ms: float, high_ms: float, rng: random.Random) -> LatencyModel:
    """Take a time between two bounds."""
    return lambda: int(rng.uniform(low_ms, high_ms) * MS)


def lognormal_latency(median_ms: float, sigma: float, rng: random.Random) -> LatencyModel:
    """Take a time with a long tail, as networks do; `sigma` is the deviation of its logarithm."""
    mu = math.log(median_ms * MS)
    return lambda: int(rng.lognormvariate(mu, sigma))
