"""Orders and history: what works, what happened today, everything, and the fills."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from bidmere.desk.api import DeskApi, StoryLine
from bidmere.errors import BidmereError, InvalidInput
from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.money import to_decimal
from bidmere.model.orders import Order, OrderState
from bidmere_terminal.panels.orders.columns import (
    FillRow,
    OrderRow,
    can_cancel,
    fill_columns,
    is_exit,
    order_columns,
)
from bidmere_terminal.panels.orders.story import StoryPane
from bidmere_terminal.panels.spec import LinkGroup, Panel, PanelContext
from bidmere_terminal.tables.columns import Key, SortBy
from bidmere_terminal.tables.live_table import LiveTable
from bidmere_terminal.theme import bind_icon

WORKING, TODAY, HISTORY, FILLS = "Working", "Today", "History", "Fills"
TABS = (WORKING, TODAY, HISTORY, FILLS)
_DAY_NS = 86_400_000_000_000
_EMPTY = {
    WORKING: "No working orders. Open the ticket (F9) or type an order (Ctrl+K).",
    TODAY: "No orders today.",
    HISTORY: "No orders yet. Everything that is sent, refused or ended is kept here.",
}
SOURCE = "table"
_STORY_BESIDE_PX = 720


def is_live(order: Order) -> bool:
    """Say whether an order belongs to the working tab."""
    return order.state.is_working or order.state in (OrderState.DRAFT, OrderState.AWAITING_CONFIRM)


class OrdersPanel(Panel):
    """Show every order with its exact state, reason and source; cancel and change working ones."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        name = context.instance
        self._tab = WORKING
        self._here = 0
        self.tabs = QTabBar(self)
        self.tabs.setObjectName(f"{name}.tabs")
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.tabs.setDrawBase(False)
        for title in TABS:
            self.tabs.addTab(title)
        self.cancel_symbol = QPushButton(self)
        self.cancel_symbol.setObjectName(f"{name}.cancel.symbol")
        self.cancel_all = QPushButton(self)
        self.cancel_all.setObjectName(f"{name}.cancel.all")
        self.cancel_more = QToolButton(self)
        self.cancel_more.setObjectName(f"{name}.cancel.more")
        self.cancel_more.setAccessibleName("More ways to cancel")
        bind_icon(self.cancel_more, "ellipsis")
        self.table = LiveTable(f"{name}.table", order_columns(), self)
        self.fills = LiveTable(f"{name}.fills", fill_columns(), self)
        self.story = StoryPane(f"{name}.story", self)
        self._count_timer = QTimer(self)
        self._count_timer.setSingleShot(True)
        self._count_timer.setInterval(50)
        self._count_timer.setObjectName(f"{name}.counts")
        self._count_timer.timeout.connect(self._show_counts)
        self._lay_out()
        self._connect()
        self._restore(context)

    def _lay_out(self) -> None:
        top = QWidget(self)
        top.setProperty("surface", "bg")
        top.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        bar = QHBoxLayout(top)
        bar.setContentsMargins(4, 0, 4, 0)
        bar.setSpacing(4)
        top.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        bar.addWidget(self.tabs)
        bar.addStretch(1)
        for button in (self.cancel_symbol, self.cancel_all):
            button.setProperty("kind", "chip")
            bar.addWidget(button)
        bar.addWidget(self.cancel_more)
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.fills)
        self.splitter = QSplitter(self)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.stack)
        self.splitter.addWidget(self.story)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.story.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(top)
        layout.addWidget(self.splitter, 1)
        self.setFocusProxy(self.table.view)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self._tab_changed)
        self.cancel_symbol.clicked.connect(self._cancel_symbol)
        self.cancel_all.clicked.connect(self._cancel_account)
        self.cancel_more.clicked.connect(self._open_more)
        table = self.table
        table.menu_about = self._menu_about
        table.button_pressed.connect(self._button_pressed)
        table.delete_pressed.connect(self.cancel)
        table.activated.connect(self.toggle_story)
        table.edited.connect(self._edited)
        table.current_changed.connect(self._current_changed)
        for one in (table, self.fills):
            one.failed.connect(self._failed)
        self.story.closed.connect(self.close_story)
        self.story.table.activated.connect(self.close_story)
        self.story.table.view.escape_pressed.connect(self.close_story)
        self.model.orders_changed.connect(self._orders_changed)
        self.model.fills_added.connect(self._fills_added)
        self.model.ready_changed.connect(self._reload)

    def _restore(self, context: PanelContext) -> None:
        self.table.set_sort(SortBy("time", True))
        self.fills.set_sort(SortBy("time", True))
        self.fills.empty.say("No fills yet.")
        self.table.view.setAccessibleName("Orders")
        self.fills.view.setAccessibleName("Fills")
        self.tabs.setAccessibleName("Which orders")
        self.table.restore_state(context.state.get("table"))
        self.fills.restore_state(context.state.get("fills"))
        self._reload()
        tab = context.state.get("tab")
        self.tabs.setCurrentIndex(TABS.index(tab) if tab in TABS else 0)
        self._show_tab(TABS[self.tabs.currentIndex()])
        self.set_group(context.group)
        self._show_counts()

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _reload(self, _ready: bool = True) -> None:
        instruments = self.model.instruments
        orders = self.model.orders
        self.table.replace_all({key: OrderRow(one, instruments.get(one.instrument)) for key, one in orders.items()})
        self._fills_added(self.model.fills)
        self._show_counts()

    def _orders_changed(self, changed: Sequence[Order]) -> None:
        for order in changed:
            self.table.put(order.client_id, OrderRow(order, self.model.instruments.get(order.instrument)))
            if order.client_id == self.story.client_id and self.story.isVisible():
                self._load_story(order)
        if not self._count_timer.isActive():
            self._count_timer.start()

    def _fills_added(self, added: Sequence[Fill]) -> None:
        for fill in added:
            self.fills.put(fill.key, FillRow(fill, self.model.instruments.get(fill.instrument)))
        self.tabs.setTabText(TABS.index(FILLS), f"{FILLS} {len(self.model.fills)}" if self.model.fills else FILLS)

    def _tab_changed(self, number: int) -> None:
        self._show_tab(TABS[number])

    def _show_tab(self, tab: str) -> None:
        self._tab = tab
        if tab == FILLS:
            self.stack.setCurrentWidget(self.fills)
            return
        self.stack.setCurrentWidget(self.table)
        if tab == WORKING:
            self.table.empty.say(_EMPTY[WORKING], "Open the ticket", self._open_ticket)
        else:
            self.table.empty.say(_EMPTY[tab])
        self.table.set_wanted(self._wanted)

    def _wanted(self, row: OrderRow) -> bool:
        if self._tab == WORKING:
            return is_live(row.order)
        return self._tab != TODAY or max(row.order.created_ns, row.order.updated_ns) >= self._day_start()

    def _day_start(self) -> int:
        """00:00 UTC of the newest moment anything here tells of: right in replay as well."""
        latest = max((one.updated_ns for one in self.model.orders.values()), default=0)
        latest = max(latest, max((quote.ts_event for quote in self.model.quotes.values()), default=0))
        return latest // _DAY_NS * _DAY_NS

    # ── cancelling and changing ──────────────────────────────────────────────────────────────────────────────────────

    def _entries(self, instrument: InstrumentId | None) -> list[Order]:
        account = self.context.account()
        return [
            order
            for order in self.model.orders.values()
            if can_cancel(order)
            and not is_exit(order)
            and order.intent.account == account
            and instrument in (None, order.instrument)
        ]

    def _symbol(self) -> InstrumentId | None:
        current = self.table.view.current_key()
        row = self.table.model.rows.get(current) if current is not None else None
        if row is not None:
            found: InstrumentId = row.order.instrument
            return found
        return self._followed.instrument if self._followed is not None else None

    def _show_counts(self) -> None:
        symbol = self._symbol()
        here, everywhere = len(self._entries(symbol)) if symbol else 0, len(self._entries(None))
        self.cancel_symbol.setText(f"Cancel {here} · {symbol.symbol}" if symbol else "Cancel 0")
        self._here = here
        self.cancel_all.setText(f"Cancel all {everywhere} · {self.context.account()}")
        self.cancel_all.setEnabled(bool(everywhere))
        working = sum(1 for order in self.model.orders.values() if is_live(order))
        self.tabs.setTabText(0, f"{WORKING} {working}" if working else WORKING)
        self._fit_buttons()

    def cancel(self, keys: list[Key]) -> None:
        """Cancel these orders, those among them that can be."""
        for key in keys:
            order = self.model.orders.get(str(key))
            if order is not None and can_cancel(order):
                self._spawn(lambda desk, one=order.client_id: desk.cancel(one, SOURCE), "cancel")

    def _cancel_symbol(self) -> None:
        symbol = self._symbol()
        if symbol is not None:
            self._cancel_scope(symbol)

    def _cancel_account(self) -> None:
        self._cancel_scope(None)

    def _cancel_scope(self, instrument: InstrumentId | None, *, exits: bool = False) -> None:
        account = self.context.account()
        self._spawn(
            lambda desk: desk.cancel_all(source=SOURCE, account=account, instrument=instrument, include_exits=exits),
            "cancel-all",
        )

    def _open_more(self) -> None:
        menu = QMenu(self)
        menu.setObjectName(f"{self.context.instance}.cancel.menu")
        self._fill_more(menu)
        menu.popup(self.cancel_more.mapToGlobal(self.cancel_more.rect().bottomLeft()))

    def _fit_buttons(self) -> None:
        """Leave out the buttons there is no room for; the menu beside them has the same."""
        room = self.width() - self.tabs.sizeHint().width() - self.cancel_more.sizeHint().width() - 20
        for button, wanted in ((self.cancel_symbol, self._here > 0), (self.cancel_all, True)):
            room -= button.sizeHint().width() + 4 if wanted else 0
            button.setVisible(wanted and room >= 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the line of buttons."""
        super().resizeEvent(event)
        self._fit_buttons()
        self._arrange_story()

    def _fill_more(self, menu: QMenu) -> None:
        symbol = self._symbol()
        if symbol is not None:
            menu.addAction(self.cancel_symbol.text(), self._cancel_symbol).setEnabled(self._here > 0)
        menu.addAction(self.cancel_all.text(), self._cancel_account).setEnabled(self.cancel_all.isEnabled())
        menu.addSeparator()
        self._fill_more_with_exits(menu)

    def _fill_more_with_exits(self, menu: QMenu) -> None:
        account = self.context.account()
        working = [one for one in self.model.orders.values() if can_cancel(one) and one.intent.account == account]
        symbol = self._symbol()
        if symbol is not None:
            here = sum(1 for one in working if one.instrument == symbol)
            text = f"Cancel {here} · {symbol.symbol} incl. protective exits"
            menu.addAction(text, lambda: self._cancel_scope(symbol, exits=True)).setEnabled(bool(here))
        text = f"Cancel all {len(working)} · {account} incl. protective exits"
        menu.addAction(text, lambda: self._cancel_scope(None, exits=True)).setEnabled(bool(working))

    def _button_pressed(self, key: Key, column: str) -> None:
        if column == "cancel":
            self.cancel([key])

    def _edited(self, key: Key, column: str, text: str) -> None:
        row: OrderRow | None = self.table.model.rows.get(key)
        if row is None:
            return
        try:
            value = to_decimal(text)
        except InvalidInput as error:
            self.context.notify(str(error), level="error", key="orders.edit")
            return
        order = row.order
        named = {"qty": order.qty, "price": getattr(order.spec, "price", None)}
        if value == named.get(column, getattr(order.spec, "trigger", None)):
            return
        self.context.bridge.spawn(self._replace(order, column, value), f"{self.context.instance}.replace")

    async def _replace(self, order: Order, column: str, value: Decimal) -> None:
        try:
            result: Any = await self.context.bridge.call(_replacement(order.client_id, column, value))
        except BidmereError as error:
            self.context.notify(str(error), level="error", key="orders.edit")
            return
        if not result.report.passed and result.report.first_failure is not None:
            failed = result.report.first_failure
            self.context.notify(f"The change was not sent. {failed.message}", level="error", detail=failed.code)

    def _spawn(self, ask: Any, what: str) -> None:
        self.context.bridge.spawn(self.context.bridge.call(ask), f"{self.context.instance}.{what}")

    # ── the timeline ─────────────────────────────────────────────────────────────────────────────────────────────────

    def toggle_story(self, key: Key) -> None:
        """Open or close the timeline of an order."""
        if self.story.isVisibleTo(self) and self.story.client_id == key:
            self.close_story()
            return
        row: OrderRow | None = self.table.model.rows.get(key)
        if row is not None:
            self.story.show()
            self._arrange_story()
            self._load_story(row.order)

    def close_story(self, _key: object = None) -> None:
        """Close the timeline."""
        self.story.hide()
        self._arrange_story()
        self.table.view.setFocus()

    def _arrange_story(self) -> None:
        """Put the timeline beside the orders, or in their place where there is no room for both."""
        alone = self.story.isVisibleTo(self) and self.width() < _STORY_BESIDE_PX
        if self.stack.isHidden() != alone:
            self.stack.setVisible(not alone)
            (self.story.table.view if alone else self.table.view).setFocus()

    def _current_changed(self, key: Key | None) -> None:
        row: OrderRow | None = self.table.model.rows.get(key) if key is not None else None
        if row is not None and self.story.isVisibleTo(self) and key != self.story.client_id:
            self._load_story(row.order)
        self._show_counts()

    def _load_story(self, order: Order) -> None:
        self.story.show_order(order)
        self.context.bridge.spawn(self._ask_story(order.client_id), f"{self.context.instance}.story")

    async def _ask_story(self, client_id: str) -> None:
        steps: tuple[StoryLine, ...] = await self.context.bridge.call(_story_of(client_id))
        if client_id == self.story.client_id:
            self.story.show_steps(steps)

    # ── menu and contract ────────────────────────────────────────────────────────────────────────────────────────────

    def _menu_about(self, menu: QMenu, keys: list[Key]) -> None:
        if not keys:
            return
        count = sum(1 for key in keys if can_cancel(self.table.row(key).order))
        cancel = menu.addAction(f"Cancel {count} selected\tDel" if count > 1 else "Cancel order\tDel")
        cancel.triggered.connect(lambda: self.cancel(keys))
        cancel.setEnabled(bool(count))
        menu.addAction("Timeline\tEnter", lambda: self.toggle_story(keys[0]))
        again = menu.addAction("Place again… (a new order, queue position lost)", lambda: self._place_again(keys[0]))
        again.setEnabled(self.table.row(keys[0]).order.state.is_terminal)
        menu.addAction("Send symbol to link group", lambda: self._send_symbol(keys[0]))

    def _place_again(self, key: Key) -> None:
        order: Order = self.table.row(key).order
        fresh = replace(order.intent, qty=order.qty, spec=order.spec, source="ticket", dedup_key="", decided_ns=0)
        self.context.run_command("ticket.stage", intent=fresh)

    def _send_symbol(self, key: Key) -> None:
        if self.context.group is not None:
            self.context.group.set_instrument(self.table.row(key).order.instrument)

    def _open_ticket(self) -> None:
        self.context.run_command("panel.ticket")

    def _failed(self, text: str) -> None:
        self.context.notify(text, level="error")

    def set_group(self, group: LinkGroup | None) -> None:
        """Know the symbol that the scoped cancel button names."""
        super().set_group(group)
        self._show_counts()

    def set_instrument(self, instrument: InstrumentId) -> None:
        """Name the group's symbol on the button."""
        self._show_counts()

    def save_state(self) -> dict[str, Any]:
        """Return the tab and both tables' columns."""
        return {"tab": self._tab, "table": self.table.save_state(), "fills": self.fills.save_state()}

    def dump(self) -> dict[str, Any]:
        """Return every order whatever the tab, newest first, and the fills."""
        orders = sorted(self.model.orders.values(), key=lambda one: one.created_ns, reverse=True)
        columns = [column for column in self.table.model.columns if not column.button]
        rows = [OrderRow(one, self.model.instruments.get(one.instrument)) for one in orders]
        return {
            "tab": self._tab,
            "orders": [{c.title: c.cell(row).text + c.cell(row).suffix for c in columns} for row in rows],
            "shown": self.table.dump() if self._tab != FILLS else self.fills.dump(),
            "fills": self.fills.dump(),
            "buttons": [self.cancel_symbol.text(), self.cancel_all.text()],
        }

    def shutdown(self) -> None:
        """Count no more."""
        self._count_timer.stop()


def _replacement(client_id: str, field: str, value: Decimal) -> Callable[[DeskApi], Awaitable[Any]]:
    named = {field: value}
    return lambda desk: desk.replace(client_id, source=SOURCE, **named)


def _story_of(client_id: str) -> Callable[[DeskApi], Awaitable[tuple[StoryLine, ...]]]:
    return lambda desk: desk.story(client_id)
