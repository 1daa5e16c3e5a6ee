"""The watchlist: prices of many instruments, and the symbol everything in its link group follows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from time import monotonic
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QVBoxLayout

from bidmere.desk.api import DeskApi
from bidmere.errors import InvalidInput
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import DayStats, Side, Trade
from bidmere.model.money import ZERO
from bidmere.model.timeframe import Timeframe
from bidmere_terminal.panels.feed_state import feed_pill
from bidmere_terminal.panels.spec import Panel, PanelContext
from bidmere_terminal.panels.watchlist.columns import SPARK, watch_columns
from bidmere_terminal.panels.watchlist.finder import SymbolFinder
from bidmere_terminal.panels.watchlist.rows import SPARK_POINTS, WatchRow, best_match, group_of
from bidmere_terminal.tables.columns import Key
from bidmere_terminal.tables.live_table import LiveTable

POLL_MS = 1_000
_MINUTE = Timeframe(1, "m")
_SPARKS_PER_POLL = 4


class WatchlistPanel(Panel):
    """List instruments with live prices; a chosen one goes to the link group."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        name = context.instance
        self._custom = False
        self._removed: list[list[tuple[int, InstrumentId]]] = []
        self._watched: tuple[InstrumentId, ...] = ()
        self._asking = False
        self._grouped = bool(context.state.get("grouped", True))
        self.finder = SymbolFinder(f"{name}.find", lambda: self.model.instruments.values(), self)
        self.table = LiveTable(f"{name}.table", watch_columns(), self)
        self.table.view.takes_text = True
        self.table.menu_about = self._menu_about
        self.table.view.setAccessibleName("Watchlist")
        self.table.flashes.enabled = not context.setting("reduced_motion")
        self.table.empty.say("Add symbols: start typing.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.finder)
        layout.addWidget(self.table, 1)
        self.setFocusProxy(self.table.view)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._poll_timer = QTimer(self)
        self._poll_timer.setObjectName(f"{name}.poll")
        self._poll_timer.setInterval(POLL_MS)
        self._poll_timer.timeout.connect(self._poll)
        self._connect()
        self.table.restore_state(context.state.get("table"))
        self.table.set_group(group_of if self._grouped else None)
        self._fill(context.state.get("symbols"))
        self.set_group(context.group)

    def _connect(self) -> None:
        table, model = self.table, self.model
        table.clicked.connect(self._clicked)
        table.activated.connect(self._send)
        table.double_clicked.connect(self._double_clicked)
        table.delete_pressed.connect(self.remove)
        table.typed.connect(self.finder.begin)
        table.failed.connect(self._failed)
        self.finder.chosen.connect(self.find_or_add)
        self.finder.looked_for.connect(self._look_for)
        self.finder.closed.connect(table.view.setFocus)
        table.view.can_undo = lambda: bool(self._removed)
        table.view.undo_pressed.connect(self.undo)
        model.quotes_changed.connect(self._quotes_changed)
        model.trades_changed.connect(self._trades_changed)
        model.positions_changed.connect(self._positions_changed)
        model.feeds_changed.connect(self._feeds_changed)
        model.ready_changed.connect(self._ready_changed)

    # ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _fill(self, saved: Any) -> None:
        known = self.model.instruments
        self._custom = isinstance(saved, list)
        if isinstance(saved, list):
            by_name = {str(one): one for one in known}
            wanted = [by_name[name] for name in saved if isinstance(name, str) and name in by_name]
        else:
            wanted = list(known)
        self.table.replace_all({one: self._row(known[one]) for one in wanted})
        self._watch()

    def _row(self, instrument: Instrument) -> WatchRow:
        held = sum((p.qty for (_account, one), p in self.model.positions.items() if one == instrument.id), ZERO)
        trade = self.model.last_trades.get(instrument.id)
        quote = self.model.quotes.get(instrument.id)
        seen = monotonic() if quote is not None else None
        return WatchRow(instrument, quote, trade.price if trade is not None else None, held=held, seen_s=seen)

    def _listed(self) -> list[InstrumentId]:
        return [key for key in self.table.model.rows if isinstance(key, InstrumentId)]

    def _watch(self) -> None:
        """Subscribe to what is listed now; what was subscribed before is released afterwards."""
        old, self._watched = self._watched, tuple(self._listed())
        new = self._watched
        if set(old) == set(new) or not self.model.ready:
            self._watched = new if self.model.ready else ()
            return

        async def change(desk: DeskApi) -> None:
            await desk.watch(new)
            if old:
                await desk.unwatch(old)

        self.context.bridge.spawn(self.context.bridge.call(change), f"{self.context.instance}.watch")

    def find_or_add(self, text: str) -> None:
        """Select the instrument a text means, adding it when it is not listed."""
        found = best_match(text, self.model.instruments.values())
        if found is None:
            words = f"{text!r} was not found on any connected venue."
            self.context.notify(words, level="warning", key="watchlist.find")
            return
        if found.id not in self.table.model.rows:
            self.table.put(found.id, self._row(found))
            self._custom = True
            self._watch()
        self.table.refresh()
        self.table.view.select_key(found.id)
        self._send(found.id)

    def remove(self, keys: list[Key]) -> None:
        """Take instruments off the list; Ctrl+Z brings them back in their places (U-35)."""
        listed = self._listed()
        gone = [(listed.index(key), key) for key in keys if isinstance(key, InstrumentId) and key in listed]
        if gone:
            self._removed.append(sorted(gone, key=lambda one: one[0]))
            self._rebuild([one for one in listed if one not in {key for _, key in gone}])
            names = ", ".join(key.symbol for _, key in gone)
            self.context.notify(f"Removed {names}. Ctrl+Z brings it back.", key="watchlist.removed")

    def undo(self) -> None:
        """Bring back what was removed last."""
        if self._removed:
            listed = self._listed()
            for place, one in self._removed.pop():
                if one not in listed:
                    listed.insert(place, one)
            self._rebuild(listed)

    def _rebuild(self, wanted: list[InstrumentId]) -> None:
        rows = self.table.model.rows
        known = self.model.instruments
        self.table.replace_all({one: rows.get(one) or self._row(known[one]) for one in wanted if one in known})
        self.table.refresh()
        self._custom = True
        self._watch()

    # ── live values ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _quotes_changed(self, changed: Collection[InstrumentId]) -> None:
        rows, quotes, now = self.table.model.rows, self.model.quotes, monotonic()
        for one in changed:
            row = rows.get(one)
            if row is not None:
                row.quote = quotes[one]
                row.seen_s = now
        self.table.touch(rows.keys() & changed)

    def _trades_changed(self, changed: Mapping[InstrumentId, list[Trade]]) -> None:
        rows = self.table.model.rows
        for one, trades in changed.items():
            row = rows.get(one)
            if row is not None:
                row.trade = trades[-1].price
        self.table.touch(rows.keys() & changed.keys())

    def _positions_changed(self, changed: Mapping[tuple[str, InstrumentId], Any]) -> None:
        for one in {instrument for _account, instrument in changed}:
            row = self.table.model.rows.get(one)
            if row is not None:
                row.held = self._row(row.instrument).held
                self.table.touch([one])

    def _feeds_changed(self) -> None:
        venues = {one.venue for one in self._listed()}
        self.state_pill_changed.emit(*feed_pill(self.model, venues))

    def _ready_changed(self, ready: bool) -> None:
        if ready and not self.table.model.rows:
            self._fill(self.context.state.get("symbols"))
        elif ready:
            self._watch()
        self._poll()

    def _poll(self) -> None:
        if not self._asking and self.model.ready and self.isVisible():
            self._asking = True
            self.context.bridge.spawn(self._ask(), f"{self.context.instance}.day-stats")

    async def _ask(self) -> None:
        try:
            visible = [key for key in self.table.visible_keys() if isinstance(key, InstrumentId)]
            stats = await self.context.bridge.call(lambda desk: _day_stats(desk, visible))
            minute = int(monotonic() // 60)
            for one, found in stats.items():
                row = self.table.model.rows.get(one)
                if row is not None:
                    row.stats = found
                    row.sample_spark(minute)
            self.table.touch(stats)
            if SPARK in {self.table.model.columns[number].id for number in self.table.view.shown_columns()}:
                await self._fill_sparks(visible, minute)
        finally:
            self._asking = False

    async def _fill_sparks(self, visible: list[InstrumentId], minute: int) -> None:
        short = [one for one in visible if len(self.table.row(one).spark) < 2][:_SPARKS_PER_POLL]
        for one in short:
            try:
                bars: BarArray = await self.context.bridge.call(_last_hour(one))
            except InvalidInput:
                continue
            row = self.table.model.rows.get(one)
            if row is not None:
                row.fill_spark(bars.close.tolist(), minute)
        self.table.model.forget_cells(visible)
        self.table.touch(visible)

    # ── what the user does ───────────────────────────────────────────────────────────────────────────────────────────

    def _send(self, key: Key) -> None:
        if isinstance(key, InstrumentId) and self.context.group is not None:
            self.context.group.set_instrument(key)

    def _clicked(self, key: Key, column: str) -> None:
        self._send(key)
        row = self.table.model.rows.get(key)
        if column in ("bid", "ask") and row is not None and row.quote is not None:
            side, price = (Side.SELL, row.quote.bid) if column == "bid" else (Side.BUY, row.quote.ask)
            self.context.run_command("ticket.stage", instrument=key, side=side, price=price)

    def _double_clicked(self, key: Key, _column: str) -> None:
        self._send(key)
        self.context.run_command("panel.chart")

    def _look_for(self, text: str) -> None:
        listed = [self.table.row(key).instrument for key in self.table.shown_keys()]
        found = best_match(text, listed)
        if found is not None:
            self.table.view.select_key(found.id)

    def _menu_about(self, menu: QMenu, keys: list[Key]) -> None:
        if keys:
            key = keys[0]
            menu.addAction("Chart", lambda: self._double_clicked(key, ""))
            menu.addAction("Buy…", lambda: self._stage(key, Side.BUY))
            menu.addAction("Sell…", lambda: self._stage(key, Side.SELL))
            menu.addAction("Send to link group\tEnter", lambda: self._send(key))
            menu.addAction("Remove\tDel", lambda: self.remove(keys))
        menu.addAction("Add symbol…", lambda: self.finder.begin(""))
        undo = menu.addAction("Undo removal\tCtrl+Z", self.undo)
        undo.setEnabled(bool(self._removed))
        grouped = menu.addAction("Group by kind")
        grouped.setCheckable(True)
        grouped.setChecked(self._grouped)
        grouped.toggled.connect(self._set_grouped)

    def _stage(self, key: Key, side: Side) -> None:
        self._send(key)
        self.context.run_command("ticket.stage", instrument=key, side=side)

    def _set_grouped(self, on: bool) -> None:
        self._grouped = on
        self.table.set_group(group_of if on else None)

    def _failed(self, text: str) -> None:
        self.context.notify(text, level="error")

    # ── the contract of a panel ──────────────────────────────────────────────────────────────────────────────────────

    def set_instrument(self, instrument: InstrumentId) -> None:
        """Mark the row of the group's symbol."""
        self.table.view.select_key(instrument)

    def showEvent(self, event: QShowEvent) -> None:
        """Poll the day's figures while visible."""
        super().showEvent(event)
        self._poll_timer.start()
        self._poll()
        if self.context.group is not None and self.context.group.instrument is not None:
            self.set_instrument(self.context.group.instrument)

    def hideEvent(self, event: QHideEvent) -> None:
        """Poll no more."""
        super().hideEvent(event)
        self._poll_timer.stop()

    def save_state(self) -> dict[str, Any]:
        """Return the list (when it is the user's own), grouping and columns."""
        state: dict[str, Any] = {"table": self.table.save_state(), "grouped": self._grouped}
        if self._custom:
            state["symbols"] = [str(one) for one in self._listed()]
        return state

    def dump(self) -> dict[str, Any]:
        """Return the rows as shown, with the plain last price."""
        rows = self.table.dump()
        for key, row in zip(self.table.shown_keys(), rows, strict=True):
            row["id"] = str(key)
            last = self.table.row(key).last
            row["last"] = "" if last is None else repr(last)
        return {"rows": rows}

    def shutdown(self) -> None:
        """Release the subscriptions."""
        self._poll_timer.stop()
        watched, self._watched = self._watched, ()
        if watched and self.model.ready:
            self.context.bridge.spawn(
                self.context.bridge.call(lambda desk: desk.unwatch(watched)), f"{self.context.instance}.unwatch"
            )


def _last_hour(one: InstrumentId) -> Callable[[DeskApi], Awaitable[BarArray]]:
    return lambda desk: desk.bars(one, _MINUTE, SPARK_POINTS)


def _day_stats(desk: DeskApi, instruments: list[InstrumentId]) -> dict[InstrumentId, DayStats]:
    found = ((one, desk.day_stats(one)) for one in instruments)
    return {one: stats for one, stats in found if stats is not None}
