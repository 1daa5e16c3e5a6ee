"""The strategies that exist: ours by an explicit table, others by entry point or by file."""

from __future__ import annotations

import difflib
import importlib
from importlib.metadata import entry_points

from bidmere.errors import InvalidInput
from bidmere.strategy.base import VectorStrategy

BUILT_IN: dict[str, str] = {
    "sma_cross": "bidmere.strategy.library.sma_cross:SmaCross",
}


def strategy_names() -> tuple[str, ...]:
    """Return the names of all strategies, sorted."""
    return tuple(sorted({*BUILT_IN, *(point.name for point in entry_points(group="bidmere.strategies"))}))


def load_strategy(name: str) -> type[VectorStrategy]:
    """Return a strategy class by name. Raises InvalidInput with a suggestion when there is none."""
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        found: type[VectorStrategy] = getattr(importlib.import_module(module), attribute)
        return found
    for point in entry_points(group="bidmere.strategies", name=name):
        loaded: type[VectorStrategy] = point.load()
        return loaded
    close = difflib.get_close_matches(name, strategy_names(), n=1)
    hint = f" Did you mean {close[0]}?" if close else f" There are: {', '.join(strategy_names())}."
    raise InvalidInput(f"There is no strategy {name!r}.{hint}")
