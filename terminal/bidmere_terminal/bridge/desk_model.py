"""The GUI's copy of the desk: filled from drained batches on one timer, read by panels without waiting."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from bidmere.brokerage.data_port import FeedStatus
from bidmere.desk.api import Alarm, HealthView, LogLine, StrategyRun
from bidmere.desk.feed import Batch
from bidmere.model.account import Account, Valuation
from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import Book, Quote, Trade
from bidmere.model.orders import Order
from bidmere.model.position import Position


class DeskModel(QObject):
    """Hold the newest state and tell panels what changed; lives on the GUI thread.

    Market signals carry sets of what changed in the batch, so that a panel repaints only what it shows. `bars_changed`
    carries {(InstrumentId, Timeframe): [Bar, …]} of the series that panels watch. Order signals carry every change.
    """

    quotes_changed = Signal(object)
    books_changed = Signal(object)
    trades_changed = Signal(object)
    bars_changed = Signal(object)
    orders_changed = Signal(object)
    fills_added = Signal(object)
    positions_changed = Signal(object)
    accounts_changed = Signal()
    runs_changed = Signal()
    feeds_changed = Signal()
    health_changed = Signal(object)
    alarm_raised = Signal(object)
    logs_added = Signal(object)
    ready_changed = Signal(bool)
    instruments_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.instruments: dict[InstrumentId, Instrument] = {}
        self.quotes: dict[InstrumentId, Quote] = {}
        self.books: dict[InstrumentId, Book] = {}
        self.last_trades: dict[InstrumentId, Trade] = {}
        self.orders: dict[str, Order] = {}
        self.fills: list[Fill] = []
        self.positions: dict[tuple[str, InstrumentId], Position] = {}
        self.accounts: dict[str, Account] = {}
        self.valuations: dict[str, Valuation] = {}
        self.runs: dict[str, StrategyRun] = {}
        self.feeds: dict[str, FeedStatus] = {}
        self.health: HealthView | None = None
        self.alarms: deque[Alarm] = deque(maxlen=500)
        self.logs: deque[LogLine] = deque(maxlen=5_000)
        self.data_mode = "SIM"
        self.execution_mode = "PAPER"
        self.ready = False

    def set_instruments(self, instruments: Iterable[Instrument]) -> None:
        """Take what can be traded."""
        self.instruments = {instrument.id: instrument for instrument in instruments}
        self.instruments_changed.emit()

    def set_ready(self, ready: bool) -> None:
        """Tell the panels whether the engine answers."""
        self.ready = ready
        self.ready_changed.emit(ready)

    def set_health(self, health: HealthView) -> None:
        """Take the engine's health, polled once a second."""
        self.health = health
        self.health_changed.emit(health)

    def apply(self, batch: Batch) -> None:
        """Take one drained batch and emit one signal per kind of change."""
        self._apply_market(batch)
        self._apply_orders(batch)
        if batch.statuses:
            self.feeds.update(batch.statuses)
            self.feeds_changed.emit()
        if batch.runs:
            self.runs.update(batch.runs)
            self.runs_changed.emit()
        for alarm in batch.alarms:
            self.alarms.append(alarm)
            self.alarm_raised.emit(alarm)
        if batch.logs:
            self.logs.extend(batch.logs)
            self.logs_added.emit(batch.logs)

    def _apply_market(self, batch: Batch) -> None:
        if batch.quotes:
            self.quotes.update(batch.quotes)
            self.quotes_changed.emit(batch.quotes.keys())
        if batch.books:
            self.books.update(batch.books)
            self.books_changed.emit(batch.books.keys())
        if batch.trades:
            for instrument, trades in batch.trades.items():
                self.last_trades[instrument] = trades[-1]
            self.trades_changed.emit(batch.trades)
        if batch.bars:
            self.bars_changed.emit(batch.bars)

    def _apply_orders(self, batch: Batch) -> None:
        if batch.orders:
            for order in batch.orders:
                self.orders[order.client_id] = order
            self.orders_changed.emit(batch.orders)
        if batch.fills:
            self.fills.extend(batch.fills)
            self.fills_added.emit(batch.fills)
        if batch.positions:
            self.positions.update(batch.positions)
            self.positions_changed.emit(batch.positions)
        if batch.accounts:
            for account_id, (account, valuation) in batch.accounts.items():
                self.accounts[account_id] = account
                self.valuations[account_id] = valuation
            self.accounts_changed.emit()
