"""The risk panel: how much of each limit is used, what trading is allowed, and the kill switch (UX §5.7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter, QStackedLayout, QTabWidget, QVBoxLayout, QWidget

from bidmere.desk.api import Alarm, DeskApi, RiskRow
from bidmere.errors import BidmereError
from bidmere_terminal.panels.risk.columns import event_columns, limit_columns
from bidmere_terminal.panels.risk.controls import KILLS, RiskControls
from bidmere_terminal.panels.risk.gauges import Gauges, level_words
from bidmere_terminal.panels.spec import Panel, PanelContext
from bidmere_terminal.tables.columns import SortBy
from bidmere_terminal.tables.empty_state import EmptyState
from bidmere_terminal.tables.live_table import LiveTable

POLL_MS = 1_000
NARROW_PX = 560
_SOURCE = "ui:risk"


class RiskPanel(Panel):
    """Poll the limits of the header's account once a second while visible."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        name = context.instance
        self.rows: tuple[RiskRow, ...] = ()
        self._asking = False
        self._events = 0
        self.controls = RiskControls(name)
        self.gauges = Gauges(f"{name}.gauges")
        self.limits = LiveTable(f"{name}.limits", limit_columns(), self)
        self.events = LiveTable(f"{name}.events", event_columns(), self)
        self.events.empty.say("No warnings, blocks or lock-outs so far.")
        self.limits.empty.say("This account has no limits to show.")
        self.events.set_sort(SortBy("time", True))
        self._lay_out(name)
        self._timer = QTimer(self)
        self._timer.setObjectName(f"{name}.poll")
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.poll)
        self._connect()
        self.limits.restore_state(context.state.get("limits"))
        for alarm in self.model.alarms:
            self._add_event(alarm)
        self._show_engine()

    def _lay_out(self, name: str) -> None:
        self.gauge_area = scroll = QScrollArea()
        scroll.setObjectName(f"{name}.gauges.scroll")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        around = QVBoxLayout(inside)
        around.setContentsMargins(10, 4, 10, 0)
        around.addWidget(self.gauges)
        around.addStretch(1)
        scroll.setWidget(inside)
        self.splitter = QSplitter()
        self.splitter.setChildrenCollapsible(False)
        self.tabs = QTabWidget()
        self.tabs.setObjectName(f"{name}.tabs")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.limits, "Limits")
        self.tabs.addTab(self.events, "Events")
        for widget in (scroll, self.tabs):
            self.splitter.addWidget(widget)
        self.splitter.setSizes([400, 600])
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.controls)
        column.addWidget(self.splitter, 1)
        self.empty = EmptyState(name, self)
        self.stack = QStackedLayout(self)
        self.stack.addWidget(body)
        self.stack.addWidget(self.empty)
        self.setFocusProxy(self.limits.view)
        self._fit(True)

    def _connect(self) -> None:
        controls, model = self.controls, self.model
        controls.state_wanted.connect(self._set_state)
        controls.kill_wanted.connect(self._kill)
        controls.clear_wanted.connect(self._clear)
        model.health_changed.connect(self._on_health)
        model.alarm_raised.connect(self._add_event)
        model.accounts_changed.connect(self._on_account)
        model.ready_changed.connect(self._on_ready)

    # ---- limits
    def poll(self) -> None:
        """Ask the engine for the limits; one question at a time."""
        if self._asking or not self.model.ready or not self.isVisible():
            return
        self._asking = True
        self.context.bridge.spawn(self._fetch(self.context.account()), f"{self.context.instance}.poll")

    async def _fetch(self, account: str) -> None:
        try:
            rows = await self.context.bridge.call(lambda desk: desk.risk_rows(account))
        except BidmereError as error:
            self.limits.empty.say(f"The limits could not be read: {error}")
            rows = ()
        finally:
            self._asking = False
        self.put_rows(rows)

    def put_rows(self, rows: tuple[RiskRow, ...]) -> None:
        """Show limits."""
        before, self.rows = self.rows, rows
        self.gauges.put(rows)
        if [self._key(row) for row in before] == [self._key(row) for row in rows]:
            for row in rows:
                self.limits.put(self._key(row), row)
        else:
            self.limits.replace_all({self._key(row): row for row in rows})

    @staticmethod
    def _key(row: RiskRow) -> tuple[str, str, str]:
        return row.code, row.scope, row.title

    # ---- trading state
    def _on_health(self, _health: Any) -> None:
        self._show_engine()

    def _show_engine(self) -> None:
        health = self.model.health
        if not self.model.ready:
            self.empty.say("The engine is starting…")
            self.stack.setCurrentIndex(1)
            return
        self.stack.setCurrentIndex(0)
        if health is not None:
            self.controls.show_engine(health.trading_state, health.kill_level)

    def _set_state(self, state: str) -> None:
        self._do(
            lambda desk: desk.set_trading_state(state, source=_SOURCE, reason="Risk panel"), f"Trading is now {state}."
        )

    def _kill(self, level: int) -> None:
        short, _, does = KILLS[level]
        self._do(
            lambda desk: desk.kill(level, source=_SOURCE, reason="Kill switch held in the risk panel"),
            f"{short} is in force: it {does}.",
        )

    def _clear(self, reason: str) -> None:
        self._do(lambda desk: desk.clear_kill(source=_SOURCE, reason=reason), "The kill switch is cleared.")

    def _do(self, ask: Callable[[DeskApi], Awaitable[None]], done: str) -> None:
        self.context.bridge.spawn(self._run(ask, done), f"{self.context.instance}.act")

    async def _run(self, ask: Callable[[DeskApi], Awaitable[None]], done: str) -> None:
        await self.context.bridge.call(ask)
        self.context.notify(done, level="warning", key=f"{self.context.instance}.act")
        health = await self.context.bridge.call(lambda desk: desk.health())
        self.controls.show_engine(health.trading_state, health.kill_level)
        self.poll()

    # ---- events
    def _add_event(self, alarm: Alarm) -> None:
        self._events += 1
        self.events.put((alarm.key or self._events, alarm.ts), alarm)
        self.tabs.setTabText(self.tabs.indexOf(self.events), f"Events {self._events}")

    def _on_account(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self.poll()

    def _on_ready(self, _ready: bool) -> None:
        self._show_engine()
        self.poll()

    def minimumSizeHint(self) -> QSize:
        # What the narrow arrangement needs; else the wide one would keep the panel from ever becoming narrow.
        return QSize(288, 130)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit(self.width() < NARROW_PX)

    def _fit(self, narrow: bool) -> None:
        """Put the gauges beside the tables, or into a tab of their own where it is narrow."""
        if narrow == (self.tabs.indexOf(self.gauge_area) >= 0):
            return
        self.controls.set_narrow(narrow)
        if narrow:
            self.tabs.insertTab(0, self.gauge_area, "Gauges")
            self.tabs.setCurrentIndex(0)
        else:
            self.tabs.removeTab(self.tabs.indexOf(self.gauge_area))
            self.splitter.insertWidget(0, self.gauge_area)
            self.gauge_area.show()
            self.tabs.setCurrentIndex(0)
            self.splitter.setSizes([self.width() * 2 // 5, self.width() * 3 // 5])

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_engine()
        self._timer.start()
        self.poll()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    # ---- state
    def save_state(self) -> dict[str, Any]:
        """Return the columns of the limits table."""
        return {"limits": self.limits.save_state()}

    def dump(self) -> dict[str, Any]:
        """Return the limits and what is in force."""
        return {
            "state": self.empty.label.text()
            if self.stack.currentIndex()
            else self.controls.alert.text() or self.controls.words.text(),
            "gauges": [f"{row.title}: {row.now}, {level_words(row.share or 0.0)}" for row in self.gauges.rows],
            "limits": self.limits.dump(),
            "events": self.events.dump(),
        }

    def shutdown(self) -> None:
        """Stop polling and let go of the model."""
        self._timer.stop()
        model = self.model
        model.health_changed.disconnect(self._on_health)
        model.alarm_raised.disconnect(self._add_event)
        model.accounts_changed.disconnect(self._on_account)
        model.ready_changed.disconnect(self._on_ready)
