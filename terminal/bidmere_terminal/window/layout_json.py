"""Workspaces as JSON: written plainly, read with suspicion (U-153)."""

from __future__ import annotations

import math
from typing import Any

from bidmere.errors import InvalidInput
from bidmere_terminal.window.tree import (
    MAX_DEPTH,
    MAX_PANELS,
    Floating,
    Node,
    PanelEntry,
    Split,
    Stack,
    Workspace,
    instances,
    normal,
)

VERSION = 1
LETTERS = "ABCDEFGH"


def to_json(workspace: Workspace) -> dict[str, Any]:
    """Return the workspace as JSON-able values."""
    return {
        "version": VERSION,
        "name": workspace.name,
        "root": _node(workspace.root) if workspace.root is not None else None,
        "floats": [{"rect": list(one.rect), "root": _node(one.root)} for one in workspace.floats],
        "panels": {
            name: {"panel": entry.panel, "group": entry.group, "state": dict(entry.state)}
            for name, entry in workspace.panels.items()
        },
        "groups": {letter: list(pair) for letter, pair in workspace.groups.items()},
        "maximised": workspace.maximised,
    }


def _node(node: Node) -> dict[str, Any]:
    if isinstance(node, Stack):
        return {"tabs": list(node.panels), "current": node.current}
    shares = [round(share, 5) for share in node.shares]
    return {"split": node.direction, "shares": shares, "children": [_node(child) for child in node.children]}


def from_json(document: Any) -> Workspace:
    """Read a workspace, dropping what contradicts itself. Raises InvalidInput when nothing sensible is left."""
    if not isinstance(document, dict):
        raise InvalidInput("The layout is no JSON object.")
    if document.get("version") != VERSION:
        raise InvalidInput(f"The layout has version {document.get('version')!r}; this program reads {VERSION}.")
    panels = _panels(document.get("panels"))
    seen: set[str] = set()
    root = _read(document.get("root"), panels, seen, 0)
    floats: list[Floating] = []
    for one in _list(document.get("floats"))[:MAX_PANELS]:
        node = _read(one.get("root"), panels, seen, 0) if isinstance(one, dict) else None
        if node is not None:
            floats.append(Floating(_rect(one.get("rect")), node))
    name = document.get("name")
    workspace = Workspace(
        name=name if isinstance(name, str) and name else "Terminal",
        root=root,
        floats=tuple(floats),
        panels={key: entry for key, entry in panels.items() if key in seen},
        groups=_groups(document.get("groups")),
    )
    placed = instances(workspace)
    if not placed:
        raise InvalidInput("The layout holds no panel.")
    maximised = document.get("maximised")
    if isinstance(maximised, str) and maximised in placed:
        return Workspace(
            name=workspace.name,
            root=root,
            floats=workspace.floats,
            panels=workspace.panels,
            groups=workspace.groups,
            maximised=maximised,
        )
    return workspace


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _panels(value: Any) -> dict[str, PanelEntry]:
    found: dict[str, PanelEntry] = {}
    for name, entry in (value if isinstance(value, dict) else {}).items():
        if not isinstance(entry, dict) or not isinstance(entry.get("panel"), str) or not name:
            continue
        group, state = entry.get("group"), entry.get("state")
        found[name] = PanelEntry(
            panel=entry["panel"],
            group=group if isinstance(group, str) and len(group) == 1 and group in LETTERS else "",
            state=state if isinstance(state, dict) else {},
        )
        if len(found) == MAX_PANELS:
            break
    return found


def _groups(value: Any) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for letter, pair in (value if isinstance(value, dict) else {}).items():
        is_pair = isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)
        if letter and letter in LETTERS and len(letter) == 1 and is_pair:
            found[letter] = (pair[0], pair[1])
    return found


def _read(value: Any, panels: dict[str, PanelEntry], seen: set[str], depth: int) -> Node | None:
    if not isinstance(value, dict) or depth > MAX_DEPTH:
        return None
    if "tabs" in value:
        names: list[str] = []
        for name in _list(value["tabs"]):
            if isinstance(name, str) and name in panels and name not in seen:
                seen.add(name)
                names.append(name)
        current = value.get("current")
        return normal(Stack(tuple(names), current if isinstance(current, int) else 0))
    children: list[Node] = []
    shares: list[float] = []
    given = _list(value.get("shares"))
    for index, child in enumerate(_list(value.get("children"))):
        node = _read(child, panels, seen, depth + 1)
        if node is not None:
            children.append(node)
            shares.append(_share(given[index] if index < len(given) else None))
    direction = "v" if value.get("split") == "v" else "h"
    return normal(Split(direction, tuple(children), tuple(shares)))


def _share(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and 0 < value <= 1:
        return float(value)
    return 0.25


def _rect(value: Any) -> tuple[int, int, int, int]:
    numbers = [int(one) for one in _list(value) if isinstance(one, int) and abs(one) < 100_000]
    return (numbers[0], numbers[1], numbers[2], numbers[3]) if len(numbers) == 4 else (120, 120, 640, 420)
