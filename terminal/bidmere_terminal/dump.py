"""The visible state as JSON, for tests from outside (U-252)."""

from __future__ import annotations

import json
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from bidmere.errors import StorageError
from bidmere_terminal.window.main_window import MainWindow

INTERACTIVE = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QAbstractSlider, QPlainTextEdit)


def window_state(window: MainWindow) -> dict[str, Any]:
    """Return everything a person can see, by panel instance and object name."""
    workspace = window.docks.workspace()
    return {
        "window": {"size": [window.width(), window.height()], "title": window.windowTitle()},
        "header": window.header.texts(),
        "status": window.status.texts(),
        "alarm": window.banner.text,
        "start_strip": window.strip.isVisible(),
        "engine": {"ready": window.model.ready, "card": list(window.engine_card.texts())},
        "panels": {
            name: {
                "id": slot.panel_id,
                "title": slot.title,
                "symbol": slot.subtitle,
                "state": list(slot.pill),
                "group": slot.group.letter if slot.group is not None else "",
                "visible": slot.isVisible(),
                "loaded": slot.panel is not None,
                **slot.dump(),
                "widgets": widget_states(slot),
            }
            for name, slot in window.docks.slots().items()
        },
        "palette": window.palette_box.texts() if window.palette_box.isVisible() else None,
        "toasts": window.overlays.toasts.texts(),
        "notices": [
            {"level": one.level, "text": one.text, "detail": one.detail, "count": one.count}
            for one in window.notices.items
        ],
        "workspace": {"name": workspace.name, "maximised": workspace.maximised, "groups": dict(workspace.groups)},
        "widgets": widget_states(window.header) + widget_states(window.status),
    }


def widget_states(parent: QWidget) -> list[dict[str, Any]]:
    """Return name, text, value and state of every named control and label inside."""
    found: list[dict[str, Any]] = []
    for widget in parent.findChildren(QWidget):
        name = widget.objectName()
        if not name or name.startswith("qt_") or not isinstance(widget, (*INTERACTIVE, QLabel)):
            continue
        state: dict[str, Any] = {"name": name, "visible": widget.isVisible(), "enabled": widget.isEnabled()}
        if isinstance(widget, QAbstractButton):
            state |= {"text": widget.text(), "checked": widget.isChecked() if widget.isCheckable() else None}
        elif isinstance(widget, QComboBox):
            state |= {"text": widget.currentText(), "value": widget.currentText()}
        elif isinstance(widget, QLineEdit | QAbstractSpinBox):
            state |= {"value": widget.text()}
        elif isinstance(widget, QAbstractSlider):
            state |= {"value": widget.value()}
        elif isinstance(widget, QPlainTextEdit):
            state |= {"value": widget.toPlainText()}
        elif isinstance(widget, QLabel):
            state |= {"text": widget.text()}
        found.append(state)
    return found


def write_dump(window: MainWindow, path: Path) -> None:
    """Write the state to a file. Raises StorageError."""
    text = json.dumps(window_state(window), indent=1, default=_plain, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"The dump {path} could not be written: {error.strerror}.") from error


def write_picture(window: MainWindow, path: Path) -> None:
    """Write a picture of the window. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The picture {path} could not be written: {error.strerror}.") from error
    if not window.grab().save(str(path)):
        raise StorageError(f"The picture {path} could not be written: is the folder writable and the ending .png?")


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)
