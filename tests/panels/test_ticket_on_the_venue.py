"""The ticket against the real engine: every order type it offers is taken by the simulated venue."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from bidmere.engine.config import EngineConfig
from bidmere.engine.engine import Engine
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.orders import OrderState
from bidmere_terminal.bridge.desk_model import DeskModel
from bidmere_terminal.panels.spec import LinkGroup, PanelContext
from bidmere_terminal.panels.ticket.order_types import TicketType
from bidmere_terminal.panels.ticket.panel import TicketPanel

PERPETUAL = InstrumentId("BTCUSDT-PERP", "SIM")


class Straight:
    """A bridge without threads: panels and engine share the test's loop."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.tasks = TaskOwner("panels")

    async def call(self, ask: Any) -> Any:
        answer = ask(self.engine.desk)
        return await answer if inspect.isawaitable(answer) else answer

    def spawn(self, job: Any, name: str) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # a Qt timer between the phases of the test
            job.close()
            return
        self.tasks.spawn(job, name)


class Room:
    """A ticket, the engine behind it, and time that passes for the guards when asked."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.bridge, self.model = engine, Straight(engine), DeskModel()
        desk = engine.desk
        self.account = desk.accounts()[0].id
        self.model.instruments = {one.id: one for one in desk.instruments()}
        self.model.accounts = {one.id: one for one in desk.accounts()}
        self.model.valuations = {self.account: desk.valuation(self.account)}
        group = LinkGroup("A")
        group.instrument = PERPETUAL
        self.panel = TicketPanel(
            PanelContext(
                instance="ticket",
                bridge=self.bridge,
                model=self.model,
                notify=lambda *_words, **_more: None,
                account=lambda: self.account,
                run_command=lambda *_words, **_more: None,
                setting=lambda _name: None,
                set_setting=lambda _name, _value: None,
                group=group,
            )
        )
        self.now = self.panel.sending.seconds()
        self.panel.sending.seconds = lambda: self.now
        self.panel.show()

    async def settle(self) -> None:
        """Let the engine work and the model take what it says."""
        await self.bridge.tasks.join()
        for _ in range(20):
            await asyncio.sleep(0.02)
            self.model.apply(self.engine.feed.drain())
        self.model.set_ready(True)
        self.now += 1.0
        self.panel._on_tick()

    async def send(self) -> None:
        """Press the button."""
        submit = self.panel.view.submit
        assert submit.isEnabled(), submit.text()
        QTest.mouseClick(submit, Qt.MouseButton.LeftButton)
        await self.settle()


@pytest_asyncio.fixture
async def room(dressed: QApplication, tmp_path: Path) -> AsyncIterator[Room]:
    engine = Engine(EngineConfig(profile_dir=tmp_path, seed=5))
    await engine.start()
    made = Room(engine)
    await made.bridge.call(lambda desk: desk.watch([PERPETUAL]))
    try:
        await made.settle()
        yield made
    finally:
        made.panel.shutdown()
        made.panel.deleteLater()
        await made.bridge.tasks.close()
        await engine.stop()


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("kind", list(TicketType))
async def test_every_order_type_works_on_the_simulated_venue(room: Room, kind: TicketType, side: Side) -> None:
    room.panel.choose_side(side)
    room.panel.choose_type(kind)
    await room.settle()
    expected = len(room.panel.resolution.intents)
    assert expected == (2 if kind is TicketType.OCO else 1)
    await room.send()
    sent = [order for order in room.model.orders.values() if order.intent.source == "ticket"]
    assert len(sent) == expected, room.panel.view.result.text()
    for order in sent:
        assert order.side is side
        assert order.state in (OrderState.OPEN, OrderState.FILLED, OrderState.PARTIAL), (order.state, order.reason)
    if kind is TicketType.MARKET:
        assert sent[0].state is OrderState.FILLED
        assert room.panel.view.result.text().startswith("Filled")


async def test_bracket_leaves_exits_at_the_venue(room: Room) -> None:
    QTest.mouseClick(room.panel.view.bracket, Qt.MouseButton.LeftButton)
    assert room.panel.draft.bracket
    await room.settle()
    await room.send()
    exits = [order for order in room.model.orders.values() if order.intent.parent]
    assert {type(order.spec).__name__ for order in exits} == {"Stop", "Limit"}
    assert all(order.state is OrderState.OPEN for order in exits)
    assert {order.side for order in exits} == {Side.SELL}


async def test_reduce_only_closes_and_no_more(room: Room) -> None:
    await room.send()
    held = room.model.positions[room.account, PERPETUAL].qty
    assert held > 0
    room.panel.choose_side(Side.SELL)
    QTest.mouseClick(room.panel.view.reduce_only, Qt.MouseButton.LeftButton)
    await room.settle()
    QTest.mouseClick(room.panel.view.fractions["Max"], Qt.MouseButton.LeftButton)
    assert Decimal(room.panel.view.fields["size"].text()) == held
    await room.settle()
    await room.send()
    assert room.model.positions[room.account, PERPETUAL].is_flat
