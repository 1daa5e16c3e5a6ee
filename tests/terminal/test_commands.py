"""The command table and its projections (U-5, U-131 to U-138, U-142)."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from shell_desk import Desk, Until

from bidmere.errors import InvalidInput
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.orders import Limit
from bidmere.model.timeframe import Timeframe
from bidmere_terminal.app import DeskApp
from bidmere_terminal.commands.search import Entry, search
from bidmere_terminal.commands.table import ActionClass, Command, CommandTable

BTC = InstrumentId("BTCUSDT", "SIM")


def table(**settings: Any) -> tuple[CommandTable, list[str]]:
    said: list[str] = []
    return CommandTable(said.append, lambda: 400, **settings), said


def command(name: str, kind: ActionClass = ActionClass.NONE, **more: Any) -> Command:
    return Command(id=name, title=name, action_class=kind, run=more.pop("run", lambda: None), **more)


def test_one_id_and_one_key_per_scope() -> None:
    made, _ = table()
    made.add(command("a", keys="Ctrl+A"), command("b", keys="B", scope="trade"), command("c", keys="B", scope="chart"))
    for wrong in (command("a"), command("d", keys="Ctrl+A", scope="trade"), command("e", keys="B")):
        with pytest.raises(InvalidInput):
            made.add(wrong)


def test_u142_repeats_and_duplicates_of_risky_commands_are_dropped() -> None:
    now = [0.0]
    ran: list[str] = []
    made, said = table(now=lambda: now[0])
    made.add(command("x", ActionClass.RISK, run=lambda: ran.append("x")))
    made.add(command("r", ActionClass.REDUCE, run=lambda: ran.append("r")))
    assert not made.run("x", repeated=True)
    assert not made.run("r", repeated=True)
    assert made.run("x")
    now[0] = 0.3
    assert not made.run("x")
    assert "duplicate ignored" in said[-1]
    now[0] = 0.8
    assert made.run("x")
    assert made.run("r")
    assert made.run("r")
    assert ran == ["x", "x", "r", "r"]


def test_u136_ranking_exact_then_start_then_inside_then_letters() -> None:
    entries = [Entry("Symbol", name, name) for name in ("XBTC", "BTCUSDT", "BTC", "B-T-C", "ETH")]
    assert [one.title for one in search("btc", entries)] == ["BTC", "BTCUSDT", "XBTC", "B-T-C"]
    assert search("", entries) == []


def test_u5_u138_every_command_has_a_class_and_every_menu_item_is_in_the_palette(desk: Desk) -> None:
    async def job(app: DeskApp) -> None:
        window = app.window
        assert len(window.table) > 50
        in_palette = {str(one.key) for one in window.lines.entries() if one.kind == "Command"}
        for one in window.table:
            assert isinstance(one.action_class, ActionClass)
            assert (one.id in in_palette) == (one.action_class is not ActionClass.AUTHORITY)
            if one.keys:
                assert not QKeySequence(one.keys).isEmpty()
                assert "Ctrl+Alt" not in one.keys
                assert "Meta" not in one.keys
        names = [
            action.objectName().removeprefix("menu.")
            for menu in window.findChildren(QMenu)
            if menu.objectName().startswith("header.") and "account" not in menu.objectName()
            for action in menu.actions()
            if action.menu() is None and not action.isSeparator()
        ]
        assert names
        assert all(window.table.has(name) for name in names)
        assert set(names) - in_palette == {"trading.clear-kill"}

    desk.run(job)


def typed(app: DeskApp, text: str) -> QWidget:
    app.window.open_palette("")
    field = QApplication.focusWidget()
    assert field is not None
    QTest.keyClicks(field, text)
    return field


def test_u132_enter_stages_and_ctrl_enter_sends_on_paper(desk: Desk, until: Until) -> None:
    async def job(app: DeskApp) -> None:
        field = typed(app, "BTCUSDT B 0.1 @ 64000")
        await until(lambda: "LIMIT 64,000.0" in app.window.palette_box.texts()["chips"])
        assert "Ctrl+Enter: send (paper)" in app.window.palette_box.texts()["message"]
        QTest.keyClick(field, Qt.Key.Key_Return)
        await until(lambda: (found := app.window.ticket.draft()) is not None and found.qty == Decimal("0.1"))
        assert not desk.calls
        field = typed(app, "BTCUSDT B 0.1 @ 64990")
        QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: bool(desk.calls))
        intent = desk.calls[0][1]["intent"]
        assert (intent.instrument, intent.side, intent.qty) == (BTC, Side.BUY, Decimal("0.1"))
        assert intent.spec == Limit(price=Decimal(64990))
        assert intent.source == "palette"

    desk.run(job)


def test_u132_live_accounts_are_never_sent_to_from_the_palette(desk: Desk, until: Until) -> None:
    async def job(app: DeskApp) -> None:
        app.bridge.set_polling(False)
        app.model.execution_mode = "LIVE"
        field = typed(app, "BTCUSDT B 0.1 @ 64990 SEND")
        QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: any("Not sent" in one.text for one in app.notices.items))
        assert not desk.calls

    desk.run(job)


def test_u133_a_reduction_of_many_symbols_asks_in_place(desk: Desk, until: Until) -> None:
    desk.prepare = lambda engine: [engine.desk.hold("BTCUSDT", "0.5"), engine.desk.hold("ETHUSDT", "-2")]  # type: ignore[func-returns-value]

    async def job(app: DeskApp) -> None:
        field = typed(app, "CLOSE ALL")
        QTest.keyClick(field, Qt.Key.Key_Return)
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert app.window.palette_box.isVisible()
        assert "Close 2 positions in 2 symbols" in str(app.window.palette_box.texts()["message"])
        assert not desk.calls
        await asyncio.sleep(0.3)
        QTest.keyClick(field, Qt.Key.Key_Return)
        await until(lambda: [one[0] for one in desk.calls] == ["close_position"] * 2)

    desk.run(job)


def test_u134_a_wrong_line_offers_its_fix_and_nothing_happens(desk: Desk) -> None:
    async def job(app: DeskApp) -> None:
        field = typed(app, "BTCUSDT B 0,1 @ 64000")
        box = app.window.palette_box
        assert box.texts()["message"] == "Use a point: 0.1"
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert box.isVisible()
        box.take_fix("0.1")
        assert box.text == "BTCUSDT B 0.1 @ 64000"
        assert not desk.calls

    desk.run(job)


def test_a_symbol_with_a_timeframe_moves_the_group_in_focus(desk: Desk) -> None:
    async def job(app: DeskApp) -> None:
        app.window.docks.show_panel("chart-2")
        QTest.keyClick(typed(app, "solusdt 15m"), Qt.Key.Key_Return)
        group = app.window.links.groups["B"]
        assert (str(group.instrument), group.timeframe) == ("SOLUSDT.SIM", Timeframe(15, "m"))
        assert not app.window.palette_box.isVisible()

    desk.run(job)


def test_typing_kill_opens_the_ring_and_does_nothing_by_itself(desk: Desk) -> None:
    async def job(app: DeskApp) -> None:
        QTest.keyClick(typed(app, "KILL"), Qt.Key.Key_Return)
        assert "hold Enter" in app.window.overlays.ring.text
        assert not desk.calls

    desk.run(job)


def test_break_even_moves_the_stop(desk: Desk, until: Until) -> None:
    from bidmere.model.orders import Stop

    def prepare(engine: Any) -> None:
        engine.desk.hold("BTCUSDT", "0.5")
        engine.desk.work("BTCUSDT", Side.SELL, True, spec=Stop(trigger=Decimal(60_000)))

    desk.prepare = prepare

    async def job(app: DeskApp) -> None:
        QTest.keyClick(typed(app, "BE BTCUSDT +2t"), Qt.Key.Key_Return)
        await until(lambda: bool(desk.calls))
        assert desk.calls[0][0] == "replace"
        assert desk.calls[0][1]["trigger"] == Decimal("65001.0")

    desk.run(job)


def test_a_denied_order_says_who_refused_and_why(desk: Desk, until: Until) -> None:
    desk.prepare = lambda engine: setattr(engine.desk, "deny", True)

    async def job(app: DeskApp) -> None:
        QTest.keyClick(typed(app, "BTCUSDT B 0.1 SEND"), Qt.Key.Key_Return)
        await until(lambda: any("Rejected (risk check)" in one.text for one in app.notices.items))
        assert "Too much for a test." in app.notices.items[-1].text

    desk.run(job)
