"""Keys of the table: plain shortcuts, held keys, and the letters after Ctrl+G."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QWidget

from bidmere_terminal.commands.table import Command, CommandTable

CHORD_MS = 4_000
GO_KEY = "Ctrl+G"


def sequence_of(event: QKeyEvent) -> QKeySequence:
    """Return the key of an event with its modifiers, keypad aside."""
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    return QKeySequence(QKeyCombination(modifiers, Qt.Key(event.key())))


class Keymap(QObject):
    """Bind the table to a window. `hold_began`, `hold_ended` drive the ring; `going` opens and shuts the key sheet.

    No key of other programs is touched: only events of this application arrive here (U-143).
    """

    hold_began = Signal(object)
    hold_ended = Signal(bool)
    going = Signal(bool)
    group_chosen = Signal(str)

    def __init__(self, window: QWidget, table: CommandTable, contain: Callable[[BaseException], None]) -> None:
        super().__init__(window)
        self._window = window
        self._table = table
        self._contain = contain
        self._holds = {QKeySequence(one.keys).toString(): one for one in table if one.hold_s and one.keys}
        self._go = {one.go_key: one for one in table if one.go_key}
        self._held: Command | None = None
        self._hold_timer = QTimer(self)
        self._hold_timer.setSingleShot(True)
        self._hold_timer.timeout.connect(self._on_held)
        self._chord = QTimer(self)
        self._chord.setSingleShot(True)
        self._chord.setInterval(CHORD_MS)
        self._chord.timeout.connect(self.end_chord)
        for command in table:
            if command.keys and not command.hold_s and command.scope == "global":
                self._bind(command)
        go = QShortcut(QKeySequence(GO_KEY), window)
        go.setObjectName("keys.go")
        go.setContext(Qt.ShortcutContext.ApplicationShortcut)
        go.activated.connect(self.begin_chord)
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)

    @property
    def in_chord(self) -> bool:
        """The next letter is taken as a destination."""
        return self._chord.isActive()

    def release(self) -> None:
        """Stop listening."""
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        self._hold_timer.stop()
        self._chord.stop()

    def begin_chord(self) -> None:
        """Wait for the letter of a panel or the number of a link group."""
        self._chord.start()
        self.going.emit(True)

    def end_chord(self) -> None:
        """Stop waiting."""
        if self._chord.isActive() or self.sender() is self._chord:
            self._chord.stop()
            self.going.emit(False)

    def _bind(self, command: Command) -> None:
        shortcut = QShortcut(QKeySequence(command.keys), self._window)
        shortcut.setObjectName(f"keys.{command.id}")
        shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
        shortcut.setAutoRepeat(command.action_class == "N")
        shortcut.activated.connect(lambda: self._run(command.id))

    def _run(self, command_id: str) -> None:
        try:
            self._table.run(command_id)
        except Exception as error:  # noqa: BLE001 - reported by `contain`; a slot must not raise
            self._contain(error)

    # ---- events of the whole application
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            # A text field would keep Ctrl+K and the like for itself; in a chord every letter is ours.
            if self.in_chord or sequence_of(event).toString() in self._holds:
                event.accept()
                return True
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and isinstance(watched, QWidget):
            return self._on_press(event)
        elif kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            if self._held is not None and not event.isAutoRepeat():
                self._end_hold(False)
        elif kind == QEvent.Type.ApplicationDeactivate:
            self._end_hold(False)
        return False

    def _on_press(self, event: QKeyEvent) -> bool:
        if self.in_chord:
            return self._on_chord_key(event)
        command = self._holds.get(sequence_of(event).toString())
        if command is None:
            return False
        if self._held is None and not event.isAutoRepeat():
            self.begin_hold(command)
        return True

    def _on_chord_key(self, event: QKeyEvent) -> bool:
        if event.key() in (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta):
            return True
        self.end_chord()
        # The key's own number, not its text: the letter works on non-Latin layouts too (U-149).
        key = event.key()
        letter = chr(key) if Qt.Key.Key_A <= key <= Qt.Key.Key_Z else ""
        if Qt.Key.Key_1 <= key <= Qt.Key.Key_8:
            self.group_chosen.emit("ABCDEFGH"[key - Qt.Key.Key_1])
        elif key == Qt.Key.Key_0:
            self.group_chosen.emit("")
        elif letter in self._go:
            self._run(self._go[letter].id)
        return True

    # ---- holding
    def begin_hold(self, command: Command) -> None:
        """Start the ring of a held command."""
        self._held = command
        self._hold_timer.start(round(command.hold_s * 1e3))
        self.hold_began.emit(command)

    def _on_held(self) -> None:
        command = self._held
        self._end_hold(True)
        if command is not None:
            self._run(command.id)

    def _end_hold(self, done: bool) -> None:
        if self._held is not None:
            self._held = None
            self._hold_timer.stop()
            self.hold_ended.emit(done)
