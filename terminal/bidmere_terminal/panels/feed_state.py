"""How the data of a panel is, in the words of its title bar's pill (UX §4)."""

from __future__ import annotations

from collections.abc import Collection

from bidmere_terminal.bridge.desk_model import DeskModel

_WORST_LAST = ("ok", "quiet", "connecting", "stale", "offline")
_PILLS = {
    "ok": ("ready", ""),
    "quiet": ("quiet", "quiet"),
    "connecting": ("loading", "connecting"),
    "stale": ("stale", "stale"),
    "offline": ("offline", "offline"),
}


def feed_pill(model: DeskModel, venues: Collection[str]) -> tuple[str, str]:
    """Return (kind, text) of the worst feed among some venues; text names the venue when there are several."""
    states = [(str(status.state), name) for name, status in model.feeds.items() if name in venues]
    if not states:
        return ("ready", "")
    state, name = max(states, key=lambda found: _WORST_LAST.index(found[0]))
    kind, text = _PILLS[state]
    return kind, f"{name} {text}" if text and len(states) > 1 else text
