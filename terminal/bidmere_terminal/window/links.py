"""The eight link groups of a workspace and what they show (UX §9)."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from bidmere.errors import InvalidInput
from bidmere.model.ids import InstrumentId
from bidmere.model.timeframe import Timeframe
from bidmere_terminal.panels.spec import LinkGroup
from bidmere_terminal.widgets.link_chip import LETTERS


class LinkGroups(QObject):
    """Hold the groups A–H; `changed` follows a symbol or timeframe of any group."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.groups = {letter: LinkGroup(letter, self) for letter in LETTERS}
        for group in self.groups.values():
            group.instrument_changed.connect(self._on_change)
            group.timeframe_changed.connect(self._on_change)

    def get(self, letter: str) -> LinkGroup | None:
        """Return a group by its letter, None for the empty letter."""
        return self.groups.get(letter)

    def state(self) -> dict[str, tuple[str, str]]:
        """Return (symbol, timeframe) texts of the groups that have any."""
        return {
            letter: (str(group.instrument or ""), str(group.timeframe or ""))
            for letter, group in self.groups.items()
            if group.instrument is not None or group.timeframe is not None
        }

    def restore(self, saved: Mapping[str, tuple[str, str]], known: Mapping[InstrumentId, object]) -> None:
        """Set the groups from a workspace; a symbol the venue no longer has is passed over."""
        for letter, (symbol, timeframe) in saved.items():
            group = self.groups.get(letter)
            if group is None:
                continue
            try:
                instrument = InstrumentId.parse(symbol) if symbol else None
                frame = Timeframe.parse(timeframe) if timeframe else None
            except InvalidInput:
                continue
            if frame is not None:
                group.set_timeframe(frame)
            if instrument is not None and instrument in known:
                group.set_instrument(instrument)

    def _on_change(self, _value: object) -> None:
        self.changed.emit()
