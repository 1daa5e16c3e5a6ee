"""The window from outside: start, modes, panels that fail, keys, flatten, kill, end."""

from __future__ import annotations

import asyncio
import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget
from shell_desk import Desk, Until
from shell_fakes import NAMES

from bidmere.errors import ProfileLocked
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere_terminal.app import DeskApp
from bidmere_terminal.dump import INTERACTIVE, window_state
from bidmere_terminal.panels.spec import Panel

BTC = InstrumentId("BTCUSDT", "SIM")
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def target(desk: DeskApp) -> QWidget:
    return QApplication.focusWidget() or desk.window


def test_u1_the_modes_are_words_in_the_header_and_the_account_is_there(desk: Desk, until: Until) -> None:
    async def job(app: DeskApp) -> None:
        await until(lambda: app.window.header.figures["equity"].text == "$100,412.20")
        state = window_state(app.window)
        assert state["header"]["badges"] == ["SIM data", "PAPER orders"]
        assert state["header"]["figures"]["day"] == "+$412.20"
        await until(lambda: "SIM" in app.window.status.items["feed"].reading.text)
        assert app.window.status.items["feed"].reading.level == "ok"

    desk.run(job)


def test_q1_the_engine_runs_on_its_own_thread_and_no_task_of_it_on_the_gui_loop(desk: Desk) -> None:
    async def job(app: DeskApp) -> None:
        assert desk.engine is not None
        assert desk.engine.thread_name == "engine"
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("engine.")]

    desk.run(job)
    assert desk.engine is not None
    assert desk.engine.stopped
    assert not [thread for thread in threading.enumerate() if thread.name == "engine"]


def test_q1_the_engine_can_share_the_loop(desk: Desk, until: Until) -> None:
    async def job(app: DeskApp) -> None:
        assert desk.engine is not None
        assert desk.engine.thread_name == "MainThread"
        await until(lambda: len(app.model.quotes) == len(NAMES))

    desk.run(job, "--engine-loop=qasync")


def test_u22_a_panel_that_raises_becomes_a_card_and_the_others_go_on(desk: Desk, until: Until) -> None:
    async def job(app: DeskApp) -> None:
        slot = app.window.docks.slot("watchlist")
        assert slot is not None
        panel = slot.ensure()
        assert isinstance(panel, Panel)
        try:
            raise_in(panel)
        except ValueError as error:
            app.on_report("the window", error)
        await until(lambda: slot.failed)
        assert slot.panel is None
        assert "stopped working" in slot.dump()["card"][0]
        ticket = app.window.docks.slot("ticket")
        assert ticket is not None
        assert ticket.panel is not None
        button = slot.findChild(QPushButton, "watchlist.error.retry")
        assert button is not None
        button.click()
        assert slot.panel is not None

    def raise_in(panel: Panel) -> None:
        self = panel  # the traceback is searched for the panel whose method raised
        raise ValueError(f"planted in {self.objectName()}")

    desk.run(job)


def test_a_start_that_fails_is_a_card_with_retry(desk: Desk, until: Until, capsys: pytest.CaptureFixture[str]) -> None:
    desk.fail = ProfileLocked("Another Bidmere uses this profile: close it, or start with --profile.")

    async def job(app: DeskApp) -> None:
        assert app.window.engine_card.isVisible()
        assert app.window.engine_card.texts()[1].startswith("Another Bidmere uses this profile")
        desk.fail = None
        app.window.engine_card.retry_button.click()
        await until(lambda: app.model.ready)
        assert not app.window.engine_card.isVisible()

    desk.run(job)
    assert capsys.readouterr().err.count("Another Bidmere") == 1


def test_ctrl_k_opens_the_palette_from_a_text_field_and_escape_gives_the_keyboard_back(desk: Desk) -> None:
    async def job(app: DeskApp) -> None:
        app.window.panels.show_panel("ticket")
        field = next(one for one in app.window.docks.slots()["ticket"].findChildren(QLineEdit) if one.isVisible())
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        assert app.window.palette_box.isVisible()
        QTest.keyClick(target(app), Qt.Key.Key_Escape)
        assert not app.window.palette_box.isVisible()
        assert QApplication.focusWidget() is field

    desk.run(job)


