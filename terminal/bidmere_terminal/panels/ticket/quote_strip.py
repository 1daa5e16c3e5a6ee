"""The strip on top of the ticket: bid × size, spread, ask × size; a click takes the price."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSizePolicy, QWidget

from bidmere.desk.words import compact, fixed, price_text
from bidmere.model.instrument import Instrument
from bidmere.model.market import Quote
from bidmere_terminal.theme.apply import current, ui_font

_DASH = "—"


class PriceButton(QAbstractButton):
    """Paint a price and the size behind it; painting alone follows the ticks, so no layout runs."""

    def __init__(self, name: str, word: str, role: str, *, right: bool) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._word, self._role, self._right = word, role, right
        self._size_text = _DASH
        self._dim = False
        self.setText(_DASH)
        self.setToolTip(f"{word}: click to use this price")

    def sizeHint(self) -> QSize:
        return QSize(96, 36)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 36)

    def put(self, price: str, size: str, *, dim: bool) -> None:
        """Show a price and its size; `dim` marks data that is not fresh."""
        if (price, size, dim) == (self.text(), self._size_text, self._dim):
            return
        self._size_text, self._dim = size, dim
        self.setText(price)
        self.setAccessibleName(f"{self._word} {price}, size {size}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        try:
            if self.underMouse() or self.isDown():
                painter.fillRect(self.rect(), QColor(theme.hover))
            edge = Qt.AlignmentFlag.AlignRight if self._right else Qt.AlignmentFlag.AlignLeft
            box = self.rect().adjusted(6, 2, -6, -2)
            painter.setFont(ui_font(15, 600))
            painter.setPen(QColor(theme.text_faint if self._dim else theme.colour(self._role)))
            painter.drawText(
                QRect(box.x(), box.y(), box.width(), 18), edge | Qt.AlignmentFlag.AlignVCenter, self.text()
            )
            painter.setFont(ui_font(11))
            painter.setPen(QColor(theme.text_faint))
            below = QRect(box.x(), box.y() + 18, box.width(), 14)
            words = f"{self._size_text} × ask" if self._right else f"bid × {self._size_text}"
            painter.drawText(below, edge | Qt.AlignmentFlag.AlignVCenter, words)
        finally:
            painter.end()

    def enterEvent(self, event: object) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()


class QuoteStrip(QWidget):
    """Show the inside market; `price_taken` carries the price shown at the press as text without thousands marks."""

    price_taken = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("ticket.quote")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self.bid = PriceButton("ticket.quote.bid", "Bid", "sell", right=False)
        self.ask = PriceButton("ticket.quote.ask", "Ask", "buy", right=True)
        self.spread = QLabel(_DASH)
        self.spread.setObjectName("ticket.quote.spread")
        self.spread.setProperty("role", "caption")
        self.spread.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.spread.setToolTip("Spread: ask less bid")
        row.addWidget(self.bid, 3)
        row.addWidget(self.spread, 2)
        row.addWidget(self.ask, 3)
        self.bid.pressed.connect(self._take_bid)
        self.ask.pressed.connect(self._take_ask)

    def put(self, instrument: Instrument | None, quote: Quote | None, *, fresh: bool) -> None:
        """Show a quote; dashes where there is none."""
        if instrument is None or quote is None:
            self.bid.put(_DASH, _DASH, dim=True)
            self.ask.put(_DASH, _DASH, dim=True)
            self._set_spread(_DASH)
            return
        self.bid.put(price_text(instrument, quote.bid), compact(quote.bid_size), dim=not fresh)
        self.ask.put(price_text(instrument, quote.ask), compact(quote.ask_size), dim=not fresh)
        gap = quote.ask - quote.bid
        self._set_spread(
            f"{fixed(gap, instrument.price_decimals)}\n{gap / quote.mid * 1e4:.1f} bp" if quote.mid else _DASH
        )

    def _set_spread(self, text: str) -> None:
        if text != self.spread.text():
            self.spread.setText(text)

    def _take_bid(self) -> None:
        self._take(self.bid)

    def _take_ask(self) -> None:
        self._take(self.ask)

    def _take(self, button: PriceButton) -> None:
        if button.text() != _DASH:
            self.price_taken.emit(button.text().replace(",", ""))
