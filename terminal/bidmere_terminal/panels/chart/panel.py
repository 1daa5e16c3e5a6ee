"""A chart with its toolbar: bars, indicators, own orders, position and fills of one instrument, live."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QVBoxLayout

from bidmere.desk.words import price_text
from bidmere.errors import InvalidInput
from bidmere.indicators.catalog import indicator
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import Bar
from bidmere.model.timeframe import Timeframe
from bidmere_terminal.charts.chart import ChartWidget
from bidmere_terminal.panels.chart.history import ChartHistory
from bidmere_terminal.panels.chart.indicators import (
    FIRST,
    OTHERS,
    Chosen,
    IndicatorDialog,
    fill_menu,
    read_chosen,
)
from bidmere_terminal.panels.chart.overlay import fill_marks, order_lines, position_line, subtitle, watermark
from bidmere_terminal.panels.chart.toolbar import ChartToolbar
from bidmere_terminal.panels.feed_state import feed_pill
from bidmere_terminal.panels.spec import LinkGroup, Panel, PanelContext
from bidmere_terminal.panels.watchlist.rows import best_match

FRAME_MS = 50
OLDER_MS = 400
_DEFAULT = Timeframe(5, "m")


class ChartPanel(Panel):
    """Show one instrument; follows the link group's symbol, timeframe and crosshair."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        name = context.instance
        state = context.state
        self.instrument: InstrumentId | None = None
        self.timeframe = _saved_timeframe(state.get("timeframe"))
        saved = read_chosen(state.get("indicators"))
        self.chosen: list[Chosen] = list(saved if saved is not None else FIRST if _is_first(name) else OTHERS)
        self.chart = ChartWidget(self)
        self.chart.setObjectName(f"{name}.view")
        self.toolbar = ChartToolbar(name, lambda: self.model.instruments.values(), self)
        self.toolbar.share.setChecked(bool(state.get("share", True)))
        self.history = ChartHistory(self.chart, context.bridge, name)
        self._picked: float | None = None
        self._marks_stale = True
        self._saved_symbol = state.get("symbol")
        self._dialog: IndicatorDialog | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.toolbar)
        layout.addWidget(self.chart, 1)
        self.setFocusProxy(self.chart)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._frame = self._timer(f"{name}.frame", FRAME_MS, self._refresh)
        self._frame.setSingleShot(True)
        self._older = self._timer(f"{name}.older", OLDER_MS, self.history.ask_older)
        self._connect()
        view = state.get("view")
        if isinstance(view, Mapping):
            self.chart.restore_view(view)
        self.chart.set_indicators(self.chosen)
        self.toolbar.show_kind(self.chart.model.kind)
        self.toolbar.show_timeframe(self.timeframe)
        self.set_group(context.group)
        self._choose_first()

    def _timer(self, name: str, every_ms: int, tick: Any) -> QTimer:
        timer = QTimer(self)
        timer.setObjectName(name)
        timer.setInterval(every_ms)
        timer.timeout.connect(tick)
        return timer

    def _connect(self) -> None:
        chart, bar, model = self.chart, self.toolbar, self.model
        chart.crosshair_moved.connect(self._crosshair_moved)
        chart.price_clicked.connect(self._price_picked)
        chart.symbol_typed.connect(bar.type_symbol)
        chart.timeframe_typed.connect(bar.type_timeframe)
        bar.symbol_chosen.connect(self._symbol_chosen)
        bar.timeframe_chosen.connect(self._timeframe_chosen)
        bar.kind_chosen.connect(self._kind_chosen)
        bar.refused.connect(self._refused)
        bar.left.connect(chart.setFocus)
        bar.indicators.clicked.connect(self._open_indicators)
        model.bars_changed.connect(self._bars_changed)
        model.quotes_changed.connect(self._quotes_changed)
        model.orders_changed.connect(self._marks_changed)
        model.fills_added.connect(self._marks_changed)
        model.positions_changed.connect(self._marks_changed)
        model.feeds_changed.connect(self._feeds_changed)
        model.ready_changed.connect(self._ready_changed)

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────

    def _choose_first(self) -> None:
        """Show the group's symbol, else the saved one, else the first there is."""
        if self.instrument is not None:
            return
        group = self._followed.instrument if self._followed is not None else None
        known = self.model.instruments
        saved = next((one for one in known if str(one) == self._saved_symbol), None)
        wanted = group or saved or next(iter(known), None)
        if wanted is not None:
            self.set_instrument(wanted)

    def set_instrument(self, instrument: InstrumentId) -> None:
        """Show another symbol in the same timeframe."""
        if instrument != self.instrument:
            self.instrument = instrument
            self._show()

    def set_timeframe(self, timeframe: Timeframe) -> None:
        """Show the same symbol in another timeframe."""
        if timeframe != self.timeframe:
            self.timeframe = timeframe
            self._show()

    def _known(self) -> Instrument | None:
        return self.model.instruments.get(self.instrument) if self.instrument is not None else None

    def _show(self) -> None:
        one, wanted = self._known(), self.instrument
        if wanted is None:
            return
        decimals = one.price_decimals if one is not None else 2
        words = subtitle(self.model.data_mode, self.model.execution_mode, wanted)
        self.chart.set_instrument(wanted.symbol, decimals, words, watermark(self.model.data_mode))
        self.chart.set_timeframe(self.timeframe)
        self.toolbar.show_symbol(wanted.symbol)
        self.toolbar.show_timeframe(self.timeframe)
        self.title_changed.emit(f"{wanted.symbol} {self.timeframe}")
        if one is None and self.model.ready:
            self.history.show(None)
            self.chart.set_state("error", f"{wanted} is not on any connected venue. Choose another symbol.")
            return
        if self.model.ready:
            self.history.show((wanted, self.timeframe))
        else:
            self.chart.set_state("loading", f"Waiting for {wanted.venue}")
        self._marks_stale = True
        self._refresh()
        self._feeds_changed()

    def _ready_changed(self, ready: bool) -> None:
        if ready and self.instrument is None:
            self._choose_first()
        elif ready:
            self._show()

    # ── live ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _bars_changed(self, changed: Mapping[tuple[InstrumentId, Timeframe], list[Bar]]) -> None:
        series = self.history.series
        if series is not None and series in changed:
            self.history.take(changed[series])
            self._wake()

    def _quotes_changed(self, changed: Collection[InstrumentId]) -> None:
        if self.instrument in changed:
            self._wake()

    def _marks_changed(self, _changed: object = None) -> None:
        self._marks_stale = True
        self._wake()

    def _wake(self) -> None:
        if not self._frame.isActive() and self.isVisible():
            self._frame.start()

    def _refresh(self) -> None:
        """Bring bars, quote, position, orders and fills onto the chart; at most twenty times a second."""
        self.history.flush()
        one = self._known()
        if one is None:
            return
        quote = self.model.quotes.get(one.id)
        if quote is not None:
            self.chart.set_quote(quote.bid, quote.ask)
            self.chart.set_now(quote.ts_event)
        position = self.model.positions.get((self.context.account(), one.id))
        self.chart.set_position(position_line(position, quote))
        if self._marks_stale:
            self._marks_stale = False
            self.chart.set_orders(order_lines(self.model.orders.values(), one))
            self.chart.set_fills(fill_marks(self.model.fills, one))

    def _feeds_changed(self) -> None:
        if self.instrument is not None:
            self.state_pill_changed.emit(*feed_pill(self.model, {self.instrument.venue}))

    # ── what the user does ───────────────────────────────────────────────────────────────────────────────────────────

    def _symbol_chosen(self, text: str) -> None:
        found = best_match(text, self.model.instruments.values())
        if found is None:
            self.context.notify(f"{text!r} was not found on any connected venue.", level="warning", key="chart.find")
        elif self._followed is not None:
            self._followed.set_instrument(found.id)
            self.set_instrument(found.id)
        else:
            self.set_instrument(found.id)

    def _timeframe_chosen(self, timeframe: Timeframe) -> None:
        self.set_timeframe(timeframe)
        if self._followed is not None and self.toolbar.share.isChecked():
            self._followed.set_timeframe(timeframe)

    def _timeframe_changed(self, timeframe: Timeframe) -> None:
        if self.toolbar.share.isChecked():
            self.set_timeframe(timeframe)

    def _refused(self, text: str) -> None:
        self.context.notify(text, level="warning", key="chart.timeframe")

    def _kind_chosen(self, kind: str) -> None:
        self.chart.set_kind(kind)
        self.toolbar.show_kind(kind)

    def _crosshair_moved(self, ts_ns: int | None) -> None:
        if self._followed is not None and self.toolbar.share.isChecked():
            self._followed.set_crosshair(ts_ns)

    def _crosshair_changed(self, ts_ns: int | None) -> None:
        if self.toolbar.share.isChecked() and not self.chart.underMouse():
            self.chart.set_crosshair_time(ts_ns)

    def _price_picked(self, price: float) -> None:
        self._picked = price

    def _open_indicators(self) -> None:
        menu = QMenu(self)
        menu.setObjectName(f"{self.context.instance}.indicators.menu")
        self._fill_indicators(menu)
        button = self.toolbar.indicators
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _fill_indicators(self, menu: QMenu) -> None:
        fill_menu(menu, self.chosen, add=self.add_indicator, edit=self.edit_indicator, remove=self.remove_indicator)
        volume = menu.addAction("Volume under the price")
        volume.setCheckable(True)
        volume.setChecked(self.chart.model.show_volume)
        volume.toggled.connect(self._show_volume)

    def _show_volume(self, on: bool) -> None:
        self.chart.model.show_volume = on
        self.chart.set_scale()

    def add_indicator(self, name: str) -> None:
        """Add an indicator with its usual settings."""
        self.chosen.append((name, indicator(name).settings({})))
        self.chart.set_indicators(self.chosen)

    def remove_indicator(self, number: int) -> None:
        """Take one away."""
        if 0 <= number < len(self.chosen):
            del self.chosen[number]
            self.chart.set_indicators(self.chosen)

    def edit_indicator(self, number: int) -> None:
        """Open the settings of one; the chart follows while they change."""

        def apply(settings: dict[str, float]) -> None:
            if number < len(self.chosen):
                self.chosen[number] = (self.chosen[number][0], settings)
                self.chart.set_indicators(self.chosen)

        self._dialog = IndicatorDialog(self.chosen[number], apply, self)
        self._dialog.open()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the chart's menu; nothing in it sends an order."""
        menu = QMenu(self)
        menu.setObjectName(f"{self.context.instance}.menu")
        self.fill_context_menu(menu)
        menu.popup(event.globalPos())
        event.accept()

    def fill_context_menu(self, menu: QMenu) -> None:
        """Offer the price under the mouse, the view, the scale, kinds and indicators."""
        one = self._known()
        if self._picked is not None and one is not None:
            text = price_text(one, self._picked)
            menu.addAction(f"Copy price {text}", self._copy_price)
            menu.addSeparator()
        menu.addAction("Reset view\tHome", self.chart.reset_view)
        for title, part, on in (
            ("Logarithmic scale", "log_scale", self.chart.model.log),
            ("Upside down", "invert", self.chart.model.invert),
        ):
            action = menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(on)
            action.toggled.connect(lambda chosen, part=part: self.chart.set_scale(**{part: chosen}))
        self.toolbar.fill_kinds(menu.addMenu("Chart type"))
        self._fill_indicators(menu.addMenu("Indicators"))

    def _copy_price(self) -> None:
        if self._picked is not None:
            QGuiApplication.clipboard().setText(repr(self._picked))

    # ── the contract of a panel ──────────────────────────────────────────────────────────────────────────────────────

    def set_group(self, group: LinkGroup | None) -> None:
        """Follow another group's symbol, timeframe and crosshair."""
        old = self._followed
        if old is not None:
            old.timeframe_changed.disconnect(self._timeframe_changed)
            old.crosshair_changed.disconnect(self._crosshair_changed)
        if group is not None:
            group.timeframe_changed.connect(self._timeframe_changed)
            group.crosshair_changed.connect(self._crosshair_changed)
            if group.timeframe is not None and "timeframe" not in self.context.state:
                self._timeframe_changed(group.timeframe)
        super().set_group(group)

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up."""
        super().showEvent(event)
        self._marks_stale = True
        self._refresh()
        self._older.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Paint and load no more."""
        super().hideEvent(event)
        self._frame.stop()
        self._older.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the toolbar within the panel."""
        super().resizeEvent(event)
        self.toolbar.fit_width(self.width())

    def save_state(self) -> dict[str, Any]:
        """Return symbol, timeframe, indicators and view."""
        return {
            "symbol": str(self.instrument) if self.instrument is not None else None,
            "timeframe": str(self.timeframe),
            "indicators": [[name, settings] for name, settings in self.chosen],
            "share": self.toolbar.share.isChecked(),
            "view": self.chart.view_state(),
        }

    def dump(self) -> dict[str, Any]:
        """Return what the chart shows, with the last price."""
        self.history.flush()
        return {"instrument": str(self.instrument), **self.chart.values()}

    def shutdown(self) -> None:
        """Release the subscriptions."""
        self._frame.stop()
        self._older.stop()
        if self.model.ready:
            self.history.close()


def _is_first(instance: str) -> bool:
    return instance == "chart" or instance.endswith("-1")


def _saved_timeframe(text: Any) -> Timeframe:
    if isinstance(text, str):
        try:
            return Timeframe.parse(text)
        except InvalidInput:
            return _DEFAULT
    return _DEFAULT
