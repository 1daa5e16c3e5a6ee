"""Which side of the book is heavier: a bar with both shares in words."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from bidmere_terminal.theme import current, ui_font


class ImbalanceBar(QWidget):
    """Paint the bids' share of the book from the left, the asks' from the right."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setToolTip("Share of bids and asks in the sizes of the book")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._share: int | None = None

    def put(self, share: float) -> None:
        """Show the bids' share, 0 to 1."""
        percent = round(share * 100)
        if percent != self._share:
            self._share = percent
            self.setAccessibleName(self.text())
            self.update()

    def text(self) -> str:
        """Return the words."""
        return f"Bid {self._share} % · Ask {100 - self._share} %" if self._share is not None else ""

    def sizeHint(self) -> QSize:
        return QSize(90, 16)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._share is None:
            return
        theme = current()
        painter = QPainter(self)
        try:
            middle = self.width() * self._share / 100
            painter.fillRect(QRectF(0, 0, middle - 1, self.height()), QColor(theme.buy_soft))
            painter.fillRect(QRectF(middle + 1, 0, self.width() - middle - 1, self.height()), QColor(theme.sell_soft))
            painter.setFont(ui_font(11))
            box = QRectF(4, 0, self.width() - 8, self.height())
            painter.setPen(QColor(theme.buy))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), f"{self._share} %")
            painter.setPen(QColor(theme.sell))
            right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            painter.drawText(box, right, f"{100 - self._share} %")
        finally:
            painter.end()
