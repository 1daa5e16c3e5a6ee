"""The chart: a plain widget that paints bars, indicators and the user's own orders, and never sends anything."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from bidmere.model.bars import BarArray
from bidmere.model.timeframe import Timeframe
from bidmere_terminal.charts import (
    painter_bars,
    painter_grid,
    painter_legend,
    painter_lines,
    painter_marks,
)
from bidmere_terminal.charts.interaction import Interaction
from bidmere_terminal.charts.layout import Frame, build, plot_width
from bidmere_terminal.charts.marks import FillMark, OrderLine, PositionLine
from bidmere_terminal.charts.model import KINDS, ChartModel, default_span
from bidmere_terminal.charts.painter_bars import BarTools
from bidmere_terminal.charts.painter_legend import Crosshair
from bidmere_terminal.charts.style import ChartStyle
from bidmere_terminal.charts.viewport import MIN_BARS
from bidmere_terminal.theme.apply import current, theme_changes

if TYPE_CHECKING:
    from bidmere.model.market import Bar

log = logging.getLogger(__name__)


class ChartWidget(Interaction, QWidget):
    """Show one instrument in one timeframe; all times are int ns UTC, prices float.

    The picture is kept and repainted only when something in it changed; a moving crosshair paints over it. A failing
    paint shows a card and is logged once (U-22).
    """

    crosshair_moved = Signal(object)  # int ts_ns | None
    price_clicked = Signal(float)
    symbol_typed = Signal(str)
    timeframe_typed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chart.view")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Chart")
        self.model = ChartModel()
        self._tools = BarTools()
        self._style: ChartStyle | None = None
        self._picture: QPixmap | None = None
        self._frame: Frame | None = None
        self._stale = True
        self._failure = ""
        self._linked_ts: int | None = None
        self._plot_width = 0.0
        self._laid_out_width = 0
        self._legend_right = 0.0
        theme_changes().changed.connect(self._on_theme)

    # -- content ------------------------------------------------------------------------------------------------

    def set_instrument(self, title: str, decimals: int, subtitle: str = "", watermark: str = "") -> None:
        """Name what is shown; another title starts a new view with the next history."""
        self.model.set_identity(title, decimals, subtitle, watermark)
        self._describe()
        self._changed()

    def set_timeframe(self, timeframe: Timeframe) -> None:
        """Set the bar length; another one starts a new view with the next history."""
        self.model.set_timeframe(timeframe)
        self._describe()
        self._changed()

    def set_bars(self, bars: BarArray) -> None:
        """Show a history; for the same instrument and timeframe the view stays where it was in time."""
        self.model.set_bars(bars)
        self._changed()

    def update_bar(self, bar: Bar) -> None:
        """Change the last bar (same opening time) or add a newer one; older bars are ignored."""
        if self.model.update_bar(bar):
            self._changed()

    def set_indicators(self, specs: Sequence[tuple[str, dict[str, float]]]) -> None:
        """Choose indicators by catalogue name and settings; wrong ones show their reason in the legend."""
        self.model.set_indicators(specs)
        self._changed()

    def set_orders(self, lines: Sequence[OrderLine]) -> None:
        """Show working orders."""
        if self.model.orders != (orders := tuple(lines)):
            self.model.orders = orders
            self._changed()

    def set_position(self, line: PositionLine | None) -> None:
        """Show the open position, or none."""
        if self.model.position != line:
            self.model.position = line
            self._changed()

    def set_fills(self, marks: Sequence[FillMark]) -> None:
        """Show own fills."""
        if self.model.set_fills(marks):
            self._changed()

    def set_quote(self, bid: float, ask: float) -> None:
        """Show bid and ask as marks at the axis; NaN hides one."""
        if (self.model.bid, self.model.ask) != (bid, ask):
            self.model.bid, self.model.ask = bid, ask
            self._changed()

    def set_crosshair_time(self, ts_ns: int | None) -> None:
        """Show the crosshair of a linked chart at its time."""
        if self._linked_ts != ts_ns:
            self._linked_ts = ts_ns
            self.update()

    def set_state(self, kind: str, text: str = "") -> None:
        """Say how the data is: ready, loading, empty, stale, offline or error, with one sentence."""
        if (self.model.state, self.model.state_text) != (kind, text):
            self.model.set_state(kind, text)
            self._describe()
            self._changed()

    def set_time_zone(self, name: str) -> None:
        """Show times in an IANA zone. Raises InvalidInput."""
        self.model.set_zone(name)
        self._changed()

    def set_now(self, ts_ns: int) -> None:
        """Tell the time, once a second, for the countdown to the bar's close."""
        if self.model.now_ns is None or ts_ns // 1_000_000_000 != self.model.now_ns // 1_000_000_000:
            self.model.now_ns = ts_ns
            self._changed()

    def set_kind(self, kind: str) -> None:
        """Choose candles, hollow, bars, line, area or heikin-ashi. Raises ValueError."""
        if kind not in KINDS:
            raise ValueError(f"A chart has no kind {kind!r}.")
        self.model.kind = kind
        self._changed()

    def set_scale(self, log_scale: bool | None = None, invert: bool | None = None) -> None:
        """Switch the logarithmic and the upside-down price scale."""
        self.model.log = self.model.log if log_scale is None else log_scale
        self.model.invert = self.model.invert if invert is None else invert
        self._changed()

    def view_state(self) -> dict[str, Any]:
        """Return zoom, place, kind and scale as plain JSON values."""
        return self.model.view_state()

    def restore_view(self, state: Mapping[str, Any]) -> None:
        """Take a state saved by `view_state`, at once or when the history arrives."""
        self.model.restore_view(state)
        self._changed()

    def values(self) -> dict[str, Any]:
        """Return what is on the screen: last price, bar count, visible range, indicators, orders, fills."""
        return {**self.model.values(), "failure": self._failure}

    # -- painting -------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(900, 560)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 120)

    def frame(self) -> Frame | None:
        """Return the geometry of the last paint, in device pixels."""
        return self._frame

    def scale_factor(self) -> float:
        """Return device pixels per logical pixel."""
        return self.devicePixelRatioF()

    def _changed(self) -> None:
        self._stale = True
        self.update()

    def _on_theme(self, _theme: object) -> None:
        self._style = None
        self._changed()

    def _describe(self) -> None:
        model = self.model
        self.setAccessibleName(f"Chart {model.title} {model.timeframe}".strip())
        self.setAccessibleDescription("" if model.state == "ready" else f"{model.state} {model.state_text}".strip())

    def _current_style(self) -> ChartStyle:
        theme, scale = current(), self.devicePixelRatioF()
        if self._style is None or self._style.scale != scale or self._style.theme is not theme:
            self._style = ChartStyle(theme, scale)
            self._stale = True
        return self._style

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            self._guarded(painter)
        finally:
            painter.end()

    def _guarded(self, painter: QPainter) -> None:
        try:
            style = self._current_style()
            painter.scale(1.0 / style.scale, 1.0 / style.scale)
            self._compose(painter, style)
            self._failure = ""
        except Exception as error:
            words = f"{type(error).__name__}: {error}"
            if words != self._failure:
                log.exception("%s could not be painted.", self.accessibleName())
            self._failure = words
            self._stale = True
            self._paint_failure(painter)

    def _paint_failure(self, painter: QPainter) -> None:
        painter.resetTransform()
        painter.setClipping(False)
        style = self._style or ChartStyle(current(), 1.0)
        painter.fillRect(self.rect(), style.brushes["panel"])
        plain = ChartStyle(current(), 1.0)
        text = "The rest of the program goes on. The log has the details."
        painter_legend.paint_card(painter, self.rect(), plain, "This chart could not be painted", text, "danger")

    def _compose(self, painter: QPainter, style: ChartStyle) -> None:
        width, height = max(1, round(self.width() * style.scale)), max(1, round(self.height() * style.scale))
        picture = self._picture
        if picture is None or picture.width() != width or picture.height() != height:
            picture = self._picture = QPixmap(width, height)
            self._stale = True
        frame = self._frame
        if self._stale or frame is None:
            self.model.refresh()
            self._keep_bar_width(plot_width(self.model, style, width) / style.scale)
            frame = build(self.model, style, width, height)
            frame.legend_right = self._legend_reach(frame, style)
            _onto(picture, lambda inner: self._paint_picture(inner, frame, style))
            self._frame, self._stale = frame, False
        painter.drawPixmap(0, 0, picture)
        cross = self._crosshair(frame)
        index = cross.index if cross is not None and 0 <= cross.index < len(self.model.store) else -1
        if cross is not None:
            painter_legend.paint_crosshair(painter, frame, self.model, style, cross)
        shown = index if index >= 0 else len(self.model.store) - 1
        self._note_reach(painter_legend.paint_legend(painter, frame, self.model, style, shown))
        if self.hasFocus():
            painter_legend.paint_focus(painter, frame, style)

    def _legend_reach(self, frame: Frame, style: ChartStyle) -> float:
        """Return how far right the legend reached last time; the first time it is tried out of sight."""
        if self._legend_right <= 0.0:
            last = len(self.model.store) - 1
            draft = QPixmap(1, 1)
            _onto(draft, lambda p: self._note_reach(painter_legend.paint_legend(p, frame, self.model, style, last)))
        return self._legend_right

    def _note_reach(self, right: float) -> None:
        self._legend_right = right

    def _keep_bar_width(self, width: float) -> None:
        """Let a resized widget show more or fewer bars of the same size; `width` is the plot's, logical pixels.

        A plot that only gives room to a wider price axis keeps its bars (U-36).
        """
        view, resized = self.model.view, self.width() != self._laid_out_width
        self._laid_out_width = self.width()
        if self._plot_width > 0.0 and resized:
            right = view.right
            view.span = max(MIN_BARS, view.span * width / self._plot_width)
            view.left = right - view.span
        elif self._plot_width <= 0.0 and not self.model.placed:
            view.reset(len(self.model.store), default_span(width))
        self._plot_width = width

    def _paint_picture(self, painter: QPainter, frame: Frame, style: ChartStyle) -> None:
        model, tools = self.model, self._tools
        painter_grid.paint_ground(painter, frame, style)
        painter_grid.paint_watermark(painter, frame, model, style)
        painter_bars.paint_area(painter, frame, model, style)
        painter_grid.paint_grid(painter, frame, style, tools.lines)
        painter_lines.paint_panes(painter, frame, model, style, tools)
        painter.setClipRect(frame.plot)
        painter_bars.paint_volume(painter, frame, style, tools)
        painter_bars.paint_prices(painter, frame, model, style, tools)
        painter_lines.paint_overlays(painter, frame, model, style, tools)
        painter_marks.paint_last_line(painter, frame, model, style)
        painter_marks.paint_fills(painter, frame, model, style)
        painter_marks.paint_lines(painter, frame, model, style)
        painter.setClipping(False)
        painter_marks.collect_tags(frame, model, style)
        painter_grid.paint_axes(painter, frame, model, style)
        painter_legend.paint_state(painter, frame, model, style)

    def _crosshair(self, frame: Frame) -> Crosshair | None:
        if not len(self.model.store):
            return None
        if self._pointer is not None:
            x, y = self._pointer
            if x < frame.axis_left and y < frame.time_top:
                return Crosshair(self.model.view.to_index(x, frame.plot.width()), y)
        if self._linked_ts is not None:
            index = self.model.store.index_at(self._linked_ts)
            return Crosshair(index, None) if index >= 0 else None
        return None

    # -- events -----------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._stale = True
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.EnabledChange):
            self._changed()
        super().changeEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


def _onto(picture: QPixmap, paint: Callable[[QPainter], None]) -> None:
    painter = QPainter(picture)
    try:
        paint(painter)
    finally:
        painter.end()
