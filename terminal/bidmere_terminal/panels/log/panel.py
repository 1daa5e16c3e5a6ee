"""The log: what the program says, by level, searchable, the newest at the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QVBoxLayout

from bidmere.desk.api import LogLine
from bidmere.desk.words import iso_time, time_text
from bidmere_terminal.panels.spec import Panel, PanelContext
from bidmere_terminal.tables.columns import Cell, Column, Key
from bidmere_terminal.tables.live_table import LiveTable

CAP = 5_000
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_ROLES = {"DEBUG": "text_faint", "INFO": "text_muted", "WARNING": "warn", "ERROR": "danger", "CRITICAL": "danger"}
_CHOICES = (("All", 0), ("Info", 1), ("Warnings", 2), ("Errors", 3))


def rank(level: str) -> int:
    """Return how grave a level is; an unknown one counts as information."""
    return _LEVELS.index(level.upper()) if level.upper() in _LEVELS else 1


def log_columns() -> list[Column]:
    """Return the columns of the log."""
    return [
        Column(
            id="time", title="Time", width=88, live=False, cell=lambda r: Cell(time_text(r.ts), "text_muted"),
            value=lambda r: r.ts, canonical=lambda r: iso_time(r.ts), hint="UTC",
        ),
        Column(
            id="level", title="Level", width=70, live=False, value=lambda r: rank(r.level), canonical=lambda r: r.level,
            cell=lambda r: Cell(r.level.capitalize(), _ROLES.get(r.level.upper(), "text_muted")),
        ),
        Column(
            id="source", title="Source", width=120, min_width=70, live=False,
            cell=lambda r: Cell(r.source, "text_muted"), value=lambda r: r.source,
        ),
        Column(
            id="text", title="Message", width=260, min_width=80, stretch=1, live=False, cell=lambda r: Cell(r.text),
            value=lambda r: r.text, detail=lambda r: r.text,
        ),
        Column(
            id="code", title="Code", width=70, live=False, visible=False, cell=lambda r: Cell(r.code, "text_muted"),
            value=lambda r: r.code,
        ),
    ]  # fmt: skip


class LogPanel(Panel):
    """Show the last 5,000 lines; follows the end until the user scrolls away from it."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        name = context.instance
        self._next = 0
        self._keys: deque[int] = deque()
        self._least = 1
        self.table = LiveTable(f"{name}.table", log_columns(), self)
        self.table.empty.say("Nothing was logged yet.")
        self.search = QLineEdit(self)
        self.search.setObjectName(f"{name}.search")
        self.search.setAccessibleName("Search the log")
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(240)
        self.follow = QPushButton("Follow", self)
        self.follow.setObjectName(f"{name}.follow")
        self.follow.setProperty("kind", "seg")
        self.follow.setCheckable(True)
        self.follow.setChecked(True)
        self._levels = [QPushButton(title, self) for title, _rank in _CHOICES]
        self._lay_out(name)
        self.table.menu_about = self._menu_about
        self.table.view.setAccessibleName("Log")
        self.table.failed.connect(lambda text: context.notify(text, level="error"))
        self.search.textChanged.connect(self.table.set_text)
        self.follow.toggled.connect(self._follow_toggled)
        self.table.view.verticalScrollBar().actionTriggered.connect(self._scrolled)
        self.model.logs_added.connect(self._added)
        self.table.restore_state(context.state.get("table"))
        self._choose(int(context.state.get("least", 1)) if context.state.get("least") in (0, 1, 2, 3) else 1)
        self._added(list(self.model.logs))

    def _lay_out(self, name: str) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(6, 3, 6, 3)
        bar.setSpacing(2)
        for button, (title, least) in zip(self._levels, _CHOICES, strict=True):
            button.setObjectName(f"{name}.level.{title.lower()}")
            button.setProperty("kind", "seg")
            button.setCheckable(True)
            button.clicked.connect(lambda _on=False, least=least: self._choose(least))
            bar.addWidget(button)
        bar.addStretch(1)
        bar.addWidget(self.follow)
        bar.addWidget(self.search, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.table, 1)
        self.setFocusProxy(self.table.view)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _choose(self, least: int) -> None:
        self._least = least
        for button, (_title, level) in zip(self._levels, _CHOICES, strict=True):
            button.setChecked(level == least)
        self.table.set_wanted(None if least == 0 else lambda line: rank(line.level) >= least)
        self._to_end()

    def _added(self, lines: Sequence[LogLine]) -> None:
        for line in lines[-CAP:]:
            self.table.put(self._next, line)
            self._keys.append(self._next)
            self._next += 1
        while len(self._keys) > CAP:
            self.table.discard(self._keys.popleft())
        if self.isVisible():
            self.table.refresh()
        self._to_end()

    def _to_end(self) -> None:
        if self.follow.isChecked():
            self.table.view.scrollToBottom()

    def _follow_toggled(self, _on: bool) -> None:
        self._to_end()

    def _scrolled(self, _action: int) -> None:
        bar = self.table.view.verticalScrollBar()
        self.follow.setChecked(bar.sliderPosition() >= bar.maximum() - 4)

    def _menu_about(self, menu: QMenu, keys: list[Key]) -> None:
        follow = menu.addAction("Follow the end")
        follow.setCheckable(True)
        follow.setChecked(self.follow.isChecked())
        follow.toggled.connect(self.follow.setChecked)

    def showEvent(self, event: QShowEvent) -> None:
        """Show the end."""
        super().showEvent(event)
        self.table.refresh()
        self._to_end()

    def save_state(self) -> dict[str, Any]:
        """Return the level and the columns."""
        return {"least": self._least, "table": {**self.table.save_state(), "filter": ""}}

    def dump(self) -> dict[str, Any]:
        """Return the newest 200 lines shown."""
        return {"rows": self.table.dump()[-200:]}
