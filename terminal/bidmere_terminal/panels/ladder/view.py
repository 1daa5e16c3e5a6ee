"""The ladder's one widget: static price rows, hover, wheel and keys; painted from arrays, never laid out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from bidmere.model.instrument import Instrument
from bidmere.model.market import Book, Side, Trade
from bidmere_terminal.panels.ladder.painting import HEAD_PX, ROW_PX, Columns, LadderPainter, Scene
from bidmere_terminal.panels.ladder.rows import GROUPS, Depth, OwnTag, StaticRows, Traded, depth_of
from bidmere_terminal.theme import Theme, current, theme_changes

FRAME_MS = 33
_GUARD_MS = 720


@dataclass(slots=True)
class Content:
    """What the ladder shows of one instrument."""

    instrument: Instrument
    depth: Depth = field(default_factory=Depth)
    traded: Traded = field(default_factory=Traded)
    tags: dict[tuple[int, Side], OwnTag] = field(default_factory=dict)
    entry: int | None = None


class LadderView(QWidget):
    """Show a book by price; `group_changed` tells that rows hold another number of ticks."""

    group_changed = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Price ladder")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.seconds: Callable[[], float] = time.monotonic
        self.content: Content | None = None
        self.rows = StaticRows()
        self.group = 1
        self.dim = False
        self.paint_ms = 0.0
        self._hovered: int | None = None
        self._wheel = 0
        self._columns: Columns | None = None
        self._painter = LadderPainter(current())
        self._frame = self._timer(FRAME_MS, self._on_frame)
        self._guard = self._timer(_GUARD_MS, self._on_frame)
        theme_changes().changed.connect(self._on_theme)

    def _timer(self, ms: int, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(ms)
        timer.timeout.connect(slot)
        return timer

    # ---- what it shows
    def show_instrument(self, instrument: Instrument | None) -> None:
        """Start anew on an instrument."""
        self.content = Content(instrument) if instrument is not None else None
        self.rows.top = None
        self._columns = None
        self._painter.forget()
        if self.content is not None:
            self.content.traded.use_group(self.group)
        self.wake()

    def put_book(self, book: Book) -> None:
        """Take the newest book."""
        if self.content is not None:
            self.content.depth = depth_of(book, self.content.instrument, self.group)
            self.wake()

    def put_trades(self, trades: Iterable[Trade]) -> None:
        """Count trades into the volume column."""
        if self.content is not None:
            self.content.traded.add(trades, self.content.instrument)
            self.wake()

    def put_own(self, tags: dict[tuple[int, Side], OwnTag], entry: int | None) -> None:
        """Show own orders and the row of the position's average price."""
        if self.content is not None and (tags, entry) != (self.content.tags, self.content.entry):
            self.content.tags, self.content.entry = tags, entry
            self.wake()

    def set_dim(self, dim: bool) -> None:
        """Show values as not fresh."""
        if dim != self.dim:
            self.dim = dim
            self.wake()

    def set_group(self, group: int) -> None:
        """Put `group` ticks into one row; the owner then puts the book again."""
        if group == self.group:
            return
        self.rows.regroup(self.group, group)
        self.group = group
        if self.content is not None:
            self.content.traded.use_group(group)
        self.group_changed.emit(group)
        self.wake()

    def recentre(self) -> None:
        """Put the inside market into the middle."""
        if self.content is not None:
            self.rows.centre(self._inside())
            self.update()

    def wake(self) -> None:
        """Repaint within a frame, while visible."""
        if self.isVisible() and not self._frame.isActive():
            self._frame.start()

    def stop(self) -> None:
        """End the timers."""
        self._frame.stop()
        self._guard.stop()

    def shown_rows(self) -> list[tuple[str, float, float, float]]:
        """Return (price, bid size, ask size, volume) of the rows on the screen, from the top."""
        if self.content is None or self.rows.top is None:
            return []
        one, content = self.content.instrument, self.content
        result = []
        for line in range(self.rows.count):
            row = self.rows.top - line
            price = f"{one.price_of(row * self.group):,.{one.price_decimals}f}"
            depth = content.depth
            result.append((price, depth.bids.get(row, 0.0), depth.asks.get(row, 0.0), content.traded.at(row)))
        return result

    def _inside(self) -> float | None:
        if self.content is None:
            return None
        inside = self.content.depth.inside
        last = self.content.traded.last
        return inside if inside is not None else last / self.group if last is not None else None

    def _on_frame(self) -> None:
        now = self.seconds()
        if self.content is not None and not self.rows.follow(self._inside(), now) and self.rows.guarded(now):
            # The guard holds a recentre back: look again when it ends.
            self._guard.start()
        self.update()

    def _on_theme(self, theme: Theme) -> None:
        self._painter = LadderPainter(theme)
        self._columns = None
        self.update()

    # ---- events
    def sizeHint(self) -> QSize:
        return QSize(320, 480)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, HEAD_PX + 5 * ROW_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.perf_counter()
        painter = QPainter(self)
        try:
            if self.content is None:
                painter.fillRect(self.rect(), self._painter.colours.panel)
                return
            one = self.content.instrument
            if self._columns is None:
                sample = float(one.tick) * (self.rows.top or 0) * self.group
                if self.rows.top is not None:
                    self._columns = self._painter.columns(self.width(), one, sample)
            columns = self._columns or self._painter.columns(self.width(), one, 0.0)
            content = self.content
            scene = Scene(
                instrument=one,
                group=self.group,
                rows=self.rows,
                depth=content.depth,
                traded=content.traded,
                tags=content.tags,
                hovered=self._hovered,
                entry=content.entry,
                dim=self.dim,
            )
            self._painter.paint(painter, scene, columns, self.width(), self.height())
        finally:
            painter.end()
            self.paint_ms = (time.perf_counter() - began) * 1_000

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.rows.resize((self.height() - HEAD_PX) // ROW_PX)
        self._columns = None

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.stop()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.rows.note_mouse(self.seconds())
        y = round(event.position().y())
        self._hover((y - HEAD_PX) // ROW_PX if y >= HEAD_PX else None)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def _hover(self, line: int | None) -> None:
        if line != self._hovered:
            self._hovered = line
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.rows.button_down = True
        if event.button() == Qt.MouseButton.MiddleButton:
            self.recentre()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.rows.button_down = False
        self.rows.note_mouse(self.seconds())

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._wheel += event.angleDelta().y()
        steps = int(self._wheel / 120)
        self._wheel -= steps * 120
        event.accept()
        if not steps:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._step_group(-1 if steps > 0 else 1)
        else:
            self.rows.note_mouse(self.seconds())
            self.rows.scroll(steps * 2)
            self.update()

    def _step_group(self, step: int) -> None:
        place = GROUPS.index(self.group) + step
        self.set_group(GROUPS[min(max(place, 0), len(GROUPS) - 1)])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        page = max(1, self.rows.count - 2)
        moves = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: page, Qt.Key.Key_PageDown: -page}
        key = Qt.Key(event.key())
        depth = self.content.depth if self.content is not None else Depth()
        if key == Qt.Key.Key_Space:
            self.recentre()
        elif key in moves:
            self.rows.note_mouse(self.seconds())
            self.rows.scroll(moves[key])
            self.update()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus):
            self._step_group(1 if key == Qt.Key.Key_Plus else -1)
        elif key == Qt.Key.Key_Home and depth.best_bid is not None:
            self.rows.centre(depth.best_bid)
            self.update()
        elif key == Qt.Key.Key_End and depth.best_ask is not None:
            self.rows.centre(depth.best_ask)
            self.update()
        else:
            super().keyPressEvent(event)
