"""Strategy parameters: a dataclass whose fields carry their range, checked when values come in from outside."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from bidmere.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamInfo:
    """One parameter: its name, default and inclusive range."""

    name: str
    default: float
    low: float
    high: float
    title: str
    whole: bool


def param(default: float, *, low: float, high: float, title: str = "") -> Any:
    """Declare a parameter of a strategy's `Params` dataclass with its inclusive range."""
    return field(default=default, metadata={"low": low, "high": high, "title": title})


def describe(params: type) -> tuple[ParamInfo, ...]:
    """Return the parameters of a `Params` dataclass in order."""
    found = []
    for item in fields(params):
        title = str(item.metadata.get("title") or item.name.replace("_", " "))
        default = item.default
        if not isinstance(default, int | float):
            raise InvalidInput(f"Parameter {item.name} needs a number as its default.")
        low, high = float(item.metadata.get("low", -math.inf)), float(item.metadata.get("high", math.inf))
        found.append(
            ParamInfo(
                name=item.name, default=default, low=low, high=high, title=title, whole=isinstance(default, int)
            )
        )
    return tuple(found)


def make_params(params: type, given: Mapping[str, float] | None) -> Any:
    """Build the parameters from given values; whole numbers stay whole.

    Raises InvalidInput for an unknown name (with a suggestion), a value outside its range, a fraction for a whole one.
    """
    known = {info.name: info for info in describe(params)}
    values: dict[str, float] = {}
    for name, value in (given or {}).items():
        info = known.get(name)
        if info is None:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]}?" if close else f" It has: {', '.join(known) or 'none'}."
            raise InvalidInput(f"There is no parameter {name!r}.{hint}")
        if not info.low <= value <= info.high:
            raise InvalidInput(f"Parameter {name} is {value:g}; it must be between {info.low:g} and {info.high:g}.")
        if info.whole and value != int(value):
            raise InvalidInput(f"Parameter {name} is {value:g}; it must be a whole number.")
        values[name] = int(value) if info.whole else float(value)
    return params(**values)
