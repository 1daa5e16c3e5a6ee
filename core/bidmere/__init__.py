"""Bidmere: the engine and the library. `from bidmere import VectorStrategy, param, ta` is all a strategy needs."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from bidmere._version import __version__

if TYPE_CHECKING:
    from bidmere import indicators as ta
    from bidmere.model.bars import BarArray
    from bidmere.model.ids import InstrumentId
    from bidmere.model.signals import Targets
    from bidmere.strategy.base import VectorStrategy
    from bidmere.strategy.params import param

__all__ = ["BarArray", "InstrumentId", "Targets", "VectorStrategy", "__version__", "param", "ta"]

_HOME = {
    "BarArray": "bidmere.model.bars",
    "InstrumentId": "bidmere.model.ids",
    "Targets": "bidmere.model.signals",
    "VectorStrategy": "bidmere.strategy.base",
    "param": "bidmere.strategy.params",
}


def __getattr__(name: str) -> Any:
    if name == "ta":
        return importlib.import_module("bidmere.indicators")
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'bidmere' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
