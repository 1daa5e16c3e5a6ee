"""Pens, brushes and fonts of a chart, built once per theme and scale factor, never in a paint."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPen

from bidmere_terminal.theme.apply import ui_font
from bidmere_terminal.theme.tokens import METRICS, Theme, colour_roles

LINE_WIDTH = 1.4


class ChartStyle:
    """Hold ready-made painting tools in device pixels; `px(n)` converts logical pixels to whole device ones."""

    def __init__(self, theme: Theme, scale: float) -> None:
        self.theme = theme
        self.scale = scale
        self.colours: dict[str, QColor] = {role: QColor(theme.colour(role)) for role in colour_roles()}
        self.brushes: dict[str, QBrush] = {role: QBrush(colour) for role, colour in self.colours.items()}
        self.pens: dict[str, QPen] = {role: _pen(colour, self.px(1)) for role, colour in self.colours.items()}
        self.dotted = {role: _pen(colour, self.px(1), (1.0, 3.0)) for role, colour in self.colours.items()}
        self.dashed = {role: _pen(colour, self.px(1), (4.0, 3.0)) for role, colour in self.colours.items()}
        self.series: list[QPen] = [_line_pen(QColor(colour), LINE_WIDTH * scale) for colour in theme.series]
        self.series_thin: list[QPen] = [_pen(QColor(colour), self.px(1)) for colour in theme.series]
        self.series_brushes: list[QBrush] = [QBrush(QColor(colour)) for colour in theme.series]
        self.close_line = _line_pen(self.colours["accent"], 1.6 * scale)
        self.text = self._font(METRICS.text_px, 400)
        self.small = self._font(METRICS.caption_px, 400)
        self.small_strong = self._font(METRICS.caption_px, 500)
        self.title = self._font(METRICS.title_px, 600)
        self.text_metrics = QFontMetricsF(self.text)
        self.small_metrics = QFontMetricsF(self.small)
        self.strong_metrics = QFontMetricsF(self.small_strong)
        self.title_metrics = QFontMetricsF(self.title)
        self.watermark_fonts = [self._font(px, 600) for px in (28, 40, 56)]
        self._widths: dict[str, float] = {}

    def px(self, logical: float) -> int:
        """Convert logical pixels to device pixels, at least one."""
        return max(1, round(logical * self.scale))

    def small_width(self, text: str) -> float:
        """Return the width of a small text; digits are tabular, so texts of one shape share a measurement."""
        shape = text.translate(_DIGITS)
        width = self._widths.get(shape)
        if width is None:
            if len(self._widths) > 2_000:
                self._widths.clear()
            width = self._widths[shape] = self.strong_metrics.horizontalAdvance(shape)
        return width

    def _font(self, px: int, weight: int) -> QFont:
        font = QFont(ui_font(px, weight))
        font.setPixelSize(max(1, round(px * self.scale)))
        return font


_DIGITS = str.maketrans("123456789", "0" * 9)


def _pen(colour: QColor, width: float, dashes: tuple[float, ...] = ()) -> QPen:
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if dashes:
        pen.setDashPattern(list(dashes))
    return pen


def _line_pen(colour: QColor, width: float) -> QPen:
    """Make a pen for curves drawn as separate lines between whole pixel columns.

    Flat caps meet there without a seam and keep Qt on its fast path; round ones are ten times slower.
    """
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen
