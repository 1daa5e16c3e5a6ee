"""Workspaces through the real window: kept, damaged, moved to another screen, brought back (U-30, U-152 to U-155)."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from shell_desk import Desk, Until

from bidmere.model.ids import InstrumentId
from bidmere.model.timeframe import Timeframe
from bidmere_terminal.app import DeskApp
from bidmere_terminal.window import tree
from bidmere_terminal.window.floating import on_screen
from bidmere_terminal.window.tree import Split, Zone

ETH = InstrumentId("ETHUSDT", "SIM")


def test_u152_a_change_is_saved_within_two_seconds_and_comes_back(desk: Desk, until: Until) -> None:
    path = desk.profile / "layouts" / "Terminal.json"

    async def first(app: DeskApp) -> None:
        app.window.links.groups["A"].set_instrument(ETH)
        app.window.links.groups["A"].set_timeframe(Timeframe(1, "h"))
        app.window.docks.move_panel("log", "watchlist", Zone.BOTTOM)
        await until(lambda: path.exists() and "ETHUSDT" in path.read_text())
        app.window.docks.close_panel("risk")

    async def second(app: DeskApp) -> None:
        workspace = app.window.docks.workspace()
        assert workspace.groups["A"] == ("ETHUSDT.SIM", "1h")
        assert "risk" not in tree.instances(workspace)
        root = workspace.root
        assert isinstance(root, Split)
        assert [stack.front for stack in tree.stacks(root.children[0])] == ["watchlist", "log"]

    desk.run(first)
    desk.run(second)


def test_u153_a_damaged_layout_gives_a_desk_and_a_sentence(desk: Desk) -> None:
    path = desk.profile / "layouts" / "Terminal.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(b'{"version": 1, "root": ')

    async def job(app: DeskApp) -> None:
        assert "ticket" in app.window.docks.slots()
        assert any("damaged" in one.text for one in app.notices.items)

    desk.run(job)
    assert path.with_name("Terminal.json.damaged").exists()


def test_u30_an_unknown_panel_is_a_card_and_keeps_its_place(desk: Desk) -> None:
    async def nothing(app: DeskApp) -> None:
        assert app.window.docks.slots()

    desk.run(nothing)
    path = desk.profile / "layouts" / "Terminal.json"
    document = json.loads(path.read_text())
    document["panels"]["risk"] = {"panel": "tea-leaves", "group": "", "state": {"cups": 3}}
    path.write_text(json.dumps(document))

    async def job(app: DeskApp) -> None:
        slot = app.window.docks.slots()["risk"]
        assert "tea-leaves" in slot.dump()["card"][0]
        assert slot.state() == {"cups": 3}

    desk.run(job)


def test_u155_closing_and_resetting_are_undone_in_order(desk: Desk) -> None:
    async def job(app: DeskApp) -> None:
        docks = app.window.docks
        before = docks.workspace().root
        docks.close_panel("watchlist")
        app.window.run_command("workspace.reset")
        assert "watchlist" in docks.slots()
        app.window.run_command("layout.undo")
        assert "watchlist" not in docks.slots()
        QTest.keyClick(app.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert tree.instances(docks.workspace()) == [name for stack in tree.stacks(before) for name in stack.panels]
        assert docks.slots()["watchlist"].panel is not None

    desk.run(job)


def test_switching_keeps_each_workspace_and_a_copy_gets_a_free_name(desk: Desk) -> None:
    async def job(app: DeskApp) -> None:
        window = app.window
        window.open_workspace("charts")
        assert window.workspaces.name == "Charts"
        assert [name for name in window.docks.slots() if name.startswith("chart")]
        window.run_command("workspace.copy")
        assert window.workspaces.name == "Charts 2"
        window.run_command("workspace.1")
        assert window.workspaces.name == "Terminal"
        assert window.workspaces.names() == ["Terminal", "Charts", "Automation", "Charts 2"]

    desk.run(job)


def test_u16_a_floating_panel_has_the_badges_and_comes_back(desk: Desk) -> None:
    async def job(app: DeskApp) -> None:
        docks = app.window.docks
        docks.float_panel("orders")
        assert docks.floats()[0].badges.texts() == ["SIM data", "PAPER orders"]
        assert docks.slots()["orders"].panel is not None
        docks.float_panel("orders")
        assert not docks.floats()
        docks.float_panel("orders")
        docks.floats()[0].close()
        assert "orders" not in docks.slots()
        docks.undo()
        assert "orders" in docks.slots()

    desk.run(job)


def test_alt_enter_maximises_and_restores_exactly(desk: Desk) -> None:
    async def job(app: DeskApp) -> None:
        docks = app.window.docks
        before = docks.workspace().root
        docks.show_panel("ticket")
        app.window.run_command("panel.maximise")
        assert docks.slots()["ticket"].width() > app.window.width() - 20
        app.window.run_command("panel.maximise")
        assert docks.workspace().root == before

    desk.run(job)


def test_a_title_bar_is_dragged_into_another_stack(desk: Desk) -> None:
    async def job(app: DeskApp) -> None:
        docks = app.window.docks
        source, aim = docks.area.view_of("risk"), docks.area.view_of("orders")
        assert source is not None
        assert aim is not None
        bar = source.bar
        start = QPoint(40, 12)
        QTest.mousePress(bar, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
        goal = bar.mapFromGlobal(aim.mapToGlobal(aim.rect().center()))
        for part in (0.3, 0.6, 1.0):
            QTest.mouseMove(bar, start + (goal - start) * part)
        QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, goal)
        view = docks.area.view_of("risk")
        assert view is not None
        assert {slot.instance for slot in view.slots_} >= {"orders", "risk"}
        assert "workspace" in app.settings.value.start_steps_done

    desk.run(job, "--size", "1920x1080")


@pytest.mark.parametrize("rect", [(5000, 100, 600, 400), (-900, -900, 300, 200), (10, 10, 9000, 9000), (0, 0, 1, 1)])
def test_u154_a_window_lands_fully_on_a_screen(rect: tuple[int, int, int, int]) -> None:
    screens = [QRect(0, 0, 1920, 1040), QRect(1920, 0, 1280, 1000)]
    placed = on_screen(rect, screens)
    assert any(screen.contains(placed) for screen in screens)
    assert placed.width() >= 200
    assert placed.height() >= 120


def test_u125_a_symbol_reaches_its_group_and_no_other(desk: Desk) -> None:
    async def job(app: DeskApp) -> None:
        groups = app.window.links.groups
        other = groups["B"].instrument
        sol = InstrumentId("SOLUSDT", "SIM")
        groups["A"].set_instrument(sol)
        draft = app.window.ticket.draft()
        assert draft is None or draft.instrument == sol
        assert groups["B"].instrument == other

    desk.run(job)
