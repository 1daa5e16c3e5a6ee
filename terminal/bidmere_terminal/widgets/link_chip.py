"""The link group of a panel: letter, colour and shape (UX §9)."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QMenu, QToolButton

from bidmere_terminal.theme.apply import current, ui_font
from bidmere_terminal.widgets.pills import SHAPES, paint_shape

LETTERS = "ABCDEFGH"


def group_colour(letter: str) -> str:
    """Return the colour of a group in the current theme; an unknown letter is faint."""
    theme = current()
    # Blue first: A is the group most people use, and amber means a warning elsewhere.
    order = (1, 2, 3, 4, 5, 6, 0, 7)
    return theme.series[order[LETTERS.index(letter)]] if letter and letter in LETTERS else theme.text_faint


def group_icon(letter: str, px: int = 16) -> QIcon:
    """Return a menu icon with a group's shape."""
    pixmap = QPixmap(px * 2, px * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    try:
        shape = SHAPES[LETTERS.index(letter)] if letter else "ring"
        paint_shape(painter, shape, QRectF(3, 3, px - 6, px - 6), group_colour(letter))
    finally:
        painter.end()
    return QIcon(pixmap)


class LinkChip(QToolButton):
    """Show the group of a panel and let another be chosen."""

    chosen = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._letter = ""
        self._menu = QMenu(self)
        self._menu.setObjectName(f"{name}.menu")
        self._menu.aboutToShow.connect(self._fill_menu)
        self._menu.triggered.connect(self._on_chosen)
        self.setMenu(self._menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.show_group("")

    @property
    def letter(self) -> str:
        """The group shown, empty when unlinked."""
        return self._letter

    def show_group(self, letter: str) -> None:
        """Show a group."""
        self._letter = letter
        text = f"Link group {letter}: panels of this group show one symbol" if letter else "Not linked: choose a group"
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(30, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self.underMouse() or self.hasFocus():
                painter.setPen(QColor(theme.focus) if self.hasFocus() else Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.hover))
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            middle = self.height() / 2
            shape = SHAPES[LETTERS.index(self._letter)] if self._letter else "ring"
            paint_shape(painter, shape, QRectF(5, middle - 4, 8, 8), group_colour(self._letter))
            painter.setPen(QColor(theme.text_muted if self._letter else theme.text_faint))
            painter.setFont(ui_font(11, 600))
            rect = self.rect().adjusted(16, 0, 0, 0)
            painter.drawText(rect, int(Qt.AlignmentFlag.AlignVCenter), self._letter or "–")
        finally:
            painter.end()

    def _fill_menu(self) -> None:
        self._menu.clear()
        for letter in ("", *LETTERS):
            action = QAction(group_icon(letter), f"Group {letter}" if letter else "Not linked", self._menu)
            action.setData(letter)
            action.setCheckable(True)
            action.setChecked(letter == self._letter)
            self._menu.addAction(action)

    def _on_chosen(self, action: QAction) -> None:
        self.chosen.emit(str(action.data()))
