"""The two axes of mode in words: data and execution (U-1)."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from bidmere_terminal.widgets.pills import Badge


class ModeBadges(QWidget):
    """`SIM data` and `PAPER orders`, in the header and in every floating window."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._data = Badge(f"{name}.data")
        self._execution = Badge(f"{name}.execution")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._data)
        layout.addWidget(self._execution)
        self.show_modes("SIM", "PAPER")

    def show_modes(self, data: str, execution: str) -> None:
        """Show both modes as words."""
        live_data = data == "LIVE"
        self._data.show_text(
            f"{data} data",
            colour="ok" if live_data else "link",
            back="raised" if live_data else "accent_soft",
            border="border_strong",
        )
        live = execution == "LIVE"
        self._execution.show_text(
            f"{execution} orders",
            colour="on_fill" if live else "warn",
            back="danger_fill" if live else "warn_soft",
            border="danger_fill" if live else "warn",
        )
        self._data.setToolTip("Where prices come from")
        self._execution.setToolTip("What an order does: PAPER orders never reach a real market")

    def texts(self) -> list[str]:
        """Return both badges as shown."""
        return [self._data.text, self._execution.text]
