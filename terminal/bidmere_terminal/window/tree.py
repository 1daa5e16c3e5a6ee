"""A workspace as a value: splits, stacks of tabs and floating windows, with no Qt in it.

A tree is never edited in place: every operation returns a new one in normal form (no empty stack, no split of one,
no split within a split of the same direction, shares that add up to one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

MIN_SHARE = 0.04
MAX_DEPTH = 12
MAX_PANELS = 60


class Zone(StrEnum):
    """Where a panel lands beside or within another stack."""

    CENTRE = "centre"
    LEFT = "left"
    RIGHT = "right"
    TOP = "top"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True)
class Stack:
    """Panels on top of each other as tabs; `current` is the index of the one in front."""

    panels: tuple[str, ...]
    current: int = 0

    @property
    def front(self) -> str:
        """The panel instance in front."""
        return self.panels[min(self.current, len(self.panels) - 1)]


@dataclass(frozen=True, slots=True)
class Split:
    """Nodes side by side (`h`) or above each other (`v`); `shares` are parts of one."""

    direction: str
    children: tuple[Node, ...]
    shares: tuple[float, ...]


Node = Stack | Split


@dataclass(frozen=True, slots=True)
class Floating:
    """A window of its own: x, y, width, height in logical pixels."""

    rect: tuple[int, int, int, int]
    root: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelEntry:
    """One panel instance: which panel, its link group letter (empty: none), pinned, and its own saved state."""

    panel: str
    group: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A named arrangement; `groups` holds (symbol, timeframe) texts by letter."""

    name: str
    root: Node | None
    floats: tuple[Floating, ...] = ()
    panels: Mapping[str, PanelEntry] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    maximised: str = ""


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────────


def stacks(node: Node | None) -> Iterator[Stack]:
    """Walk the stacks of a tree from left to right, top to bottom."""
    if isinstance(node, Stack):
        yield node
    elif isinstance(node, Split):
        for child in node.children:
            yield from stacks(child)


def instances(workspace: Workspace) -> list[str]:
    """Return every panel instance that has a place, docked ones first."""
    found = [name for stack in stacks(workspace.root) for name in stack.panels]
    return found + [name for one in workspace.floats for stack in stacks(one.root) for name in stack.panels]


def free_instance(workspace: Workspace, panel: str) -> str:
    """Return an unused instance name: `orders`, or `chart-2` for panels that may be many."""
    taken = set(workspace.panels)
    number = 1
    while (name := f"{panel}-{number}") in taken:
        number += 1
    return name


# ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def normal(node: Node | None) -> Node | None:
    """Return the tree in normal form, None when nothing is left of it."""
    if node is None:
        return None
    if isinstance(node, Stack):
        if not node.panels:
            return None
        return Stack(node.panels, max(0, min(node.current, len(node.panels) - 1)))
    children: list[Node] = []
    shares: list[float] = []
    for child, share in zip(node.children, node.shares, strict=True):
        kept = normal(child)
        if kept is None:
            continue
        if isinstance(kept, Split) and kept.direction == node.direction:
            children.extend(kept.children)
            shares.extend(share * part for part in kept.shares)
        else:
            children.append(kept)
            shares.append(share)
    if len(children) < 2:
        return children[0] if children else None
    return Split(node.direction, tuple(children), _fair(shares))


def _fair(shares: list[float]) -> tuple[float, ...]:
    least = min(MIN_SHARE, 0.5 / len(shares))
    total = sum(share for share in shares if share > 0) or 1.0
    lifted = [max(share / total, least) for share in shares]
    whole = sum(lifted)
    return tuple(share / whole for share in lifted)


def _map(node: Node, change: Callable[[Stack], Node]) -> Node:
    if isinstance(node, Stack):
        return change(node)
    return Split(node.direction, tuple(_map(child, change) for child in node.children), node.shares)


def _everywhere(workspace: Workspace, change: Callable[[Stack], Node]) -> Workspace:
    root = normal(_map(workspace.root, change)) if workspace.root is not None else None
    floats = []
    for one in workspace.floats:
        kept = normal(_map(one.root, change))
        if kept is not None:
            floats.append(Floating(one.rect, kept))
    return replace(workspace, root=root, floats=tuple(floats))


def without(workspace: Workspace, name: str) -> Workspace:
    """Take a panel off the tree; its entry stays, so that its state can come back."""

    def change(stack: Stack) -> Stack:
        if name not in stack.panels:
            return stack
        index = stack.panels.index(name)
        current = stack.current - (1 if index < stack.current else 0)
        return Stack(tuple(panel for panel in stack.panels if panel != name), current)

    maximised = "" if workspace.maximised == name else workspace.maximised
    return replace(_everywhere(workspace, change), maximised=maximised)


def closed(workspace: Workspace, name: str) -> Workspace:
    """Close a panel for good."""
    panels = {key: entry for key, entry in workspace.panels.items() if key != name}
    return replace(without(workspace, name), panels=panels)


def docked(workspace: Workspace, name: str, target: str, zone: Zone) -> Workspace:
    """Put a panel beside another one, or as a tab with it; where the target is gone, at the right edge."""
    if name == target:
        return workspace
    base = without(workspace, name)
    if target not in instances(base):
        return at_edge(base, name, Zone.RIGHT)

    def change(stack: Stack) -> Node:
        if target not in stack.panels:
            return stack
        if zone is Zone.CENTRE:
            return Stack((*stack.panels, name), len(stack.panels))
        return _beside(stack, Stack((name,)), zone, 0.5)

    return _everywhere(base, change)


def _beside(node: Node, added: Node, zone: Zone, share: float) -> Split:
    direction = "h" if zone in (Zone.LEFT, Zone.RIGHT) else "v"
    if zone in (Zone.LEFT, Zone.TOP):
        return Split(direction, (added, node), (share, 1 - share))
    return Split(direction, (node, added), (1 - share, share))


def at_edge(workspace: Workspace, name: str, zone: Zone) -> Workspace:
    """Put a panel at an edge of the window, along its full length."""
    base = without(workspace, name)
    added = Stack((name,))
    root = added if base.root is None else normal(_beside(base.root, added, zone, 0.22))
    return replace(base, root=root)


def floated(workspace: Workspace, name: str, rect: tuple[int, int, int, int]) -> Workspace:
    """Give a panel a window of its own."""
    base = without(workspace, name)
    return replace(base, floats=(*base.floats, Floating(rect, Stack((name,)))))


def shown(workspace: Workspace, name: str) -> Workspace:
    """Bring a panel to the front of its stack."""

    def change(stack: Stack) -> Stack:
        return Stack(stack.panels, stack.panels.index(name)) if name in stack.panels else stack

    return _everywhere(workspace, change)


def added(workspace: Workspace, name: str, entry: PanelEntry) -> Workspace:
    """Register a panel instance; it still needs a place."""
    return replace(workspace, panels={**workspace.panels, name: entry})
