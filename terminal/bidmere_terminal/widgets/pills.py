"""Badges and pills: a word, a shape and a colour, never colour alone (U-1, U-234)."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from bidmere_terminal.theme.apply import current, ui_font

SHAPES = ("circle", "triangle", "square", "diamond", "star", "pentagon", "cross", "moon")
"""Shapes of the link groups A–H, in order."""

LEVEL_SHAPES = {"ok": "circle", "warn": "triangle", "bad": "square", "off": "ring"}
LEVEL_COLOURS = {"ok": "ok", "warn": "warn", "bad": "danger", "off": "text_faint"}

_STATE_LEVELS = {"ready": "ok", "quiet": "off", "stale": "warn", "offline": "bad", "loading": "off", "error": "bad"}


_STAR = ((0.5, 0.0), (0.63, 0.37), (1.0, 0.38), (0.7, 0.61), (0.81, 1.0), (0.5, 0.76), (0.19, 1.0), (0.3, 0.61),
         (0.0, 0.38), (0.37, 0.37))  # fmt: skip
_POLYGONS: dict[str, tuple[tuple[float, float], ...]] = {
    "triangle": ((0.5, 0.05), (1.0, 0.95), (0.0, 0.95)),
    "diamond": ((0.5, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 0.5)),
    "star": _STAR,
    "pentagon": ((0.5, 0.0), (1.0, 0.4), (0.8, 1.0), (0.2, 1.0), (0.0, 0.4)),
}


def shape_path(shape: str, box: QRectF) -> QPainterPath:
    """Return the outline of a shape in a box; an unknown shape is a circle."""
    path = QPainterPath()
    if shape == "square":
        path.addRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
    elif shape == "cross":
        third = box.width() / 3
        path.addRect(QRectF(box.left() + third, box.top(), third, box.height()))
        path.addRect(QRectF(box.left(), box.top() + third, box.width(), third))
        path.setFillRule(Qt.FillRule.WindingFill)
    elif shape == "moon":
        path.addEllipse(box)
        bite = QPainterPath()
        bite.addEllipse(box.translated(box.width() * 0.38, -box.height() * 0.12))
        path = path.subtracted(bite)
    elif shape in _POLYGONS:
        corners = [(box.left() + x * box.width(), box.top() + y * box.height()) for x, y in _POLYGONS[shape]]
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
        path.closeSubpath()
    else:
        path.addEllipse(box)
    return path


def paint_shape(painter: QPainter, shape: str, box: QRectF, colour: str) -> None:
    """Fill a shape; `ring` is a circle drawn as a line."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if shape == "ring":
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(colour))
        painter.drawEllipse(box.adjusted(0.5, 0.5, -0.5, -0.5))
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.fillPath(shape_path(shape, box), QColor(colour))


class Pill(QWidget):
    """A small rounded field with a shape and a word; `tone` names theme roles (text, soft background)."""

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self._text, self._shape = "", ""
        self._colour, self._back, self._border = "text_muted", "", ""
        self.setFont(ui_font(11, 500))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.hide()

    @property
    def text(self) -> str:
        """The word as shown."""
        return self._text

    def show_text(self, text: str, *, colour: str, back: str = "", border: str = "", shape: str = "") -> None:
        """Show a word in theme roles; an empty text hides the pill."""
        wanted = (text, colour, back, border, shape)
        if wanted == (self._text, self._colour, self._back, self._border, self._shape):
            return
        self._text, self._colour, self._back, self._border, self._shape = wanted
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        shape = 11 if self._shape else 0
        pad = 14 if self._back else 4
        return QSize(self.fontMetrics().horizontalAdvance(self._text) + shape + pad, 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            if self._back:
                painter.setBrush(QColor(theme.colour(self._back)))
                painter.setPen(QColor(theme.colour(self._border)) if self._border else Qt.PenStyle.NoPen)
                painter.drawRoundedRect(box, 4, 4)
            left = 7 if self._back else 2
            if self._shape:
                middle = self.height() / 2
                paint_shape(painter, self._shape, QRectF(left, middle - 3.5, 7, 7), theme.colour(self._colour))
                left += 11
            painter.setPen(QColor(theme.colour(self._colour)))
            painter.drawText(self.rect().adjusted(left, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), self._text)
        finally:
            painter.end()


class StatePill(Pill):
    """What a panel says of its data: quiet, stale, offline, loading or error; nothing while all is well."""

    def show_state(self, kind: str, text: str) -> None:
        """Show a state of the panel contract; `ready` without text hides the pill."""
        if kind == "ready" and not text:
            self.show_text("", colour="text_muted")
            return
        level = _STATE_LEVELS.get(kind, "off")
        back = {"warn": "warn_soft", "bad": "danger_soft"}.get(level, "")
        self.show_text(text or kind, colour=LEVEL_COLOURS[level], back=back, shape=LEVEL_SHAPES[level])


class Badge(Pill):
    """A mode in words with a border (`SIM data`, `PAPER orders`)."""

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width() + 4, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        self.setFont(ui_font(11, 600))
        super().paintEvent(event)
