"""The risk panel: limits in numbers and words, the engine's state, a kill switch that must be held."""

import pytest
from PySide6.QtCore import Qt
from tests.panels.fakes import Bench, health, risk_rows

from bidmere_terminal.panels.risk.gauges import level_words
from bidmere_terminal.panels.risk.panel import RiskPanel


@pytest.fixture
def risk(bench: Bench, qtbot) -> RiskPanel:
    bench.desk.rows = risk_rows()
    bench.model.set_health(health())
    panel = bench.make(RiskPanel)
    panel.resize(900, 230)
    panel.show()
    return panel


def click(panel: RiskPanel, qtbot, name: str) -> None:
    qtbot.mouseClick(panel.findChild(object, name), Qt.MouseButton.LeftButton)


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.12, "12 % used"), (0.8, "warning: 80 %"), (0.93, "close to the limit: 93 %"), (1.2, "limit reached")],
)
def test_u234_gauges_say_in_words_how_much_is_used(share: float, words: str) -> None:
    assert level_words(share) == words


def test_u58_limits_are_listed_with_warn_and_stop(risk: RiskPanel) -> None:
    risk.limits.refresh()
    shown = risk.dump()
    assert "Day loss: 1,640.00 USD, warning: 82 %" in shown["gauges"]
    assert len(shown["limits"]) == 8
    assert shown["limits"][0]["Stop at"] == "2,000.00 USD"


def test_trading_state_shows_the_engine_not_the_click(risk: RiskPanel, bench: Bench, qtbot) -> None:
    states = risk.controls.states
    assert states["ACTIVE"].isChecked()
    bench.bridge.held = True
    click(risk, qtbot, "risk.state.reducing")
    assert states["ACTIVE"].isChecked()
    assert not states["REDUCING"].isChecked()
    bench.bridge.release()
    assert bench.desk.called("set_trading_state")[0][0] == "REDUCING"
    assert states["REDUCING"].isChecked()


def test_kill_switch_needs_a_full_second(risk: RiskPanel, bench: Bench, qtbot) -> None:
    kill, now = risk.controls.kill, [10.0]
    kill.seconds = lambda: now[0]
    qtbot.mousePress(kill, Qt.MouseButton.LeftButton)
    now[0] += 0.9
    kill.advance()
    assert "0.1 s" in kill.text()
    qtbot.mouseRelease(kill, Qt.MouseButton.LeftButton)
    now[0] += 5.0
    kill.advance()
    assert not bench.desk.called("kill")
    assert "hold" in kill.text() or kill.text() == "Kill K2"
    qtbot.mousePress(kill, Qt.MouseButton.LeftButton)
    now[0] += 1.1
    kill.advance()
    assert [call[0] for call in bench.desk.called("kill")] == [2]
    qtbot.mouseRelease(kill, Qt.MouseButton.LeftButton)
    assert len(bench.desk.called("kill")) == 1
    assert "K2 is in force" in risk.controls.alert.text()


@pytest.mark.parametrize("level", [1, 3])
def test_the_menu_chooses_what_the_switch_does(risk: RiskPanel, bench: Bench, level: int) -> None:
    risk.controls.menu.actions()[level - 1].trigger()
    assert f"K{level}" in risk.controls.kill.text()
    risk.controls.kill.held.emit()
    assert bench.desk.called("kill")[0][0] == level


def test_clearing_the_kill_switch_needs_a_typed_reason(risk: RiskPanel, bench: Bench, qtbot) -> None:
    bench.desk.kill_level = 2
    bench.model.set_health(health(kill_level=2, trading_state="HALTED"))
    click(risk, qtbot, "risk.clear")
    assert not risk.controls.confirm.isEnabled()
    qtbot.keyClicks(risk.controls.reason, "Feed is back")
    qtbot.keyClick(risk.controls.reason, Qt.Key.Key_Return)
    assert bench.desk.called("clear_kill")[0][1] == "Feed is back"
    assert not risk.controls.clear.isVisible()


def test_events_are_listed_newest_first(risk: RiskPanel, bench: Bench, qtbot) -> None:
    bench.alarm("Day loss is at 82 % of its limit.")
    assert risk.tabs.tabText(1) == "Events 1"
    risk.tabs.setCurrentIndex(1)
    assert "82 %" in str(risk.dump()["events"])


def test_says_that_the_engine_starts(bench: Bench) -> None:
    cold = Bench(ready=False)
    panel = cold.make(RiskPanel)
    panel.show()
    assert panel.dump()["state"] == "The engine is starting…"
    cold.desk.rows = risk_rows()
    cold.model.set_ready(True)
    assert len(panel.rows) == 8
    cold.close()


def test_hidden_panel_asks_nothing(risk: RiskPanel, bench: Bench) -> None:
    risk.hide()
    bench.desk.rows = ()
    risk.poll()
    assert len(risk.rows) == 8
