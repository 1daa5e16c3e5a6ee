"""Strategies: the switch tells the engine's state, the form refuses what the schema refuses."""

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from tests.panels.fakes import ACCOUNT, BTC, ETH, Bench, run

from bidmere.desk.feed import Batch
from bidmere.errors import InvalidInput
from bidmere.model.timeframe import Timeframe
from bidmere_terminal.panels.strategies.form import read_param
from bidmere_terminal.panels.strategies.panel import StrategiesPanel

M1 = Timeframe.parse("1m")


@pytest.fixture
def strategies(bench: Bench, qtbot) -> StrategiesPanel:
    panel = bench.make(StrategiesPanel)
    panel.resize(900, 300)
    panel.show()
    return panel


def start(panel: StrategiesPanel, qtbot) -> None:
    qtbot.mouseClick(panel.form.start, Qt.MouseButton.LeftButton)


def test_start_sends_schema_parameters_and_shows_the_run(strategies: StrategiesPanel, bench: Bench, qtbot) -> None:
    assert strategies.form.symbol.text() == "BTCUSDT.SIM"
    strategies.form.params["fast"].setText("12")
    strategies.form.quantity.setText("0.05")
    start(strategies, qtbot)
    assert bench.desk.called("start_strategy") == [
        ("sma_cross", BTC.id, M1, ACCOUNT, {"fast": 12.0, "slow": 30.0}, Decimal("0.05"))
    ]
    strategies.table.refresh()
    (shown,) = strategies.dump()["runs"]
    assert shown["State"].startswith("● running")
    assert shown["Mode"] == "PAPER"


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("fast", "1", "between 2 and 200"),
        ("slow", "9,5", "not a number"),
        ("fast", "", "not a number"),
    ],
)
def test_values_outside_the_schema_are_named(
    strategies: StrategiesPanel, bench: Bench, qtbot, field: str, text: str, words: str
) -> None:
    strategies.form.params[field].setText(text)
    start(strategies, qtbot)
    assert words in strategies.form.message.text()
    assert not bench.desk.called("start_strategy")


@pytest.mark.parametrize(("symbol", "size"), [("NOPE", ""), ("BTCUSDT", "0.00005"), ("", "")])
def test_wrong_symbol_or_size_is_named(
    strategies: StrategiesPanel, bench: Bench, qtbot, symbol: str, size: str
) -> None:
    strategies.form.symbol.setText(symbol)
    strategies.form.quantity.setText(size)
    start(strategies, qtbot)
    assert strategies.form.message.text()
    assert not bench.desk.called("start_strategy")


def test_u74_switch_shows_the_engines_state_not_the_click(strategies: StrategiesPanel, bench: Bench) -> None:
    bench.model.apply(Batch(runs={"sma_cross-1": run("sma_cross", ETH.id, M1)}))
    bench.bridge.held = True
    strategies.table.button_pressed.emit("sma_cross-1", "switch")
    assert strategies.table.row("sma_cross-1").state == "stopping"
    assert strategies.table.row("sma_cross-1").is_on
    bench.desk.runs = (run("sma_cross", ETH.id, M1, "stopped"),)
    bench.bridge.release()
    assert bench.desk.called("stop_strategy") == [("sma_cross-1",)]
    assert strategies.table.row("sma_cross-1").state == "stopped"


def test_u74_a_failed_start_goes_back_to_off_with_the_reason(strategies: StrategiesPanel, bench: Bench) -> None:
    bench.model.apply(Batch(runs={"sma_cross-1": run("sma_cross", ETH.id, M1, "stopped")}))
    bench.desk.refusal = InvalidInput("The account is halted.")
    strategies.table.button_pressed.emit("sma_cross-1", "switch")
    assert strategies.table.row("sma_cross-1").state == "stopped"
    assert strategies.form.message.text() == "Not started: The account is halted."


def test_u74_no_answer_gives_the_switch_back(strategies: StrategiesPanel, bench: Bench) -> None:
    bench.model.apply(Batch(runs={"sma_cross-1": run("sma_cross", ETH.id, M1)}))
    bench.bridge.held = True
    strategies.table.button_pressed.emit("sma_cross-1", "switch")
    strategies._no_answer()
    assert strategies.table.row("sma_cross-1").state == "running"
    assert "5 s" in strategies.form.message.text()


def test_a_parameter_is_read_exactly() -> None:
    assert read_param(" 20 ", "Fast", 2, 200) == 20.0
    with pytest.raises(InvalidInput, match="between"):
        read_param("201", "Fast", 2, 200)


def test_says_that_the_engine_starts(bench: Bench) -> None:
    cold = Bench(ready=False)
    panel = cold.make(StrategiesPanel)
    panel.show()
    assert "starting" in panel.dump()["state"]
    cold.model.set_ready(True)
    assert panel.form.strategy.count() == 1
    cold.close()
