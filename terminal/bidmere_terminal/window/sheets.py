"""Sheets over the window: all keys, keys after Ctrl+G, and short explanations."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from bidmere_terminal.commands.table import CommandTable
from bidmere_terminal.theme.icons import bind_icon
from bidmere_terminal.widgets.labels import plain_label
from bidmere_terminal.widgets.raised import Raised

_CLASSES = {"N": "looks", "S": "drafts", "R": "reduces risk", "X": "can add risk", "A": "authority"}
Row = tuple[str, str, str]


class Sheet(Raised):
    """A page in the middle of the window; Esc or its cross closes it."""

    def __init__(self, over: QWidget, name: str, title: str, rows: Sequence[Row], columns: int = 2) -> None:
        super().__init__(over)
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._over = over
        self._rows = list(rows)
        top = QHBoxLayout()
        top.addWidget(plain_label(title, "title"))
        top.addStretch(1)
        close = QToolButton()
        close.setObjectName(f"{name}.close.button")
        close.setAccessibleName("Close")
        bind_icon(close, "x", "text_muted", 14)
        close.clicked.connect(self.shut)
        top.addWidget(close)
        body = QWidget()
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(5)
        height = -(-len(self._rows) // columns)
        for index, row in enumerate(self._rows):
            column, line = divmod(index, max(1, height))
            for part, (text, role) in enumerate(zip(row, ("figure", "", "caption"), strict=True)):
                label: QLabel = plain_label(text, role)
                grid.addWidget(label, line, column * 4 + part)
            grid.setColumnMinimumWidth(column * 4 + 3, 22)
        area = QScrollArea()
        area.setObjectName(f"{name}.area")
        area.setWidgetResizable(True)
        area.setWidget(body)
        body.setAutoFillBackground(False)
        area.viewport().setAutoFillBackground(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 12, 12, 14)
        layout.addLayout(top)
        layout.addWidget(area)
        wanted = body.sizeHint() + QSize(60, 70)
        room = QSize(over.width() - 40, over.height() - 90)
        self.resize(wanted.boundedTo(room))
        self.move((over.width() - self.width()) // 2, max(50, (over.height() - self.height()) // 2))

    def open(self, focus: bool = True) -> None:
        """Show the sheet, with the keyboard unless it only informs."""
        self.show()
        self.raise_()
        if focus:
            self.setFocus()

    def shut(self) -> None:
        """Close and forget the sheet."""
        self.hide()
        self.deleteLater()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.shut()
        else:
            super().keyPressEvent(event)


def key_rows(table: CommandTable, scopes: Sequence[str] = ("global", "trade")) -> list[Row]:
    """Return every bound key as (key, what it does, class), in the order of the table."""
    rows: list[Row] = []
    for command in table:
        if command.scope not in scopes:
            continue
        key = command.keys or (f"Ctrl+G {command.go_key}" if command.go_key else "")
        if not key:
            continue
        hold = f" (hold {command.hold_s:g} s)" if command.hold_s else ""
        scope = " — trade keys" if command.scope == "trade" else ""
        rows.append((key, command.title + hold + scope, _CLASSES[command.action_class]))
    rows.append(("Ctrl+G 1…8, 0", "Link the panel to a group, or to none", "looks"))
    return rows


def go_rows(table: CommandTable) -> list[Row]:
    """Return what may follow Ctrl+G."""
    rows = [(one.go_key, one.title.removeprefix("Show "), "") for one in table if one.go_key]
    return [*rows, ("1…8", "link group A…H", ""), ("0", "not linked", "")]


PANEL_KEYS: dict[str, tuple[Row, ...]] = {
    "ticket": (
        ("B, S", "choose the side", "drafts"),
        ("Tab", "next field", "looks"),
        ("Enter", "review, then send", "can add risk"),
        ("Esc", "clear", "drafts"),
    ),
    "chart": (
        ("← →", "scroll", "looks"),
        ("Ctrl+↑ ↓", "zoom", "looks"),
        ("Home", "reset the view", "looks"),
    ),
}
_ANY_PANEL: tuple[Row, ...] = (
    ("F6", "next panel", "looks"),
    ("Alt+Enter", "maximise or restore", "looks"),
    ("Enter", "primary action", "looks"),
)


def panel_rows(panel_id: str) -> list[Row]:
    """Return the keys of one panel and those that every panel has."""
    return [*PANEL_KEYS.get(panel_id, ()), *_ANY_PANEL]