def test_ctrl_g_and_a_letter_goes_to_a_panel(desk: Desk) -> None:
    async def job(app: DeskApp) -> None:
        QTest.keyClick(target(app), Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
        assert app.window.overlays.sheet is not None
        QTest.keyClick(target(app), Qt.Key.Key_O)
        assert app.window.overlays.sheet is None
        focused = app.window.docks.focused()
        assert focused is not None
        assert focused.instance == "orders"

    desk.run(job)


def test_u146_the_kill_switch_needs_the_whole_hold(desk: Desk, until: Until) -> None:
    async def job(app: DeskApp) -> None:
        QTest.keyPress(target(app), Qt.Key.Key_Backspace, CTRL_SHIFT)
        assert "keep holding" in app.window.overlays.ring.text
        QTest.keyRelease(target(app), Qt.Key.Key_Backspace, CTRL_SHIFT)
        await asyncio.sleep(1.1)
        assert not [one for one in desk.calls if one[0] == "kill"]
        QTest.keyPress(target(app), Qt.Key.Key_Backspace, CTRL_SHIFT)
        await until(lambda: any(one[0] == "kill" for one in desk.calls))
        QTest.keyRelease(target(app), Qt.Key.Key_Backspace, CTRL_SHIFT)
        await until(lambda: "Kill switch" in app.window.banner.text)
        await until(lambda: app.window.header.trading.text == "KILL K2")

    desk.run(job)


def test_u176_flatten_needs_two_presses_apart(desk: Desk, until: Until) -> None:
    async def job(app: DeskApp) -> None:
        button = app.window.header.flatten
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert button.asking
        assert not desk.calls
        await asyncio.sleep(0.3)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        await until(lambda: [one[0] for one in desk.calls] == ["flatten"])

    desk.run(job)


def test_cancel_entries_leaves_exits(desk: Desk, until: Until) -> None:
    async def job(app: DeskApp) -> None:
        QTest.keyClick(target(app), Qt.Key.Key_X, CTRL_SHIFT)
        await until(lambda: bool(desk.calls))
        name, details = desk.calls[0]
        assert name == "cancel_all"
        assert not details.get("include_exits")

    desk.run(job)


def test_u141_trade_keys_act_only_while_on_and_never_in_a_text_field(desk: Desk, until: Until) -> None:
    desk.prepare = lambda engine: engine.desk.hold("BTCUSDT", "0.5")

    async def job(app: DeskApp) -> None:
        window = app.window
        window.docks.show_panel("chart-1")
        chart = window.docks.slots()["chart-1"]
        place = chart.panel
        assert place is not None
        place.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        place.setFocus()
        QTest.keyClick(place, Qt.Key.Key_Z)
        assert not desk.calls
        QTest.keyClick(place, Qt.Key.Key_T, CTRL_SHIFT)
        assert window.header.keys.text == "TRADE KEYS ON"
        QTest.keyClick(place, Qt.Key.Key_Z)
        await until(lambda: bool(desk.calls))
        assert desk.calls[0][0] == "close_position"
        assert desk.calls[0][1]["instrument"] == BTC
        field = next((one for one in window.findChildren(QLineEdit) if one.isVisible()), None)
        assert field is not None
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_Z)
        window.open_palette("")
        assert not window.trade_keys.on
        assert len(desk.calls) == 1

    desk.run(job)


def test_staging_from_a_panel_fills_the_ticket(desk: Desk) -> None:
    async def job(app: DeskApp) -> None:
        app.window.run_command("ticket.stage", instrument=InstrumentId("ETHUSDT", "SIM"), side=Side.SELL, price=2500.0)
        intent = app.window.ticket.draft()
        assert intent is not None
        assert (intent.instrument.symbol, intent.side) == ("ETHUSDT", Side.SELL)

    desk.run(job)


@pytest.mark.parametrize("size", ["1920x1080", "1280x720", "1024x700"])
def test_u15_u17_modes_trading_state_and_submit_are_in_sight_at_every_size(desk: Desk, size: str) -> None:
    async def job(app: DeskApp) -> None:
        window = app.window
        window.resize(*(int(one) for one in size.split("x")))
        await asyncio.sleep(0.1)
        header = window.header
        assert (window.width(), window.height()) == tuple(int(one) for one in size.split("x"))
        for widget in (header.modes, header.trading_button, header.flatten, header.account_button, header.bell):
            assert widget.isVisible(), widget.objectName()
            assert header.rect().contains(widget.geometry()), widget.objectName()
        window.panels.show_panel("ticket")
        submit = [one for one in window.findChildren(QPushButton) if one.objectName().startswith("ticket.submit")]
        assert submit[0].visibleRegion().boundingRect().size() == submit[0].size()

    desk.run(job, "--size", size)


def test_u250_every_interactive_widget_has_a_name_that_says_where_it_is(desk: Desk) -> None:
    async def job(app: DeskApp) -> None:
        app.window.open_palette("")
        app.window.overlays.show_keys()
        for slot in app.window.docks.slots().values():
            slot.ensure()
        unnamed = [
            f"{type(one).__name__} {one.objectName()!r} in {one.parentWidget().objectName()!r}"
            for one in app.window.findChildren(QWidget)
            if isinstance(one, INTERACTIVE) and not one.objectName().startswith("qt_") and not is_part_of_qt(one)
            and "." not in one.objectName()
        ]  # fmt: skip
        assert not unnamed, "\n".join(unnamed)

    desk.run(job)


def is_part_of_qt(widget: QWidget) -> bool:
    """Say whether Qt made the widget itself: arrows of a tab bar, the field inside a combo box, table corners."""
    parent = widget.parentWidget()
    kinds = {"QTabBar", "QComboBox", "QSpinBox", "QDoubleSpinBox", "QTableView", "QLineEdit"}
    names = {kind.__name__ for kind in type(parent).__mro__} if parent is not None else set()
    bar = "ScrollBar" in type(widget).__name__
    return bar or bool(names & kinds)


def test_u162_u163_the_start_strip_ticks_off_and_never_returns(desk: Desk, until: Until) -> None:
    async def first(app: DeskApp) -> None:
        assert app.window.strip.isVisible()
        app.window.open_palette("")
        assert "palette" in app.settings.value.start_steps_done
        dismiss = app.window.strip.findChild(QWidget, "start.dismiss.button")
        QTest.mouseClick(dismiss, Qt.MouseButton.LeftButton)
        assert not app.window.strip.isVisible()

    async def second(app: DeskApp) -> None:
        assert not app.window.strip.isVisible()

    desk.run(first)
    desk.run(second)


def test_u233_a_theme_survives_the_end(desk: Desk) -> None:
    async def first(app: DeskApp) -> None:
        app.window.run_command("theme.light")

    async def second(app: DeskApp) -> None:
        assert app.settings.value.theme == "light"

    desk.run(first)
    desk.run(second)
