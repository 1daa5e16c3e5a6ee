"""Orders and history through real widgets: exact words, reasons, cancels with a scope, inline changes, the timeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QMenu
from pytestqt.qtbot import QtBot
from tests.panels.fakes import ACCOUNT, BTC, ETH, NOW, Bench, fill, order

from bidmere.desk.api import StoryLine
from bidmere.desk.feed import Batch
from bidmere.model.instrument import Instrument
from bidmere.model.market import Side
from bidmere.model.orders import Limit, Market, Order, OrderIntent, OrderSpec, OrderState, Stop, TimeInForce
from bidmere_terminal.panels.orders.panel import HISTORY, TABS, OrdersPanel


@pytest.fixture
def panel(bench: Bench) -> Iterator[OrdersPanel]:
    made = bench.make(OrdersPanel)
    made.resize(1_200, 300)
    made.show()
    yield made
    made.hide()


def send(
    bench: Bench,
    number: int,
    spec: OrderSpec,
    state: OrderState = OrderState.OPEN,
    *,
    one: Instrument = BTC,
    side: Side = Side.BUY,
    exit_order: bool = False,
    tif: TimeInForce = TimeInForce.GTC,
    source: str = "ticket",
    **more: Any,
) -> Order:
    intent = OrderIntent(
        instrument=one.id, side=side, qty=Decimal("0.5"), spec=spec, account=ACCOUNT, source=source, tif=tif,
        reduce_only=exit_order,
    )  # fmt: skip
    made = order(intent, state, number=number, **{"created_ns": NOW + number * 1_000_000_000, **more})
    bench.order(made)
    return made


LIMIT = Limit(price=Decimal("64000.0"))


def spot(panel: OrdersPanel, made: Order, column: str) -> QPoint:
    panel.table.refresh()
    number = next(n for n, one in enumerate(panel.table.model.columns) if one.id == column)
    line = panel.table.model.position(made.client_id)
    assert line is not None
    return panel.table.view.visualRect(panel.table.model.index(line, number)).center()


def click(qtbot: QtBot, panel: OrdersPanel, made: Order, column: str) -> None:
    qtbot.mouseClick(panel.table.view.viewport(), Qt.MouseButton.LeftButton, pos=spot(panel, made, column))


def double_click(qtbot: QtBot, panel: OrdersPanel, made: Order, column: str) -> None:
    click(qtbot, panel, made, column)
    qtbot.mouseDClick(panel.table.view.viewport(), Qt.MouseButton.LeftButton, pos=spot(panel, made, column))


def shown(panel: OrdersPanel) -> list[str]:
    panel.table.refresh()
    return [str(key) for key in panel.table.shown_keys()]


def test_tabs_split_working_today_and_history(panel: OrdersPanel, bench: Bench) -> None:
    works = send(bench, 1, LIMIT)
    done = send(bench, 2, Market(), OrderState.FILLED)
    long_ago = NOW - 86_400 * 10**9
    old = send(bench, 3, LIMIT, OrderState.CANCELED, created_ns=long_ago, updated_ns=long_ago)
    assert shown(panel) == [works.client_id]
    panel.tabs.setCurrentIndex(1)
    assert shown(panel) == [done.client_id, works.client_id]
    panel.tabs.setCurrentIndex(2)
    assert shown(panel) == [done.client_id, works.client_id, old.client_id]
    bench.order(replace(works, state=OrderState.FILLED))
    panel.tabs.setCurrentIndex(0)
    assert shown(panel) == []


def test_u9_refused_and_ended_orders_are_rows_with_their_reason(panel: OrdersPanel, bench: Bench) -> None:
    send(bench, 1, LIMIT, OrderState.DENIED, code="L-PRICE", reason="Too far from the market.")
    send(bench, 2, LIMIT, OrderState.REJECTED, cause="venue", code="V-7", reason="Closed.", raw="ERR 7 CLOSED")
    send(bench, 3, LIMIT, OrderState.EXPIRED, tif=TimeInForce.IOC, reason="Best offer 65,001.0.")
    rows = panel.dump()["orders"]
    assert [(one["State"], one["Reason"]) for one in rows] == [
        ("Ended unfilled (IOC)", "Best offer 65,001.0."),
        ("Rejected (venue)", "Closed. [V-7]"),
        ("Rejected (risk check)", "Too far from the market. [L-PRICE]"),
    ]
    panel.tabs.setCurrentIndex(TABS.index(HISTORY))
    panel.table.refresh()
    column = next(n for n, one in enumerate(panel.table.model.columns) if one.id == "reason")
    tip = panel.table.model.data(panel.table.model.index(1, column), Qt.ItemDataRole.ToolTipRole)
    assert "ERR 7 CLOSED" in tip


def test_u12_every_order_shows_its_source_and_acknowledgement(panel: OrdersPanel, bench: Bench) -> None:
    for number, source in enumerate(("ticket", "hotkey:buy", "strategy:sma_cross", "cli")):
        send(bench, number, LIMIT, source=source)
    rows = panel.dump()["orders"]
    assert [one["Source"] for one in rows] == ["cli", "strategy:sma_cross", "hotkey:buy", "ticket"]
    assert {one["Ack ms"] for one in rows} == {"18.0"}
    assert {one["Lives at"] for one in rows} == {"venue"}


def test_u47_double_click_never_cancels_the_cross_and_del_do(panel: OrdersPanel, bench: Bench, qtbot: QtBot) -> None:
    made = send(bench, 1, LIMIT)
    for column in ("time", "symbol", "side", "state", "reason"):
        double_click(qtbot, panel, made, column)
    assert bench.desk.called("cancel") == []
    click(qtbot, panel, made, "cancel")
    assert bench.desk.called("cancel") == [(made.client_id, "table")]
    qtbot.keyClick(panel.table.view, Qt.Key.Key_Delete)
    assert len(bench.desk.called("cancel")) == 2
    bench.order(replace(made, pending_cancel=True))
    click(qtbot, panel, made, "cancel")
    qtbot.keyClick(panel.table.view, Qt.Key.Key_Delete)
    assert len(bench.desk.called("cancel")) == 2


def test_u48_buttons_state_scope_and_number_and_keep_exits(panel: OrdersPanel, bench: Bench) -> None:
    send(bench, 1, LIMIT)
    send(bench, 2, LIMIT)
    send(bench, 3, Stop(trigger=Decimal("60000.0")), side=Side.SELL, exit_order=True)
    send(bench, 4, LIMIT, one=ETH)
    panel._show_counts()
    assert panel.cancel_symbol.text() == "Cancel 2 · BTCUSDT"
    assert panel.cancel_all.text() == "Cancel all 3 · paper-1"
    panel.cancel_symbol.click()
    panel.cancel_all.click()
    assert bench.desk.called("cancel_all") == [
        ("table", ACCOUNT, BTC.id, None, False),
        ("table", ACCOUNT, None, None, False),
    ]
    menu = QMenu()
    panel._fill_more(menu)
    assert [one.text() for one in menu.actions() if one.text()] == [
        "Cancel 2 · BTCUSDT",
        "Cancel all 3 · paper-1",
        "Cancel 3 · BTCUSDT incl. protective exits",
        "Cancel all 4 · paper-1 incl. protective exits",
    ]
    next(one for one in menu.actions() if "Cancel 3" in one.text()).trigger()
    assert bench.desk.called("cancel_all")[-1] == ("table", ACCOUNT, BTC.id, None, True)


def test_narrow_panel_keeps_state_and_cross_in_sight_and_moves_buttons_into_the_menu(
    panel: OrdersPanel, bench: Bench
) -> None:
    send(bench, 1, LIMIT)
    panel.resize(463, 200)
    panel.table.refresh()
    panel._show_counts()
    right = panel.table.view.viewport().width()
    for column in ("state", "cancel"):
        number = next(n for n, one in enumerate(panel.table.model.columns) if one.id == column)
        rect = panel.table.view.visualRect(panel.table.model.index(0, number))
        assert 0 < rect.right() <= right
    assert not panel.cancel_all.isVisible()
    menu = QMenu()
    panel._fill_more(menu)
    assert menu.actions()[0].text() == "Cancel 1 · BTCUSDT"
    panel.resize(1_200, 200)
    assert panel.cancel_all.isVisible()


def type_into(qtbot: QtBot, panel: OrdersPanel, made: Order, column: str, text: str) -> QLineEdit:
    double_click(qtbot, panel, made, column)
    editor = next(one for one in panel.table.view.findChildren(QLineEdit) if one.isVisible())
    qtbot.keyClicks(editor, text)
    return editor


@pytest.mark.parametrize(
    ("column", "text", "asked"),
    [("price", "64100.5", (None, Decimal("64100.5"), None)), ("qty", "0.25", (Decimal("0.25"), None, None))],
)
def test_inline_edit_sends_a_change(
    panel: OrdersPanel, bench: Bench, qtbot: QtBot, column: str, text: str, asked: tuple[Any, ...]
) -> None:
    made = send(bench, 1, LIMIT)
    qtbot.keyClick(type_into(qtbot, panel, made, column, text), Qt.Key.Key_Return)
    assert bench.desk.called("replace") == [(made.client_id, "table", *asked)]
    assert bench.model.orders[made.client_id].spec == LIMIT


def test_inline_edit_is_dropped_by_escape_by_nonsense_and_by_no_change(
    panel: OrdersPanel, bench: Bench, qtbot: QtBot
) -> None:
    made = send(bench, 1, LIMIT)
    qtbot.keyClick(type_into(qtbot, panel, made, "price", "1"), Qt.Key.Key_Escape)
    qtbot.keyClick(type_into(qtbot, panel, made, "price", "1,000"), Qt.Key.Key_Return)
    assert "is not a number" in bench.notices[-1][1]
    qtbot.keyClick(type_into(qtbot, panel, made, "price", "64000"), Qt.Key.Key_Return)
    assert bench.desk.called("replace") == []


def test_ended_orders_cannot_be_edited(panel: OrdersPanel, bench: Bench, qtbot: QtBot) -> None:
    made = send(bench, 1, LIMIT, OrderState.FILLED)
    panel.tabs.setCurrentIndex(TABS.index(HISTORY))
    double_click(qtbot, panel, made, "price")
    assert not [one for one in panel.table.view.findChildren(QLineEdit) if one.isVisible()]


def test_u50_enter_opens_the_timeline_with_latencies(panel: OrdersPanel, bench: Bench, qtbot: QtBot) -> None:
    made = send(bench, 1, LIMIT, created_ns=NOW - 4_000_000)
    steps = tuple(
        StoryLine(ts=NOW + step * 2_500_000, step=name, detail="", payload={})
        for step, name in enumerate(("OrderCreated", "OrderApproved", "OrderClaimed"))
    )

    async def story(_client_id: str) -> tuple[StoryLine, ...]:
        return steps

    bench.desk.story = story  # type: ignore[method-assign]
    panel.table.refresh()
    panel.table.view.select_key(made.client_id)
    qtbot.keyClick(panel.table.view, Qt.Key.Key_Return)
    panel.story.table.refresh()
    assert panel.story.isVisible()
    assert [(one["Step"], one["+ ms"]) for one in panel.story.table.dump()] == [
        ("asked", "–"), ("checks passed", "2.5"), ("sent", "2.5"),
    ]  # fmt: skip
    assert "asked→sent 4.0 ms" in panel.story.latencies.text()
    assert "sent→ack 18.0 ms" in panel.story.latencies.text()
    qtbot.keyClick(panel.table.view, Qt.Key.Key_Return)
    assert not panel.story.isVisible()
    panel.resize(460, 200)
    panel.toggle_story(made.client_id)
    assert not panel.stack.isVisible()
    qtbot.keyClick(panel.story.table.view, Qt.Key.Key_Escape)
    assert (panel.stack.isVisible(), panel.story.isVisible()) == (True, False)


def test_fills_are_listed_once(panel: OrdersPanel, bench: Bench) -> None:
    made = send(bench, 1, LIMIT)
    bench.model.apply(Batch(fills=[fill(made), replace(fill(made), trade_id="t-2")]))
    panel._fills_added(bench.model.fills)
    panel.tabs.setCurrentIndex(3)
    panel.fills.refresh()
    rows = panel.dump()["fills"]
    assert len(rows) == 2
    assert [rows[0][title] for title in ("Side", "Qty", "Price", "Fee")] == ["Buy", "0.100", "65,001.0", "3.25 USDT"]


def test_empty_tab_leads_to_the_ticket(panel: OrdersPanel, bench: Bench) -> None:
    assert panel.table.empty.isVisible()
    panel.table.empty.button.click()
    assert bench.commands == [("panel.ticket",)]


def test_state_returns(panel: OrdersPanel, bench: Bench) -> None:
    panel.tabs.setCurrentIndex(2)
    again = bench.make(OrdersPanel, "again", panel.save_state())
    assert again.save_state() == panel.save_state()


def test_u51_an_ended_order_is_placed_again_as_a_draft(panel: OrdersPanel, bench: Bench) -> None:
    ran: list[tuple[str, dict[str, Any]]] = []
    panel.context.run_command = lambda command, **named: ran.append((command, named))
    made = send(bench, 1, LIMIT, OrderState.CANCELED, source="hotkey:buy")
    works = send(bench, 2, LIMIT)
    panel.tabs.setCurrentIndex(TABS.index(HISTORY))
    panel.table.refresh()
    menu = QMenu()
    panel._menu_about(menu, [works.client_id])
    assert not next(one for one in menu.actions() if "Place again" in one.text()).isEnabled()
    menu.clear()
    panel._menu_about(menu, [made.client_id])
    next(one for one in menu.actions() if "Place again" in one.text()).trigger()
    command, named = ran[0]
    assert command == "ticket.stage"
    assert (named["intent"].spec, named["intent"].qty, named["intent"].source) == (LIMIT, Decimal("0.5"), "ticket")
    assert bench.desk.called("submit") == []
