"""Arrays of Qt line and rectangle structures, so that one painter call draws thousands of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QPainter
from shiboken6 import wrapInstance

Floats = NDArray[np.float64]


class _Array:
    """Own a growing block of four doubles a shape, laid out as Qt's own structures are."""

    _kind: type[QLineF] | type[QRectF] = QLineF

    def __init__(self) -> None:
        self._block: Floats = np.empty((0, 4))
        self._first: object = None

    def take(self, count: int) -> Floats:
        """Return (count, 4) doubles to fill; valid until the next call."""
        if count > len(self._block):
            self._block = np.empty((max(256, count * 3 // 2), 4))
            self._first = wrapInstance(self._block.ctypes.data, self._kind)
        return self._block[:count]


class Lines(_Array):
    """Draw many lines with the painter's pen: x1, y1, x2, y2 each."""

    _kind = QLineF

    def draw(self, painter: QPainter, count: int) -> None:
        """Draw the first `count` lines taken."""
        if count:
            painter.drawLines(self._first, count)  # type: ignore[call-overload]

    def vertical(self, painter: QPainter, x: Floats, top: Floats, bottom: Floats) -> None:
        """Draw vertical lines at x from top to bottom."""
        block = self.take(len(x))
        block[:, 0] = x
        block[:, 1] = top
        block[:, 2] = x
        block[:, 3] = bottom
        self.draw(painter, len(x))

    def path(self, painter: QPainter, x: Floats, y: Floats) -> None:
        """Draw a polyline, broken where y is NaN."""
        if len(x) < 2:
            return
        block = self.take(len(x) - 1)
        block[:, 0] = x[:-1]
        block[:, 1] = y[:-1]
        block[:, 2] = x[1:]
        block[:, 3] = y[1:]
        whole = np.isfinite(block[:, 1]) & np.isfinite(block[:, 3])
        count = int(whole.sum())
        if count < len(block):
            block[:count] = block[whole]
        self.draw(painter, count)


class Rects(_Array):
    """Draw many rectangles with the painter's brush: x, y, width, height each."""

    _kind = QRectF

    def draw(self, painter: QPainter, count: int) -> None:
        """Draw the first `count` rectangles taken."""
        if count:
            painter.drawRects(self._first, count)  # type: ignore[call-overload]

    def columns(self, painter: QPainter, x: Floats, y: Floats, width: float, height: Floats) -> None:
        """Draw rectangles of one width."""
        block = self.take(len(x))
        block[:, 0] = x
        block[:, 1] = y
        block[:, 2] = width
        block[:, 3] = height
        self.draw(painter, len(x))
