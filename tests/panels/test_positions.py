"""Positions through real widgets: profit by the desk's own arithmetic, the stop said in words, the way out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from tests.panels.fakes import AAPL, ACCOUNT, BTC, ETH, INVERSE, Bench, order, quote_of, valuation

from bidmere.desk.feed import Batch
from bidmere.desk.words import amount_text
from bidmere.model.instrument import Instrument
from bidmere.model.market import Side
from bidmere.model.money import to_decimal
from bidmere.model.orders import Limit, Order, OrderIntent, OrderSpec, OrderState, Stop
from bidmere_terminal.panels.positions.figures import PositionRow, working_exits
from bidmere_terminal.panels.positions.panel import PositionsPanel


@pytest.fixture
def panel(bench: Bench) -> Iterator[PositionsPanel]:
    made = bench.make(PositionsPanel)
    made.resize(1_200, 200)
    made.show()
    yield made
    made.hide()


def exit_order(bench: Bench, number: int, one: Instrument, side: Side, qty: str, spec: OrderSpec) -> Order:
    intent = OrderIntent(
        instrument=one.id, side=side, qty=Decimal(qty), spec=spec, account=ACCOUNT, source="bracket", reduce_only=True
    )
    made = order(intent, OrderState.OPEN, number=number)
    bench.order(made)
    return made


def test_u52_profit_equals_the_position_arithmetic_at_rest(panel: PositionsPanel, bench: Bench) -> None:
    for one, qty, price in ((BTC, "0.75", "64580.5"), (INVERSE, "-200", "64000"), (AAPL, "60", "224.13")):
        bench.position(one, qty, price)
        bench.tick(one, bench.desk.prices[one.id] * 1.001)
    panel.table.refresh()
    rows = panel.dump()["rows"]
    assert len(rows) == 3
    for key, row in zip(panel.table.shown_keys(), rows, strict=True):
        position = bench.model.positions[key]  # type: ignore[index]
        quote = bench.model.quotes[position.instrument.id]
        wanted = position.unrealised(to_decimal(quote.mid))
        currency = position.instrument.settle
        assert row["P&L"] == f"{amount_text(wanted, currency, signed=True)} {currency}"
        assert row["P&L"][0] in "+−"


def test_u53_a_position_without_a_stop_says_so_until_one_works(panel: PositionsPanel, bench: Bench) -> None:
    bench.position(BTC, "0.75", "64580.5")
    panel.table.refresh()
    assert panel.dump()["rows"][0]["Stop"] == "NO STOP"
    stop = exit_order(bench, 1, BTC, Side.SELL, "0.75", Stop(trigger=Decimal("63900.0")))
    exit_order(bench, 2, BTC, Side.SELL, "0.75", Limit(price=Decimal("66200.0")))
    panel.table.refresh()
    row = panel.dump()["rows"][0]
    assert (row["Stop"], row["Target"]) == ("63,900.0 venue", "66,200.0 venue")
    assert row["Loss to stop"] == "−510.38 USDT"
    bench.order(replace(stop, state=OrderState.CANCELED))
    panel.table.refresh()
    assert panel.dump()["rows"][0]["Stop"] == "NO STOP"


def test_u53_a_stop_on_the_wrong_side_protects_nothing(panel: PositionsPanel, bench: Bench) -> None:
    bench.position(BTC, "-0.75", "64580.5")
    exit_order(bench, 1, BTC, Side.SELL, "0.75", Stop(trigger=Decimal("63900.0")))
    panel.table.refresh()
    assert panel.dump()["rows"][0]["Stop"] == "NO STOP"


def test_u54_a_stop_kept_here_says_terminal_and_a_short_one_its_quantity(panel: PositionsPanel, bench: Bench) -> None:
    bench.position(ETH, "-4", "3548.20")
    intent = OrderIntent(
        instrument=ETH.id, side=Side.BUY, qty=Decimal(2), spec=Stop(trigger=Decimal("3600.00")), account=ACCOUNT,
        source="bracket", reduce_only=True, parent="T0",
    )  # fmt: skip
    bench.order(order(intent, OrderState.APPROVED, number=1))
    panel.table.refresh()
    assert panel.dump()["rows"][0]["Stop"] == "3,600.00 for 2 terminal"


def test_u7_buttons_close_reduce_only_through_the_desk(panel: PositionsPanel, bench: Bench, qtbot: QtBot) -> None:
    bench.position(BTC, "0.75", "64580.5")
    panel.table.refresh()
    for column in ("close", "half"):
        number = next(n for n, one in enumerate(panel.table.model.columns) if one.id == column)
        where = panel.table.view.visualRect(panel.table.model.index(0, number)).center()
        qtbot.mouseClick(panel.table.view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert bench.desk.called("close_position") == [
        (BTC.id, ACCOUNT, "table", Decimal(1)),
        (BTC.id, ACCOUNT, "table", Decimal("0.5")),
    ]
    assert bench.desk.called("submit") == []


def test_flat_positions_leave_and_empty_says_so(panel: PositionsPanel, bench: Bench) -> None:
    bench.position(BTC, "0.75", "64580.5")
    bench.position(BTC, "0", "0")
    panel.table.refresh()
    assert panel.dump()["rows"] == []
    assert panel.table.empty.isVisible()


def test_totals_are_the_accounts(panel: PositionsPanel, bench: Bench) -> None:
    value = replace(valuation(), unrealised=Decimal("-12.5"), gross_exposure=Decimal(5_000))
    bench.model.apply(Batch(accounts={ACCOUNT: (bench.model.accounts[ACCOUNT], value)}))
    assert panel.dump()["totals"][0] == "P&L −$12.50"
    assert "Gross $5,000.00" in panel.dump()["totals"]


prices = st.lists(st.integers(50_000, 64_000), min_size=1, max_size=5)


@given(prices, st.sampled_from([Side.BUY, Side.SELL]))
def test_nearest_stop_is_the_one_hit_first(triggers: list[int], side: Side) -> None:
    orders = []
    for number, trigger in enumerate(triggers):
        intent = OrderIntent(
            instrument=BTC.id, side=side, qty=Decimal("0.1"), spec=Stop(trigger=Decimal(trigger)), account=ACCOUNT,
            source="ticket",
        )  # fmt: skip
        orders.append(order(intent, OrderState.OPEN, number=number))
    stop, target = working_exits(orders)[ACCOUNT, BTC.id, side]
    assert target is None
    assert stop is not None
    assert stop.price == (max(triggers) if side is Side.SELL else min(triggers))
    assert stop.qty == Decimal("0.1") * len(triggers)


def test_row_without_a_quote_shows_nothing_rather_than_zero(bench: Bench) -> None:
    bench.position(BTC, "1", "64000")
    row = PositionRow(bench.model.positions[ACCOUNT, BTC.id])
    assert (row.mark, row.pnl, row.pnl_pct, row.margin) == (None, None, None, None)
    row.quote = quote_of(BTC, 65_000.0)
    assert row.pnl == row.position.unrealised(to_decimal(row.quote.mid))
