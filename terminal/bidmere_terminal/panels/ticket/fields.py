"""Number fields of the ticket: exact text, wheel and arrow steps on the grid, and a line that says what is wrong."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QSizePolicy, QWidget

from bidmere.model.money import plain
from bidmere_terminal.panels.ticket.draft import Fix, Problem
from bidmere_terminal.panels.ticket.numbers import Number, read_number


def restyle(widget: QWidget) -> None:
    """Let the style sheet look at a widget's dynamic properties again."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a dynamic property and restyle, only when it changed."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        restyle(widget)


class NumberField(QLineEdit):
    """A line that keeps what was typed; the wheel steps only with focus (U-97), arrow keys step, Page keys by ten."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setMaxLength(40)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.step = Decimal(1)

    def minimumSizeHint(self) -> QSize:
        return QSize(64, super().minimumSizeHint().height())

    def show_problem(self, problem: Problem | None) -> None:
        """Mark the field, with the words in its tooltip."""
        set_property(self, "invalid", "true" if problem is not None else "false")
        self.setToolTip(problem.text if problem is not None else "")

    def put(self, text: str) -> None:
        """Write a text as if it had been typed."""
        if text != self.text():
            self.setText(text)
            self.textEdited.emit(text)

    def nudge(self, steps: int) -> None:
        """Move the number by steps on its grid, never below one step; text that is no number stays."""
        entry = read_number(self.text())
        if isinstance(entry, Number):
            value = (entry.value / self.step).to_integral_value() * self.step + steps * self.step
            self.put(plain(max(self.step, value).quantize(self.step)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus() and event.angleDelta().y():
            self.nudge(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}
        steps = keys.get(Qt.Key(event.key()))
        if steps is not None and event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.ShiftModifier,
        ):
            self.nudge(steps * (10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1))
            event.accept()
            return
        super().keyPressEvent(event)


class HintLine(QWidget):
    """One line under a field: what is wrong and up to two buttons that put it right; hidden when all is well."""

    fixed = Signal(object)  # Fix

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setProperty("role", "caption")
        self._text.setProperty("tone", "danger")
        self._text.setWordWrap(True)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self._text, 1)
        self._fixes: list[Fix] = []
        self._buttons: list[QPushButton] = []
        for number in range(2):
            button = chip(f"{name}.fix{number + 1}", "")
            button.clicked.connect(self._first if number == 0 else self._second)
            row.addWidget(button)
            self._buttons.append(button)
        self.hide()

    def show_problem(self, problem: Problem | None) -> None:
        """Show a problem, or hide the line."""
        self._fixes = list(problem.fixes[:2]) if problem is not None else []
        if problem is not None:
            self._text.setText(problem.text)
            for button, fix in zip(self._buttons, [*self._fixes, None, None], strict=False):
                button.setVisible(fix is not None)
                button.setText(fix.label if fix is not None else "")
        self.setVisible(problem is not None)

    def text(self) -> str:
        """Return what is shown, empty when hidden."""
        return "" if self.isHidden() else self._text.text()

    def _first(self) -> None:
        if self._fixes:
            self.fixed.emit(self._fixes[0])

    def _second(self) -> None:
        if len(self._fixes) > 1:
            self.fixed.emit(self._fixes[1])


def chip(name: str, text: str, *, tip: str = "", checkable: bool = False) -> QPushButton:
    """Make a small round button that stays out of the Tab order."""
    button = QPushButton(text)
    button.setObjectName(name)
    button.setProperty("kind", "chip")
    button.setFocusPolicy(Qt.FocusPolicy.ClickFocus if checkable else Qt.FocusPolicy.NoFocus)
    button.setCheckable(checkable)
    button.setToolTip(tip)
    button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
    if tip:
        button.setAccessibleName(tip)
    return button


def caption(text: str, name: str = "") -> QLabel:
    """Make a quiet plain-text label."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", "caption")
    if name:
        label.setObjectName(name)
    return label
