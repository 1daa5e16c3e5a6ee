"""Every setting of the desk with its type, its default and the values it may take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def choice(default: str, *options: str) -> Any:
    """Declare a text setting that takes one of some values."""
    return field(default=default, metadata={"options": (default, *options)})


def whole(default: int, low: int, high: int) -> Any:
    """Declare a whole-number setting within bounds."""
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    """What a person chose for the desk; `panels` holds what panels keep beyond a workspace, by key."""

    theme: str = "dark"
    density: str = choice("compact", "normal", "roomy")
    workspace: str = "Terminal"
    account: str = ""
    start_strip_dismissed: bool = False
    start_steps_done: tuple[str, ...] = ()
    duplicate_window_ms: int = whole(400, 200, 1000)
    trade_keys_idle_min: int = whole(15, 1, 60)
    panels: dict[str, Any] = field(default_factory=dict)
