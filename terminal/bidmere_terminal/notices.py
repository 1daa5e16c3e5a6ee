"""Everything the program tells a person: one list, shown as toasts, a banner and the message centre (UX §19)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from bidmere.kernel.clock import Clock

LEVELS = ("info", "order", "warning", "error", "critical")
KEPT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message; `critical` stays in the banner until acknowledged, `count` tells repeats of one key."""

    number: int
    level: str
    text: str
    detail: str
    key: str
    ts: int
    count: int = 1
    acknowledged: bool = False
    read: bool = False


class Notices(QObject):
    """The message centre's contents; a repeat with the same key replaces the first (U-217)."""

    added = Signal(object)
    changed = Signal()

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._next = 1
        self.items: list[Notice] = []

    def __call__(self, text: str, *, level: str = "info", detail: str = "", key: str = "") -> None:
        """Show a message; an unknown level counts as info."""
        level = level if level in LEVELS else "info"
        count = 1
        if key:
            for index, old in enumerate(self.items):
                if old.key == key:
                    count = old.count + 1
                    del self.items[index]
                    break
        notice = Notice(
            number=self._next, level=level, text=text, detail=detail, key=key, ts=self._clock.now_ns(), count=count
        )
        self._next += 1
        self.items.append(notice)
        del self.items[:-KEPT]
        self.added.emit(notice)
        self.changed.emit()

    @property
    def unread(self) -> int:
        """How many nobody has looked at."""
        return sum(not one.read for one in self.items)

    def critical(self) -> list[Notice]:
        """Return the alarms that wait for a person, newest first."""
        return [one for one in reversed(self.items) if one.level == "critical" and not one.acknowledged]

    def acknowledge(self, number: int) -> None:
        """Take an alarm off the banner; it stays in the list."""
        self.items = [replace(one, acknowledged=True, read=True) if one.number == number else one for one in self.items]
        self.changed.emit()

    def settle(self, key: str) -> None:
        """Take an alarm back whose cause has gone."""
        if any(one.key == key and not one.acknowledged for one in self.items):
            self.items = [replace(one, acknowledged=True) if one.key == key else one for one in self.items]
            self.changed.emit()

    def mark_read(self) -> None:
        """Count every message as seen."""
        self.items = [replace(one, read=True) for one in self.items]
        self.changed.emit()
