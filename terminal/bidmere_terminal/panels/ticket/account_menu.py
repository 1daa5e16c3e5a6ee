"""The menu behind the ticket's account chip."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from bidmere.model.account import Account


class AccountMenu(QMenu):
    """Offer the accounts by name, mode and venue; `picked` carries the id."""

    picked = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.triggered.connect(self._triggered)

    def open_below(self, button: QWidget, accounts: Iterable[Account]) -> None:
        """Show the menu under a button."""
        self.clear()
        for account in accounts:
            action = self.addAction(f"{account.name} · {account.mode.value.upper()} · {account.venue}")
            action.setData(account.id)
        self.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _triggered(self, action: QAction) -> None:
        self.picked.emit(str(action.data()))
