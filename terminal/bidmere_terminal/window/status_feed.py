"""Once a second: the engine's health into status bar, header and alarms."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from bidmere.kernel.clock import Clock
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import InstrumentStatus
from bidmere_terminal.bridge.bridge import Bridge
from bidmere_terminal.bridge.desk_model import DeskModel
from bidmere_terminal.notices import Notices
from bidmere_terminal.window.header import Header
from bidmere_terminal.window.readings import clock_reading, feed_reading, health_readings, starting_readings
from bidmere_terminal.window.status_bar import Reading, StatusBar

_ALARM_LEVELS = {"A": "critical", "B": "order", "C": "warning", "D": "info"}
_STATUS_WORDS = {
    InstrumentStatus.TRADING: ("open", "ok"),
    InstrumentStatus.CLOSE_ONLY: ("close only", "warn"),
    InstrumentStatus.HALTED: ("halted", "warn"),
    InstrumentStatus.CLOSED: ("closed", "off"),
}


class StatusFeed(QObject):
    """Refresh what the header and the status bar say of the desk's health."""

    def __init__(
        self, model: DeskModel, bridge: Bridge, header: Header, status: StatusBar, notices: Notices, clock: Clock,
        account: Callable[[], str], symbol: Callable[[], InstrumentId | None], parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._model, self._bridge, self._header, self._status = model, bridge, header, status
        self._notices, self._clock = notices, clock
        self._account, self._symbol = account, symbol
        self._timer = QTimer(self)
        self._timer.setObjectName("status.refresh")
        self._timer.setInterval(500)
        self._timer.timeout.connect(self.refresh)
        model.accounts_changed.connect(self.show_account)
        model.alarm_raised.connect(self._on_alarm)
        bridge.engine_stalled.connect(self._on_stalled)
        bridge.engine_recovered.connect(self._on_recovered)
        self.message = ("Starting the engine…", "off")
        self._timer.start()
        self.refresh()

    def stop(self) -> None:
        """Stop refreshing."""
        self._timer.stop()

    def refresh(self) -> None:
        """Show the newest figures."""
        now = self._clock.now_ns()
        model, health = self._model, self._model.health
        if not model.ready or health is None:
            self._status.show_readings(dict(starting_readings(now, *self.message)))
            self._header.show_trading("", 0)
            return
        readings = health_readings(health, self._bridge.lag_p95_ms(), self._notices.unread, now)
        for number, status in enumerate(sorted(model.feeds.values(), key=lambda one: one.venue)):
            name = "feed" if number == 0 else f"feed-{status.venue.lower()}"
            age = self._bridge.age_s(status.venue)
            readings[name] = feed_reading(status, model.data_mode, age, self._delay_ms(status.venue))
        if self._bridge.stalled:
            readings["engine"] = Reading("engine not answering", "bad", ("Its loop has not turned for a second",))
        readings["clock"] = clock_reading(now)
        self._status.show_readings(readings)
        self._header.show_trading("" if self._bridge.stalled else health.trading_state, health.kill_level)
        self._header.modes.show_modes(model.data_mode, model.execution_mode)
        self._show_market()

    def _delay_ms(self, venue: str) -> float | None:
        newest = max(
            (quote for quote in self._model.quotes.values() if quote.instrument.venue == venue),
            key=lambda quote: quote.ts_recv,
            default=None,
        )
        return None if newest is None else max(0.0, (newest.ts_recv - newest.ts_event) / 1e6)

    def _show_market(self) -> None:
        symbol = self._symbol()
        instrument = self._model.instruments.get(symbol) if symbol is not None else None
        if instrument is None:
            self._header.show_market("", "off")
            return
        if self._model.data_mode == "REPLAY":  # what was open then says nothing of now
            self._header.show_market(f"{instrument.id.symbol} recorded data", "off")
            return
        word, level = _STATUS_WORDS[instrument.status]
        session = instrument.session or "hours unknown"
        self._header.show_market(f"{instrument.id.symbol} {word} · {session}", level)

    def show_account(self) -> None:
        """Show the chosen account's figures."""
        chosen = self._account()
        accounts = list(self._model.accounts.values())
        self._header.show_accounts(accounts, chosen)
        self._header.show_valuation(self._model.accounts.get(chosen), self._model.valuations.get(chosen))

    def _on_alarm(self, alarm: object) -> None:
        level = _ALARM_LEVELS.get(str(getattr(alarm, "priority", "")).removeprefix("P-"), "warning")
        text, detail, key = (getattr(alarm, name, "") for name in ("text", "detail", "key"))
        self._notices(text, level=level, detail=detail, key=key)

    def _on_stalled(self) -> None:
        text = "The engine has not answered for a second: figures are old, and orders would wait."
        self._notices(text, level="critical", key="engine-stalled")

    def _on_recovered(self) -> None:
        self._notices.settle("engine-stalled")
        self._notices("The engine answers again.", level="info", key="engine-back")
