"""Draw a tree of splits and stacks with nested splitters that keep relative sizes exactly."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from bidmere_terminal.theme.apply import current
from bidmere_terminal.theme.tokens import METRICS
from bidmere_terminal.window.slot import PanelSlot
from bidmere_terminal.window.stack_view import StackView
from bidmere_terminal.window.tree import Node, Split, Stack, Zone


class ShareSplitter(QSplitter):
    """A splitter whose children have shares of it rather than pixels."""

    moved = Signal()

    def __init__(self, direction: str, shares: tuple[float, ...]) -> None:
        super().__init__(Qt.Orientation.Horizontal if direction == "h" else Qt.Orientation.Vertical)
        self.direction = direction
        self.shares = shares
        self.setChildrenCollapsible(False)
        self.setHandleWidth(METRICS.gutter_px)
        self.splitterMoved.connect(self._on_moved)

    def apply(self) -> None:
        """Give every child its share of the present size."""
        extent = self.width() if self.direction == "h" else self.height()
        room = max(1, extent - self.handleWidth() * (self.count() - 1))
        self.setSizes([max(1, round(share * room)) for share in self.shares])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.apply()

    def _on_moved(self, _pos: int, _index: int) -> None:
        total = sum(self.sizes()) or 1
        self.shares = tuple(size / total for size in self.sizes())
        self.moved.emit()


class DropOverlay(QWidget):
    """Show where a dragged panel would land."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        try:
            painter.setOpacity(0.35)
            painter.fillRect(self.rect(), QColor(theme.accent_fill))
            painter.setOpacity(1.0)
            painter.setPen(QColor(theme.accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        finally:
            painter.end()


class DockArea(QWidget):
    """Hold one tree of panels: the window's middle, or a floating window."""

    changed = Signal()
    """Shares or tabs in front differ: worth saving, nothing to rebuild."""

    def __init__(self, slot_of: Callable[[str], PanelSlot], connect: Callable[[StackView], None]) -> None:
        super().__init__()
        self._slot_of, self._connect = slot_of, connect
        self._root: QWidget | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.views: list[StackView] = []
        self._overlay = DropOverlay(self)

    def render_tree(self, node: Node | None, maximised: str = "") -> None:
        """Rebuild the widgets for a tree; with `maximised` only that panel is shown."""
        self.setUpdatesEnabled(False)
        try:
            self.clear()
            shown: Node | None = Stack((maximised,)) if maximised else node
            if shown is not None:
                self._root = self._build(shown)
                self._layout.addWidget(self._root)
                self._root.show()
            for view in self.views:
                view.maximised = bool(maximised)
                view.bar.refresh()
        finally:
            self.setUpdatesEnabled(True)

    def clear(self) -> None:
        """Let go of every slot and delete the splitters."""
        for view in self.views:
            view.release()
        self.views = []
        if self._root is not None:
            self._layout.removeWidget(self._root)
            self._root.hide()
            self._root.deleteLater()
            self._root = None

    def node(self) -> Node | None:
        """Return what is shown, with the present shares and tabs."""
        return _read(self._root) if self._root is not None else None

    def view_of(self, instance: str) -> StackView | None:
        """Return the stack that holds a panel."""
        return next((view for view in self.views if any(slot.instance == instance for slot in view.slots_)), None)

    def _build(self, node: Node) -> QWidget:
        if isinstance(node, Stack):
            view = StackView([self._slot_of(name) for name in node.panels], node.current)
            view.current_changed.connect(self.changed)
            self._connect(view)
            self.views.append(view)
            return view
        splitter = ShareSplitter(node.direction, node.shares)
        for child in node.children:
            splitter.addWidget(self._build(child))
        splitter.moved.connect(self.changed)
        return splitter

    # ---- dropping
    def zone_at(self, position: QPoint) -> tuple[StackView, Zone, QRect] | None:
        """Return which stack and zone lie under a global position, and the rectangle a drop would fill."""
        here = self.mapFromGlobal(position)
        for view in self.views:
            rect = QRect(view.mapTo(self, QPoint(0, 0)), view.size())
            if rect.contains(here):
                zone = _zone(rect, here)
                return view, zone, _part(rect, zone)
        return None

    def show_drop(self, rect: QRect | None) -> None:
        """Show or hide the landing place."""
        if rect is None:
            self._overlay.hide()
            return
        self._overlay.setGeometry(rect)
        self._overlay.raise_()
        self._overlay.show()


def _read(widget: QWidget | None) -> Node | None:
    if isinstance(widget, StackView):
        return widget.node()
    if isinstance(widget, ShareSplitter):
        children = [_read(widget.widget(index)) for index in range(widget.count())]
        kept = [child for child in children if child is not None]
        if len(kept) == len(widget.shares):
            return Split(widget.direction, tuple(kept), widget.shares)
    return None


def _zone(rect: QRect, here: QPoint) -> Zone:
    if here.y() - rect.top() < 28:
        return Zone.CENTRE
    x = (here.x() - rect.left()) / max(1, rect.width())
    y = (here.y() - rect.top()) / max(1, rect.height())
    nearest = min((x, Zone.LEFT), (1 - x, Zone.RIGHT), (y, Zone.TOP), (1 - y, Zone.BOTTOM))
    return nearest[1] if nearest[0] < 0.28 else Zone.CENTRE


def _part(rect: QRect, zone: Zone) -> QRect:
    width, height = rect.width() // 2, rect.height() // 2
    if zone is Zone.LEFT:
        return QRect(rect.left(), rect.top(), width, rect.height())
    if zone is Zone.RIGHT:
        return QRect(rect.right() - width, rect.top(), width, rect.height())
    if zone is Zone.TOP:
        return QRect(rect.left(), rect.top(), rect.width(), height)
    if zone is Zone.BOTTOM:
        return QRect(rect.left(), rect.bottom() - height, rect.width(), height)
    return rect
