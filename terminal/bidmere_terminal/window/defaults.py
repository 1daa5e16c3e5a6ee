"""The workspaces that ship (UX §12), fitted to the size of the window they first open in."""

from __future__ import annotations

from collections.abc import Iterable

from bidmere_terminal.window.tree import Node, PanelEntry, Split, Stack, Workspace

SHIPPED = ("Terminal", "Charts", "Automation")
SMALL_WIDTH, SMALL_HEIGHT = 1500, 760
FIRST_SYMBOLS = {"A": "BTCUSDT.SIM", "B": "ETHUSDT.SIM", "C": "SOLUSDT.SIM", "D": "AAPL.SIM"}
_FRAMES = {"A": "5m", "B": "15m", "C": "1h", "D": "1h"}


def shipped(name: str, width: int, height: int, replaying: bool = False) -> Workspace:
    """Return a shipped workspace for a window of this size; an unknown name gives the first one."""
    if name == "Charts":
        return _charts()
    if name == "Automation":
        return _automation()
    small = width < SMALL_WIDTH or height < SMALL_HEIGHT
    return _small(name, replaying) if small else _terminal(name, replaying)


def _workspace(name: str, root: Node, entries: Iterable[tuple[str, str]], letters: str) -> Workspace:
    panels = {instance: PanelEntry(panel=_panel(instance), group=group) for instance, group in entries}
    groups = {letter: (FIRST_SYMBOLS[letter], _FRAMES[letter]) for letter in letters}
    return Workspace(name=name, root=root, panels=panels, groups=groups)


def _panel(instance: str) -> str:
    head, _, tail = instance.rpartition("-")
    return head if head and tail.isdigit() else instance


def _bottom(replaying: bool, *more: str) -> tuple[str, ...]:
    return (*(("replay",) if replaying else ()), *more)


def _terminal(name: str, replaying: bool) -> Workspace:
    charts = Split("h", (Stack(("chart-2",)), Stack(("chart-3",))), (0.5, 0.5))
    left = _bottom(replaying, "positions", "account", "strategies", "log")
    bottom = Split("h", (Stack(left), Stack(("orders",)), Stack(("risk",))), (0.435, 0.335, 0.23))
    centre = Split("v", (Stack(("chart-1",)), charts, bottom), (0.46, 0.27, 0.27))
    right = Split("v", (Stack(("ladder-1",)), Stack(("ticket",))), (0.42, 0.58))
    root = Split("h", (Stack(("watchlist",)), centre, right), (0.177, 0.651, 0.172))
    entries = [("watchlist", "A"), ("chart-1", "A"), ("chart-2", "B"), ("chart-3", "C"), ("ladder-1", "A")]
    entries += [("ticket", "A"), *((one, "") for one in (*left, "orders", "risk"))]
    return _workspace(name, root, entries, "ABC")


def _small(name: str, replaying: bool) -> Workspace:
    bottom = _bottom(replaying, "positions", "orders", "account", "risk", "strategies", "log")
    centre = Split("v", (Stack(("chart-1", "chart-2")), Stack(bottom)), (0.66, 0.34))
    right = Stack(("ticket", "ladder-1"))
    root = Split("h", (Stack(("watchlist",)), centre, right), (0.215, 0.535, 0.25))
    entries = [("watchlist", "A"), ("chart-1", "A"), ("chart-2", "B"), ("ticket", "A"), ("ladder-1", "A")]
    return _workspace(name, root, [*entries, *((one, "") for one in bottom)], "AB")


def _charts() -> Workspace:
    top = Split("h", (Stack(("chart-1",)), Stack(("chart-2",))), (0.5, 0.5))
    low = Split("h", (Stack(("chart-3",)), Stack(("chart-4",))), (0.5, 0.5))
    charts = Split("v", (top, low), (0.5, 0.5))
    side = Split("v", (Stack(("watchlist",)), Stack(("positions", "orders"))), (0.6, 0.4))
    root = Split("h", (charts, side), (0.78, 0.22))
    entries = [("chart-1", "A"), ("chart-2", "B"), ("chart-3", "C"), ("chart-4", "D"), ("watchlist", "A")]
    return _workspace("Charts", root, [*entries, ("positions", ""), ("orders", "")], "ABCD")


def _automation() -> Workspace:
    upper = Split("h", (Stack(("strategies",)), Stack(("chart-1",))), (0.4, 0.6))
    lower = Split("h", (Stack(("orders", "positions")), Stack(("risk",)), Stack(("log",))), (0.42, 0.24, 0.34))
    root = Split("v", (upper, lower), (0.58, 0.42))
    entries = [("strategies", ""), ("chart-1", "A"), ("orders", ""), ("positions", ""), ("risk", ""), ("log", "")]
    return _workspace("Automation", root, entries, "A")
