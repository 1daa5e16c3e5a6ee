"""A stack of panels with one title bar: name or tabs, link chip, symbol, state pill and buttons."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from bidmere_terminal.theme.apply import ui_font
from bidmere_terminal.theme.icons import bind_icon, icon_pixmap
from bidmere_terminal.widgets.labels import ElidedLabel, plain_label
from bidmere_terminal.widgets.link_chip import LinkChip
from bidmere_terminal.widgets.pills import StatePill
from bidmere_terminal.window.slot import PanelSlot
from bidmere_terminal.window.tree import Stack

TITLE_PX = 28
_FLOAT_AT, _MAXIMISE_AT = 300, 220


class TitleBar(QWidget):
    """The bar over a stack. `asked` carries (action, instance): menu, float, maximise, close; `dragged` drag steps."""

    asked = Signal(str, str)
    group_chosen = Signal(str, str)
    picked = Signal(int)
    dragged = Signal(str, str, object)
    """(step, instance, global position): begin, move, drop, cancel."""

    def __init__(self, stack: StackView) -> None:
        super().__init__()
        self._stack = stack
        self._pressed_at: QPoint | None = None
        self._dragging = ""
        self.setFixedHeight(TITLE_PX)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        name = f"frame.{stack.slots_[0].instance}"
        self._icon = QLabel()
        self._name = plain_label("", "figure")
        self._tabs = QTabBar()
        self._tabs.setObjectName(f"{name}.tabs")
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        self._tabs.setUsesScrollButtons(True)
        self._tabs.setElideMode(Qt.TextElideMode.ElideNone)
        self._tabs.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._tabs.setFixedHeight(TITLE_PX)
        self._subtitle = ElidedLabel()
        self._subtitle.setProperty("role", "muted")
        self._chip = LinkChip(f"{name}.link")
        self._chip.chosen.connect(lambda letter: self.group_chosen.emit(self._stack.front.instance, letter))
        self._pill = StatePill(f"{name}.state")
        self._buttons = {
            part: self._button(f"{name}.{part}", icon, tip)
            for part, icon, tip in (
                ("menu", "ellipsis", "Panel menu"),
                ("float", "external-link", "Move to a window of its own"),
                ("maximise", "maximize-2", "Maximise (Alt+Enter)"),
                ("close", "x", "Close (Ctrl+Z brings it back)"),
            )
        }
        self._tabs.currentChanged.connect(self.picked)
        self._tabs.installEventFilter(self)
        self._lay_out()

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 4, 0)
        layout.setSpacing(4)
        for widget in (self._icon, self._name, self._tabs):
            layout.addWidget(widget)
        layout.addWidget(self._subtitle, 1)
        layout.addWidget(self._pill)
        layout.addWidget(self._chip)
        for part, button in self._buttons.items():
            button.clicked.connect(lambda _checked=False, part=part: self.asked.emit(part, self._stack.front.instance))
            layout.addWidget(button)

    def _button(self, name: str, icon: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFixedSize(22, 22)
        button.setIconSize(QSize(14, 14))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setStyleSheet("padding: 0;")  # the usual padding would shrink the icon in so small a button
        bind_icon(button, icon, "text_faint", 14)
        return button

    def refresh(self) -> None:
        """Show what the stack and its front panel say now."""
        stack, front = self._stack, self._stack.front
        many = len(stack.slots_) > 1
        self._tabs.setVisible(many)
        self._name.setVisible(not many)
        self._icon.setVisible(not many)
        if many:
            self._sync_tabs()
        else:
            self._name.setText(front.title)
            if front.spec is not None:
                self._icon.setPixmap(icon_pixmap(front.spec.icon, "text_faint", 14, self.devicePixelRatioF()))
        self._subtitle.setText("" if many and _tab_text(front) != front.title else front.subtitle)
        linked = front.spec is not None and front.spec.linked
        self._chip.setVisible(linked)
        self._chip.show_group(front.group.letter if front.group is not None else "")
        self._pill.show_state(*front.pill)
        bind_icon(
            self._buttons["maximise"], "minimize-2" if stack.maximised else "maximize-2", "text_faint", 14
        )

    def _sync_tabs(self) -> None:
        wanted = [_tab_text(slot) for slot in self._stack.slots_]
        blocked = self._tabs.blockSignals(True)
        while self._tabs.count() > len(wanted):
            self._tabs.removeTab(self._tabs.count() - 1)
        for index, text in enumerate(wanted):
            if index >= self._tabs.count():
                self._tabs.addTab(text)
            elif self._tabs.tabText(index) != text:
                self._tabs.setTabText(index, text)
        self._tabs.setCurrentIndex(self._stack.current)
        self._tabs.blockSignals(blocked)

    # ---- dragging: the press on the bar or on a tab keeps the mouse until release
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._tabs and isinstance(event, QMouseEvent):
            if event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
                self._pressed_at = event.globalPosition().toPoint()
            elif event.type() == QEvent.Type.MouseMove:
                if self._drag_on(event):
                    return True
            elif event.type() == QEvent.Type.MouseButtonRelease and self._end_drag(event):
                return True
        return super().eventFilter(watched, event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.globalPosition().toPoint()
        elif event.button() == Qt.MouseButton.RightButton:
            self.asked.emit("menu", self._stack.front.instance)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._drag_on(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._end_drag(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.asked.emit("maximise", self._stack.front.instance)

    def _drag_on(self, event: QMouseEvent) -> bool:
        if self._pressed_at is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return False
        here = event.globalPosition().toPoint()
        if not self._dragging:
            if (here - self._pressed_at).manhattanLength() < 2 * QApplication.startDragDistance():
                return False
            self._dragging = self._stack.front.instance
            self.dragged.emit("begin", self._dragging, here)
        self.dragged.emit("move", self._dragging, here)
        return True

    def _end_drag(self, event: QMouseEvent) -> bool:
        dragging, self._dragging, self._pressed_at = self._dragging, "", None
        if dragging:
            self.dragged.emit("drop", dragging, event.globalPosition().toPoint())
        return bool(dragging)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        many = 90 * len(self._stack.slots_) if len(self._stack.slots_) > 1 else 0
        self._buttons["float"].setVisible(self.width() - many > _FLOAT_AT - 90)
        self._buttons["maximise"].setVisible(self.width() - many > _MAXIMISE_AT - 90)


def _tab_text(slot: PanelSlot) -> str:
    """Return the words of a tab: panels that may be many say which symbol they show."""
    many = slot.spec is not None and slot.spec.many
    return f"{slot.title} {slot.subtitle}".strip() if many else slot.title


class StackView(QWidget):
    """Show one stack of the tree; the slots belong to the host and only visit."""

    current_changed = Signal()

    def __init__(self, slots: list[PanelSlot], current: int) -> None:
        super().__init__()
        self.slots_ = slots
        self.maximised = False
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName(f"frame.{slots[0].instance}")
        self.bar = TitleBar(self)
        self.bar.setFont(ui_font())
        self._pages = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(self._pages, 1)
        for slot in slots:
            self._pages.addWidget(slot)
            slot.changed.connect(self._on_slot)
        self._pages.setCurrentIndex(max(0, min(current, len(slots) - 1)))
        self.bar.picked.connect(self.pick)
        self.bar.refresh()

    @property
    def current(self) -> int:
        """Index of the panel in front."""
        return self._pages.currentIndex()

    @property
    def front(self) -> PanelSlot:
        """The panel in front."""
        return self.slots_[max(0, self.current)]

    def node(self) -> Stack:
        """Return the stack as a value."""
        return Stack(tuple(slot.instance for slot in self.slots_), self.current)

    def pick(self, index: int) -> None:
        """Bring a panel to the front."""
        if 0 <= index < len(self.slots_) and index != self.current:
            self._pages.setCurrentIndex(index)
            self.bar.refresh()
            self.current_changed.emit()

    def release(self) -> None:
        """Let go of the slots, so that another arrangement can take them."""
        for slot in self.slots_:
            slot.changed.disconnect(self._on_slot)
            self._pages.removeWidget(slot)
            slot.setParent(None)

    def _on_slot(self) -> None:
        self.bar.refresh()

    def minimumSizeHint(self) -> QSize:
        inner = self.front.minimumSizeHint()
        return QSize(inner.width(), inner.height() + TITLE_PX)
