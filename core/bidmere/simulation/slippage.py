"""Slippage: how many ticks worse than the level it meets an aggressive order trades against outside liquidity."""

from __future__ import annotations

from collections.abc import Callable

SlippageModel = Callable[[int, int, int], int]
"""(price in ticks, lots wanted, lots at the level) → adverse ticks, never negative."""


def no_slippage(price: int, lots: int, available: int) -> int:
    """Trade at the level: the book that is walked is the slippage."""
    return 0


def fixed_ticks(ticks: int) -> SlippageModel:
    """Trade a fixed number of ticks worse."""

    def model(price: int, lots: int, available: int) -> int:
        return ticks

    return model


def fixed_bps(bps: float) -> SlippageModel:
    """Trade a fixed part of the price worse (1 bps = 0.01 %), at least one tick when `bps` is positive."""

    def model(price: int, lots: int, available: int) -> int:
        return max(1, round(price * bps / 10_000)) if bps > 0 else 0

    return model


def square_root_impact(ticks_at_level_size: float) -> SlippageModel:
    """Trade worse by the square root of size over the level's size, scaled to `ticks_at_level_size` at equality."""

    def model(price: int, lots: int, available: int) -> int:
        return int(ticks_at_level_size * (lots / available) ** 0.5) if available > 0 else 0

    return model
