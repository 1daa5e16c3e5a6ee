"""Steps that are carried out before a picture: palette lines, keys, clicks, typing, waiting."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QWidget

from bidmere.errors import InvalidInput
from bidmere_terminal.arguments import size_of
from bidmere_terminal.window.main_window import MainWindow

HELP = """\
steps of --script FILE, one a line, # begins a comment:
  BTCUSDT B 0.01 SEND      any line of the palette, as typed there with Enter
  palette TEXT             open the palette with a text and leave it open
  key Ctrl+K               press a key
  hold Ctrl+Shift+Backspace 1.2   hold a key for seconds
  click ticket.submit.button      press a control by its object name
  type ticket.size.input 0.5      replace the text of a field
  focus chart-1            give the keyboard to a panel
  panel orders             show a panel
  workspace Charts         switch the workspace
  theme light              change the colours
  command panel.maximise   run a command by its id
  size 1280x720            resize the window
  wait 2                   wait for seconds
"""
_SETTLE_S = 0.15
_PATIENCE = 70
_MOST_WAIT_S = 600.0


class ScriptError(InvalidInput):
    """A step that could not be carried out; the sentence names the line."""


class Script:
    """Carry out the steps of a file on a window. Raises ScriptError at the first bad step."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._steps: dict[str, Callable[[list[str]], Awaitable[None]]] = {
            "palette": self._palette,
            "key": self._key,
            "hold": self._hold,
            "click": self._click,
            "type": self._type,
            "focus": self._focus,
            "panel": self._panel,
            "workspace": self._workspace,
            "theme": self._theme,
            "command": self._command,
            "size": self._size,
            "wait": self._wait,
        }

    async def run(self, path: Path) -> None:
        """Carry out every step of a file."""
        for number, line in enumerate(read_lines(path), 1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            try:
                await self.step(text)
            except InvalidInput as error:
                raise ScriptError(f"{path.name}, line {number} ({text}): {error}") from error

    async def step(self, text: str) -> None:
        """Carry out one step. Raises InvalidInput."""
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise InvalidInput(f"Quotes do not match: {error}.") from error
        known = self._steps.get(words[0])
        if known is not None:
            await known(words[1:])
        else:
            await self._line(text)
        await asyncio.sleep(_SETTLE_S)

    # ---- steps
    async def _line(self, text: str) -> None:
        self._window.lines.parse(text)
        before = len(self._window.notices.items)
        box = self._window.palette_box
        box.open_with(text)
        box.submit()
        if box.isVisible():
            box.shut()
        for _ in range(20):
            await asyncio.sleep(0.05)
            errors = [one for one in self._window.notices.items[before:] if one.level == "error"]
            if errors:
                raise InvalidInput(errors[-1].text)

    async def _palette(self, words: list[str]) -> None:
        self._window.open_palette(" ".join(words))
        await asyncio.sleep(0.3)

    async def _key(self, words: list[str]) -> None:
        QTest.keyClick(self._target(), *self._combination(words))

    async def _hold(self, words: list[str]) -> None:
        if len(words) != 2:
            raise InvalidInput("hold takes a key and seconds.")
        key, seconds = self._combination(words[:1]), _seconds(words[1:])
        QTest.keyPress(self._target(), *key)
        await asyncio.sleep(seconds)
        QTest.keyRelease(self._target(), *key)

    async def _click(self, words: list[str]) -> None:
        widget = await self._ready_widget(words)
        if isinstance(widget, QAbstractButton):
            centre = QPoint(widget.width() // 2, widget.height() // 2)
            QTest.mousePress(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, centre)
            await asyncio.sleep(0.02)
            QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, centre)
        else:
            QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    async def _type(self, words: list[str]) -> None:
        widget = await self._ready_widget(words[:1])
        widget.setFocus()
        if isinstance(widget, QLineEdit):
            widget.selectAll()
        QTest.keyClicks(widget, " ".join(words[1:]))

    async def _focus(self, words: list[str]) -> None:
        slot = self._window.docks.slot(words[0]) if words else None
        if slot is None:
            names = ", ".join(self._window.docks.slots())
            raise InvalidInput(f"There is no panel instance {' '.join(words)}: {names}.")
        self._window.docks.show_panel(slot.instance)

    async def _panel(self, words: list[str]) -> None:
        self._window.table.get(f"panel.{' '.join(words)}")
        self._window.run_command(f"panel.{' '.join(words)}")

    async def _workspace(self, words: list[str]) -> None:
        name = " ".join(words)
        if name.lower() not in {one.lower() for one in self._window.workspaces.names()}:
            raise InvalidInput(f"There is no workspace {name}.")
        self._window.open_workspace(name)

    async def _theme(self, words: list[str]) -> None:
        name = " ".join(words)
        self._window.table.get(f"theme.{name}")
        self._window.set_theme(name)

    async def _command(self, words: list[str]) -> None:
        self._window.table.get(" ".join(words))
        self._window.run_command(" ".join(words))

    async def _size(self, words: list[str]) -> None:
        self._window.resize(*size_of(" ".join(words)))

    async def _wait(self, words: list[str]) -> None:
        await asyncio.sleep(_seconds(words))

    # ---- parts
    def _target(self) -> QWidget:
        return QApplication.focusWidget() or self._window

    def _combination(self, words: list[str]) -> tuple[Qt.Key, Qt.KeyboardModifier]:
        sequence = QKeySequence(" ".join(words).replace("Enter", "Return"))
        keys = [sequence[index] for index in range(sequence.count())]  # type: ignore[index]
        if len(keys) != 1 or keys[0].key() == Qt.Key.Key_unknown:
            raise InvalidInput(f"{' '.join(words)!r} is no key.")
        return keys[0].key(), keys[0].keyboardModifiers()

    async def _ready_widget(self, words: list[str]) -> QWidget:
        """Return a control once it is there and enabled, as a person would wait for it; at most ten seconds."""
        for _ in range(_PATIENCE):
            with contextlib.suppress(InvalidInput):
                if self._widget(words).isEnabled():
                    break
            await asyncio.sleep(_SETTLE_S)
        widget = self._widget(words)
        if not widget.isEnabled():
            raise InvalidInput(f"{widget.objectName()} is disabled.")
        return widget

    def _widget(self, words: list[str]) -> QWidget:
        name = " ".join(words)
        for top in (self._window, *self._window.docks.floats()):
            found = [one for one in top.findChildren(QWidget, name) if one.isVisible()]
            if found:
                return found[0]
        hidden = self._window.findChild(QWidget, name) is not None
        raise InvalidInput(f"{name} is not visible now." if hidden else f"There is no control named {name}.")


def read_lines(path: Path) -> list[str]:
    """Return the lines of a script. Raises ScriptError."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(f"The script {path} could not be read: {error}.") from error


def _seconds(words: list[str]) -> float:
    try:
        value = float(words[0])
    except (IndexError, ValueError):
        raise InvalidInput("A number of seconds was expected.") from None
    if not 0 <= value <= _MOST_WAIT_S:
        raise InvalidInput(f"Seconds must be from 0 to {_MOST_WAIT_S:.0f}.")
    return value
