"""The life of one order, step by step, with the time each step took."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from bidmere.desk.api import StoryLine
from bidmere.desk.words import fixed, state_words
from bidmere.model.orders import Order
from bidmere_terminal.panels.orders.columns import StoryRow, story_columns
from bidmere_terminal.tables.live_table import LiveTable
from bidmere_terminal.theme import bind_icon
from bidmere_terminal.widgets.labels import plain_label


def latency_words(order: Order) -> str:
    """Return what is known of asked → sent → acknowledged → first fill, in ms (U-50)."""
    steps = (
        ("asked→sent", order.created_ns, order.submitted_ns),
        ("sent→ack", order.submitted_ns, order.accepted_ns),
        ("ack→fill", order.accepted_ns, order.first_fill_ns),
    )
    return "   ".join(f"{name} {fixed((end - begin) / 1e6, 1)} ms" for name, begin, end in steps if begin and end)


class StoryPane(QWidget):
    """A pane beside the orders."""

    closed = Signal()

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.client_id = ""
        self.title: QLabel = plain_label("", "title", f"{name}.title")
        self.latencies: QLabel = plain_label("", "caption", f"{name}.latencies")
        close = QToolButton(self)
        close.setObjectName(f"{name}.close")
        close.setAccessibleName("Close the timeline")
        bind_icon(close, "x")
        close.clicked.connect(self.closed)
        self.table = LiveTable(f"{name}.table", story_columns(), self)
        self.table.empty.say("No step of this order is in the journal yet.")
        self.table.view.setAccessibleName("Timeline")
        top = QHBoxLayout()
        top.setContentsMargins(8, 2, 2, 2)
        top.addWidget(self.title, 1)
        top.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        self.latencies.setContentsMargins(8, 0, 8, 3)
        layout.addWidget(self.latencies)
        layout.addWidget(self.table, 1)

    def show_order(self, order: Order) -> None:
        """Name the order."""
        self.client_id = order.client_id
        self.title.setText(f"{order.side.capitalize()} {order.instrument.symbol} — {state_words(order).text}")
        self.latencies.setText(latency_words(order))
        self.latencies.setVisible(bool(self.latencies.text()))

    def show_steps(self, steps: Sequence[StoryLine]) -> None:
        """Show the steps, oldest first."""
        before = 0
        rows: dict[int, StoryRow] = {}
        for number, line in enumerate(steps):
            rows[number] = StoryRow(line, before)
            before = line.ts
        self.table.replace_all(rows)
        self.table.touch_all()
