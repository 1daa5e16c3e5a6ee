"""The watchlist through real widgets on a fake desk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from pytestqt.qtbot import QtBot
from tests.panels.fakes import AAPL, BTC, ES, ETH, INVERSE, Bench, quote_of

from bidmere.model.ids import InstrumentId
from bidmere.model.market import DayStats, Side
from bidmere_terminal.panels.watchlist.panel import WatchlistPanel
from bidmere_terminal.panels.watchlist.rows import WatchRow, best_match


@pytest.fixture
def panel(bench: Bench, qtbot: QtBot) -> Iterator[WatchlistPanel]:
    stats = DayStats(open=60_000.0, high=66_000.0, low=59_000.0, last=64_000.0, volume=21_400_000.0, reference=62_000.0)
    bench.desk.day_stats = lambda one: stats if one == BTC.id else None  # type: ignore[method-assign]
    made = bench.make(WatchlistPanel)
    made.resize(270, 400)
    made.show()
    made.table.refresh()
    yield made
    made.hide()


def spot(panel: WatchlistPanel, key: InstrumentId, column: str) -> QPoint:
    number = next(n for n, one in enumerate(panel.table.model.columns) if one.id == column)
    line = panel.table.model.position(key)
    assert line is not None
    return panel.table.view.visualRect(panel.table.model.index(line, number)).center()


def click(qtbot: QtBot, panel: WatchlistPanel, key: InstrumentId, column: str = "symbol") -> None:
    qtbot.mouseClick(panel.table.view.viewport(), Qt.MouseButton.LeftButton, pos=spot(panel, key, column))


def row(panel: WatchlistPanel, key: InstrumentId) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in panel.dump()["rows"] if one["id"] == str(key))
    return found


def test_every_instrument_is_listed_under_its_kind_and_watched(panel: WatchlistPanel, bench: Bench) -> None:
    texts = [panel.table.model.data(panel.table.model.index(line, 0)) for line in range(panel.table.model.rowCount())]
    assert texts == [
        "Crypto", "BTCUSDT·SIM", "ETHUSDT·SIM", "Perpetuals", "BTCUSD-PERP·SIM", "Equities", "AAPL·SIM",
        "Futures", "ES·SIM",
    ]  # fmt: skip
    assert bench.desk.called("watch") == [(tuple(bench.desk.all),)]


def test_u29_change_has_sign_and_colour(panel: WatchlistPanel, bench: Bench) -> None:
    bench.tick(BTC, 61_000.0)
    panel.table.refresh()
    shown = row(panel, BTC.id)
    assert shown["Last"] == "61,000.0"
    assert shown["last"] == "61000.0"
    assert shown["Chg %"] == "−1.61%"
    assert shown["Vol"] == "21.4M"
    column = next(n for n, one in enumerate(panel.table.model.columns) if one.id == "change_pct")
    assert panel.table.model.cell(BTC.id, column).role == "down"


def test_u31_click_and_enter_send_the_symbol_and_arrows_do_not(
    panel: WatchlistPanel, bench: Bench, qtbot: QtBot
) -> None:
    click(qtbot, panel, ETH.id)
    assert bench.group.instrument == ETH.id
    qtbot.keyClick(panel.table.view, Qt.Key.Key_Down)  # over the heading
    assert bench.group.instrument == ETH.id
    qtbot.keyClick(panel.table.view, Qt.Key.Key_Return)
    assert bench.group.instrument == INVERSE.id


def test_u125_row_of_the_groups_symbol_is_marked(panel: WatchlistPanel, bench: Bench) -> None:
    bench.group.set_instrument(AAPL.id)
    assert panel.table.view.selected_keys() == [AAPL.id]
    panel.set_group(None)
    bench.group.set_instrument(ES.id)
    assert panel.table.view.selected_keys() == [AAPL.id]


def test_u34_double_click_opens_a_chart_and_bid_and_ask_stage_drafts(
    panel: WatchlistPanel, bench: Bench, qtbot: QtBot
) -> None:
    ran: list[tuple[str, dict[str, Any]]] = []
    panel.context.run_command = lambda command, **named: ran.append((command, named))
    for column in ("bid", "ask"):
        number = next(n for n, one in enumerate(panel.table.model.columns) if one.id == column)
        panel.table.view.choose(number, True)
    panel.resize(700, 400)
    panel.table.columns_changed()
    quote = quote_of(BTC, bench.desk.prices[BTC.id])
    click(qtbot, panel, BTC.id, "bid")
    click(qtbot, panel, BTC.id, "ask")
    assert ran == [
        ("ticket.stage", {"instrument": BTC.id, "side": Side.SELL, "price": quote.bid}),
        ("ticket.stage", {"instrument": BTC.id, "side": Side.BUY, "price": quote.ask}),
    ]
    ran.clear()
    click(qtbot, panel, ETH.id)
    qtbot.mouseDClick(panel.table.view.viewport(), Qt.MouseButton.LeftButton, pos=spot(panel, ETH.id, "symbol"))
    assert ran == [("panel.chart", {})]
    assert bench.desk.called("submit") == []


def test_u35_removal_is_undone_in_place_and_the_list_is_saved(
    panel: WatchlistPanel, bench: Bench, qtbot: QtBot
) -> None:
    before = panel.table.shown_keys()
    panel.table.view.select_key(ETH.id)
    qtbot.keyClick(panel.table.view, Qt.Key.Key_Delete)
    assert ETH.id not in panel.table.shown_keys()
    saved = panel.save_state()
    assert "ETHUSDT.SIM" not in saved["symbols"]
    again = bench.make(WatchlistPanel, "again", saved)
    assert ETH.id not in again.table.model.rows
    window_undo: list[bool] = []
    shortcut = QShortcut(QKeySequence("Ctrl+Z"), panel)
    shortcut.activated.connect(lambda: window_undo.append(True))
    panel.table.view.setFocus()
    qtbot.keyClick(panel.table.view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.table.shown_keys() == before
    assert window_undo == []
    panel.undo()
    assert panel.table.shown_keys() == before


def test_typing_finds_and_enter_chooses_or_adds(panel: WatchlistPanel, bench: Bench, qtbot: QtBot) -> None:
    panel.remove([ES.id])
    qtbot.keyClicks(panel.table.view, "a")
    assert panel.finder.isVisible()
    assert panel.table.view.selected_keys() == [AAPL.id]
    qtbot.keyClick(panel.finder, Qt.Key.Key_Escape)
    assert not panel.finder.isVisible()
    panel.finder.begin("es")
    panel.finder.returnPressed.emit()
    assert panel.table.view.selected_keys() == [ES.id]
    assert bench.group.instrument == ES.id
    panel.find_or_add("NOSUCH")
    assert "was not found" in bench.notices[-1][1]


def test_u162_simulated_prices_carry_their_venue(panel: WatchlistPanel) -> None:
    assert all("·SIM" in one["Symbol"] for one in panel.dump()["rows"])


def test_position_badge_is_signed(panel: WatchlistPanel, bench: Bench) -> None:
    bench.position(ETH, "-2.5", "3500")
    panel.table.refresh()
    assert row(panel, ETH.id)["Pos"] == "S 2.50"
    bench.position(ETH, "0", "0")
    assert row(panel, ETH.id)["Pos"] == ""


def test_without_an_engine_it_waits_and_then_watches(qtbot: QtBot) -> None:
    bench = Bench(ready=False)
    panel = bench.make(WatchlistPanel)
    assert bench.desk.asked == []
    bench.model.set_ready(True)
    assert len(bench.desk.called("watch")) == 1
    panel.shutdown()
    assert len(bench.desk.called("unwatch")) == 1
    bench.close()


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("btcusdt", "BTCUSDT"), ("BTCUSD-", "BTCUSD-PERP"), ("eth", "ETHUSDT"), ("btcusdt.sim", "BTCUSDT"),
        ("usdt", "BTCUSDT"), ("perp", "BTCUSD-PERP"), ("zzz", ""), ("", ""),
    ],
)  # fmt: skip
def test_typed_text_means_the_nearest_symbol(bench: Bench, text: str, symbol: str) -> None:
    found = best_match(text, bench.desk.all.values())
    assert (found.id.symbol if found is not None else "") == symbol


def test_spark_moves_its_end_within_a_minute_and_keeps_an_hour() -> None:
    line = WatchRow(BTC, trade=1.0)
    line.fill_spark([float(n) for n in range(100)], 5)
    assert len(line.spark) == 60
    line.trade = 7.0
    line.sample_spark(5)
    assert (len(line.spark), line.spark[-1], line.spark[-2]) == (60, 7.0, 98.0)
    line.sample_spark(6)
    assert list(line.spark)[-2:] == [7.0, 7.0]
