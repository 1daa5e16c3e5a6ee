"""Mouse and keyboard of the chart: pan, zoom, axis drags, typed symbols. Nothing here can lead to an order (U-114)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QWheelEvent

from bidmere_terminal.charts.layout import Frame
from bidmere_terminal.charts.model import default_span

if TYPE_CHECKING:
    from PySide6.QtCore import Signal
    from PySide6.QtWidgets import QWidget

    from bidmere_terminal.charts.model import ChartModel

    _Base = QWidget
else:
    _Base = object

_CLICK_PX = 4.0
_STEP = 0.02  # of the span, for one arrow key
_WHEEL_ZOOM = 1.0015  # per eighth of a degree


class Interaction(_Base):
    """Turn input into changes of the view; mixed into the chart widget."""

    model: ChartModel
    if TYPE_CHECKING:
        crosshair_moved: Signal
        price_clicked: Signal
        symbol_typed: Signal
        timeframe_typed: Signal

        def frame(self) -> Frame | None: ...
        def scale_factor(self) -> float: ...
        def _changed(self) -> None: ...

    _pointer: tuple[float, float] | None = None
    _grab: str = ""  # what a drag moves: "" nothing, "plot", "price" axis, "time" axis
    _grab_at: tuple[float, float] = (0.0, 0.0)
    _grab_start: tuple[float, float] = (0.0, 0.0)
    _grab_left: float = 0.0
    _grab_span: float = 0.0
    _grab_range: tuple[float, float] = (0.0, 0.0)

    def _device(self, event: QMouseEvent | QWheelEvent) -> tuple[float, float]:
        factor = self.scale_factor()
        return event.position().x() * factor, event.position().y() * factor

    def _place(self, x: float, y: float) -> str:
        frame = self.frame()
        if frame is None:
            return ""
        if y >= frame.time_top:
            return "time" if x < frame.axis_left else ""
        if x >= frame.axis_left:
            return "price" if y < frame.plot.height() else ""
        return "plot"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x, y = self._device(event)
        frame = self.frame()
        if event.button() == Qt.MouseButton.RightButton and self._place(x, y) in ("plot", "price"):
            self._pick_price(y)
        if event.button() != Qt.MouseButton.LeftButton or frame is None:
            event.ignore()
            return
        self._grab = self._place(x, y)
        self._grab_at = self._grab_start = (x, y)
        self._grab_left, self._grab_span = self.model.view.left, self.model.view.span
        self._grab_range = (frame.scale.low, frame.scale.high)
        if self._grab == "plot":
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x, y = self._device(event)
        frame = self.frame()
        if frame is None:
            return
        if self._grab and event.buttons() & Qt.MouseButton.LeftButton:
            self._drag(frame, x, y)
        elif not self._grab:
            shapes = {"price": Qt.CursorShape.SizeVerCursor, "time": Qt.CursorShape.SizeHorCursor}
            self.setCursor(shapes.get(self._place(x, y), Qt.CursorShape.CrossCursor))
        self._pointer = (x, y)
        self._tell_crosshair(frame, x, y)
        self.update()
        event.accept()

    def _drag(self, frame: Frame, x: float, y: float) -> None:
        view = self.model.view
        if self._grab == "plot":
            view.left = self._grab_left
            view.pan((self._grab_start[0] - x) * view.span / frame.plot.width())
            if self.model.manual_range is not None:
                self._drag_prices(frame, y)
        elif self._grab == "time":
            view.left, view.span = self._grab_left, self._grab_span
            view.zoom(1.004 ** (x - self._grab_start[0]))
        elif self._grab == "price":
            low, high = self._grab_range
            middle, half = (low + high) / 2, (high - low) / 2 * 1.006 ** (y - self._grab_start[1])
            if abs(y - self._grab_start[1]) > _CLICK_PX and half > 0:
                self.model.manual_range = (middle - half, middle + half)
        self._changed()

    def _drag_prices(self, frame: Frame, y: float) -> None:
        low, high = self._grab_range
        shift = (y - self._grab_start[1]) * (high - low) / max(1, frame.plot.height())
        shift = -shift if self.model.invert else shift
        self.model.manual_range = (low + shift, high + shift)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        x, y = self._device(event)
        moved = abs(x - self._grab_start[0]) + abs(y - self._grab_start[1])
        if self._grab == "price" and moved <= _CLICK_PX:
            self._pick_price(y)
        self._grab = ""
        self.unsetCursor()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = self._place(*self._device(event))
        if place == "price":
            self.model.manual_range = None
        elif place == "time":
            self.reset_view()
        self._changed()
        event.accept()

    def _pick_price(self, y: float) -> None:
        frame = self.frame()
        if frame is not None and len(self.model.store) and 0 <= y < frame.plot.height():
            self.price_clicked.emit(round(frame.scale.value(y), self.model.decimals))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.ignore()  # the panel that owns the chart shows its menu

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.crosshair_moved.emit(None)
        self.update()

    def _tell_crosshair(self, frame: Frame, x: float, y: float) -> None:
        index = self.model.view.to_index(x, frame.plot.width())
        inside = self._place(x, y) == "plot" and 0 <= index < len(self.model.store)
        self.crosshair_moved.emit(int(self.model.store.ts[index]) if inside else None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        frame = self.frame()
        if frame is None:
            return
        sideways, turn = event.angleDelta().x(), event.angleDelta().y()
        view = self.model.view
        if sideways or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            view.pan(-(sideways or turn) * view.span / 1_200)
        elif turn:
            x, _y = self._device(event)
            view.zoom(_WHEEL_ZOOM**-turn, min(1.0, max(0.0, x / frame.plot.width())))
        self._changed()
        event.accept()

    def reset_view(self) -> None:
        """Show the last bars at the usual size and let the price scale fit itself."""
        frame = self.frame()
        width = frame.plot.width() / self.scale_factor() if frame is not None else 0.0
        self.model.manual_range = None
        self.model.view.reset(len(self.model.store), default_span(width))
        self._changed()

    def zoom_by(self, factor: float) -> None:
        """Show `factor` times as many bars, keeping the last one in place when it is in view."""
        self.model.view.zoom_keeping_last(factor)
        self._changed()

    def pan_by(self, bars: float) -> None:
        """Move the view by bars, to later ones when positive."""
        self.model.view.pan(bars)
        self._changed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._navigate(event) or self._typed(event):
            event.accept()
        else:
            event.ignore()

    def _navigate(self, event: QKeyEvent) -> bool:
        key, held = event.key(), event.modifiers()
        ctrl = bool(held & Qt.KeyboardModifier.ControlModifier)
        if held & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier):
            return False
        step = max(1.0, self.model.view.span * _STEP) * (10 if held & Qt.KeyboardModifier.ShiftModifier else 1)
        if ctrl and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.zoom_by(0.8 if key == Qt.Key.Key_Up else 1.25)
        elif not ctrl and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.pan_by(-step if key == Qt.Key.Key_Left else step)
        elif not ctrl and key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.pan_by(self.model.view.span * (-0.9 if key == Qt.Key.Key_PageUp else 0.9))
        elif not ctrl and key == Qt.Key.Key_Home:
            self.reset_view()
        else:
            return False
        return True

    def _typed(self, event: QKeyEvent) -> bool:
        """Hand typed letters to the symbol search and digits to the timeframe box (U-39)."""
        text, held = event.text(), event.modifiers()
        if held & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier) or len(text) != 1:
            return False
        if text.isdigit() and text != "0":
            self.timeframe_typed.emit(text)
        elif text.isalpha():
            self.symbol_typed.emit(text)
        else:
            return False
        return True
