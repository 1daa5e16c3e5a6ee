"""Trading state and kill switch: what is in force, and the buttons that change it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from bidmere_terminal.panels.risk.hold_button import HoldButton
from bidmere_terminal.theme import bind_icon
from bidmere_terminal.widgets.labels import ElidedLabel, plain_label, set_tone

STATES = ("ACTIVE", "REDUCING", "HALTED")
_STATE_TIPS = {
    "ACTIVE": "Every order that passes its checks is taken",
    "REDUCING": "Only orders that make a position smaller are taken; cancels always pass",
    "HALTED": "No new order is taken; cancels and closing orders always pass",
}
KILLS = {
    1: ("K1", "Block new orders", "blocks new orders"),
    2: ("K2", "Block and cancel all orders", "blocks new orders and cancels all working ones"),
    3: ("K3", "Block, cancel and flatten", "blocks new orders, cancels all and closes every position"),
}


class RiskControls(QWidget):
    """Ask for changes through signals; what is shown comes only from the engine."""

    state_wanted = Signal(str)
    kill_wanted = Signal(int)
    clear_wanted = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(f"{name}.controls")
        self.setStyleSheet('QPushButton[kind="seg"] { padding: 2px 4px; }')
        self._level = 2
        self._narrow = False
        self._shown_kill = -1
        self.states: dict[str, QPushButton] = {}
        self.kill = HoldButton("", f"{name}.kill")
        self.kill_more = QToolButton()
        self.words = ElidedLabel("", f"{name}.state.words")
        self.alert = ElidedLabel("", f"{name}.kill.words")
        set_tone(self.alert, "danger")
        self.clear = QPushButton("Clear kill switch…")
        self.reason = QLineEdit()
        self.confirm = QPushButton("Clear")
        self.cancel = QPushButton("Keep it")
        self._lay_out(name)
        self._connect()
        self._choose_level(2)
        self._show_form(False)
        self.show_engine("", 0)

    def _lay_out(self, name: str) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 5, 6, 5)
        bar.setSpacing(4)
        self.caption = plain_label("Trading", "caption")
        bar.addWidget(self.caption)
        group = QButtonGroup(self)
        group.setExclusive(False)
        for state in STATES:
            button = QPushButton(state.capitalize())
            button.setObjectName(f"{name}.state.{state.lower()}")
            button.setProperty("kind", "seg")
            button.setCheckable(True)
            button.setToolTip(_STATE_TIPS[state])
            group.addButton(button)
            self.states[state] = button
            bar.addWidget(button)
        group.buttonClicked.connect(self._state_clicked)
        bar.addSpacing(6)
        bar.addWidget(self.words, 1)
        bar.addStretch(0)
        for button, part, kind in ((self.clear, "clear", "chip"), (self.confirm, "clear.confirm", "primary"),
                                   (self.cancel, "clear.cancel", "flat")):  # fmt: skip
            button.setObjectName(f"{name}.{part}")
            button.setProperty("kind", kind)
        self.reason.setObjectName(f"{name}.clear.reason")
        self.reason.setAccessibleName("Why the kill switch is cleared")
        self.reason.setPlaceholderText("Why is it safe to trade again?")
        self.kill_more.setObjectName(f"{name}.kill.more")
        self.kill_more.setAccessibleName("Choose what the kill switch does")
        self.kill_more.setToolTip("Choose what the kill switch does")
        bind_icon(self.kill_more, "chevron-down")
        self.menu = QMenu(self)
        for level, (short, title, _) in KILLS.items():
            action = self.menu.addAction(f"{short}  {title}")
            action.setObjectName(f"{name}.kill.k{level}")
            action.setData(level)
        bar.addWidget(self.kill)
        bar.addWidget(self.kill_more)
        self.alert_row, self.form_row = QWidget(), QWidget()
        alert = QHBoxLayout(self.alert_row)
        alert.setContentsMargins(10, 0, 8, 5)
        alert.setSpacing(6)
        alert.addWidget(self.alert, 1)
        alert.addWidget(self.clear)
        form = QHBoxLayout(self.form_row)
        form.setContentsMargins(10, 0, 8, 5)
        form.setSpacing(6)
        for widget in (self.reason, self.confirm, self.cancel):
            form.addWidget(widget, 1 if widget is self.reason else 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.alert_row)
        column.addWidget(self.form_row)

    def _connect(self) -> None:
        self.menu.triggered.connect(self._level_picked)
        self.kill_more.clicked.connect(self._open_menu)
        self.kill.held.connect(self._killed)
        self.clear.clicked.connect(self._ask_reason)
        self.confirm.clicked.connect(self._confirm)
        self.cancel.clicked.connect(self._keep)
        self.reason.textChanged.connect(self._reason_changed)
        self.reason.returnPressed.connect(self._confirm)

    def show_engine(self, state: str, kill_level: int) -> None:
        """Show what the engine says is in force; an empty state means not known yet."""
        for name, button in self.states.items():
            button.setChecked(name == state)
            button.setEnabled(bool(state))
        self.kill.setEnabled(bool(state))
        self.words.setText(_STATE_TIPS.get(state, "Waiting for the engine…"))
        set_tone(self.words, "warn" if state in ("REDUCING", "HALTED") else "")
        short, _, does = KILLS.get(kill_level, ("The kill switch", "", "blocks new orders"))
        self.alert.setText(f"✖ {short} is in force: it {does}." if kill_level else "")
        self.alert_row.setVisible(bool(kill_level))
        if kill_level != self._shown_kill:
            self._shown_kill = kill_level
            self._show_form(False)

    def set_narrow(self, narrow: bool) -> None:
        """Say the same in fewer words."""
        if narrow != self._narrow:
            self._narrow = narrow
            self.caption.setVisible(not narrow)
            self.words.setVisible(not narrow)
            self._choose_level(self._level)

    def _state_clicked(self, button: QPushButton) -> None:
        # The engine's word decides what is checked, not the click.
        wanted = next(name for name, one in self.states.items() if one is button)
        button.setChecked(not button.isChecked())
        self.state_wanted.emit(wanted)

    def _open_menu(self) -> None:
        self.menu.popup(self.kill_more.mapToGlobal(self.kill_more.rect().bottomLeft()))

    def _level_picked(self, action: QAction) -> None:
        self._choose_level(int(action.data()))

    def _choose_level(self, level: int) -> None:
        self._level = level
        short = KILLS[level][0]
        self.kill.set_text(f"Kill {short}" if self._narrow else f"Kill switch {short} — hold")
        self.kill.setToolTip(f"Hold for one second: {KILLS[level][2]}")

    def _killed(self) -> None:
        self.kill_wanted.emit(self._level)

    def _ask_reason(self) -> None:
        self._show_form(True)
        self.reason.setFocus()

    def _keep(self) -> None:
        self._show_form(False)

    def _show_form(self, on: bool) -> None:
        self.form_row.setVisible(on)
        self.reason.clear()
        self.confirm.setEnabled(False)

    def _reason_changed(self, text: str) -> None:
        self.confirm.setEnabled(bool(text.strip()))

    def _confirm(self) -> None:
        reason = self.reason.text().strip()
        if reason:
            self._show_form(False)
            self.clear_wanted.emit(reason)
