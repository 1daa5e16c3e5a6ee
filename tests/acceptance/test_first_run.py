"""The first minutes with a fresh profile and no network: prices move, an order fills, nothing stands in the way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from tests.acceptance.real_desk import Person, RealDesk

from bidmere.model.orders import OrderState

Journals = Callable[[Path], list[dict[str, Any]]]


def test_u160_a_fresh_desk_shows_moving_prices_and_fills_a_paper_order(
    desk: RealDesk, journals: Journals, caplog: pytest.LogCaptureFixture
) -> None:
    async def job(person: Person) -> None:
        first = person.panel("chart-1")["last_price"]
        await person.until(lambda: person.panel("chart-1")["last_price"] not in (None, first), "the price moves")
        await person.until_ready_to_send()
        size = Decimal(person.panel("ticket")["fields"]["size"])
        await person.does("click ticket.submit")
        await person.until(lambda: person.panel("ticket")["result"].startswith("Filled"), "the ticket says Filled")
        await person.until(lambda: person.panel("positions")["rows"], "the position is there")
        assert person.sees_no_dialog()
        assert person.sees["header"]["badges"] == ["SIM data", "PAPER orders"]
        assert not [one for one in person.sees["notices"] if one["level"] in ("warning", "error")]
        (row,) = person.rows
        assert row["State"] == "Filled"
        assert row["Source"] == "ticket"
        assert row["Reason"]
        assert float(row["Ack ms"]) >= 0.0
        (position,) = person.panel("positions")["rows"]
        assert (position["Side"], Decimal(position["Qty"])) == ("Long", size)
        assert person.panel("chart-1")["fills"], "the fill is marked in the chart"
        panels = person.sees["panels"]
        for wanted in ("watchlist", "chart-1", "chart-2", "ticket", "ladder-1", "positions", "orders", "risk", "log"):
            assert wanted in panels
        assert not {name: one["card"] for name, one in panels.items() if one["loaded"] and one["card"]}

    desk.run(job)
    (report,) = journals(desk.profile)
    assert (report["orders"], report["fills"] >= 1) == (1, True)
    assert not [one for one in caplog.messages if "gap data" in one], "the simulated feed loses nothing"


def test_u9_u12_a_large_orders_panel_shows_reason_source_and_latency(desk: RealDesk) -> None:
    async def job(person: Person) -> None:
        await person.until_ready_to_send()
        await person.does("click ticket.submit", "focus orders", "command panel.maximise")
        panel: Any = person.app.window.docks.slots()["orders"].panel
        panel.tabs.setCurrentIndex(2)  # History
        await person.until(lambda: person.panel("orders")["shown"], "the row is in the history")
        header = panel.table.view.horizontalHeader()
        shown = [
            str(header.model().headerData(number, Qt.Orientation.Horizontal))
            for number in range(header.count())
            if not header.isSectionHidden(number)
        ]
        for wanted in ("State", "Reason", "Source", "Ack ms"):
            assert any(one.startswith(wanted) for one in shown), ", ".join(shown)

    desk.run(job)


def test_q2_no_task_of_the_engine_runs_on_the_gui_thread(desk: RealDesk) -> None:
    async def job(person: Person) -> None:
        await person.until_ready_to_send()
        gui = {task.get_name() for task in asyncio.all_tasks()}
        host = person.app.bridge.host
        theirs, thread_name = await person.app.bridge.call(
            lambda _desk: ({task.get_name() for task in asyncio.all_tasks()}, threading.current_thread().name)
        )
        assert thread_name == "engine"
        assert host.thread is not None
        assert host.thread is not threading.main_thread()
        assert "engine.accounts" in theirs
        assert not [name for name in gui if name.split(".")[0] in {other.split(".")[0] for other in theirs}], gui

    desk.run(job)
    assert not [thread for thread in threading.enumerate() if thread.name == "engine"]


def test_q1_the_engine_can_share_the_windows_loop_and_still_fills(desk: RealDesk, journals: Journals) -> None:
    async def job(person: Person) -> None:
        names = {task.get_name() for task in asyncio.all_tasks()}
        assert "engine.accounts" in names
        await person.until_ready_to_send()
        await person.does("click ticket.submit")
        await person.until(lambda: person.rows and person.rows[0]["State"] == "Filled", "the order is filled")

    desk.run(job, "--engine-loop=qasync")
    journals(desk.profile)


def test_an_order_typed_into_the_palette_and_types_chosen_by_clicking_reach_the_table(
    desk: RealDesk, journals: Journals
) -> None:
    async def job(person: Person) -> None:
        orders = person.app.model.orders
        await person.until_ready_to_send()
        await person.does("BTCUSDT B 0.01 SEND")
        await person.until(lambda: person.rows and person.rows[0]["State"] == "Filled", "the order is filled")
        assert person.rows[0]["Source"] == "palette"
        for number, kind in enumerate(("limit", "stop", "trailing-stop"), 2):
            await person.does(f"click ticket.type.{kind}", "wait 0.3")
            assert person.panel("ticket")["type"] == kind
            await person.until_ready_to_send()
            await person.does("click ticket.submit")
            await person.until(lambda number=number: len(orders) == number, "the order is in the table")
            (order,) = [one for one in orders.values() if one.spec.kind == kind]
            await person.until(
                lambda order=order: orders[order.client_id].state in (OrderState.OPEN, OrderState.FILLED),
                f"the {kind} order is at the venue",
            )
            assert order.intent.source == "ticket"

    desk.run(job)
    (report,) = journals(desk.profile)
    assert report["orders"] == 4
