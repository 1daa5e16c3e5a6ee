"""The replay bar: forward only, its own words for every state."""

import math

import pytest
from PySide6.QtCore import Qt
from tests.panels.fakes import NOW, Bench

from bidmere.desk.api import ReplayState
from bidmere_terminal.panels.replay.panel import SPEEDS, ReplayPanel, speed_words

HOUR = 3_600_000_000_000


def state(**more) -> ReplayState:
    fields = {
        "symbol": "BTCUSD.REPLAY",
        "position_ns": NOW + 5 * HOUR,
        "start_ns": NOW,
        "end_ns": NOW + 24 * HOUR,
        "speed": 10.0,
        "playing": True,
        "finished": False,
    }
    return ReplayState(**(fields | more))


@pytest.fixture
def replay(bench: Bench, qtbot) -> ReplayPanel:
    bench.desk.replay_state = state()
    panel = bench.make(ReplayPanel)
    panel.resize(900, 120)
    panel.show()
    return panel


def click(panel: ReplayPanel, qtbot, name: str) -> None:
    qtbot.mouseClick(panel.findChild(object, name), Qt.MouseButton.LeftButton)


def test_without_a_replay_it_says_how_to_start_one(bench: Bench) -> None:
    panel = bench.make(ReplayPanel)
    panel.show()
    assert "replay" in panel.dump()["state"]
    assert panel.stack.currentIndex() == 1


def test_shows_where_it_stands(replay: ReplayPanel) -> None:
    assert replay.moment.text() == "01 Jan 2026 17:00:00 UTC"
    assert replay.speed.currentText() == "10×"
    assert replay.slider.value() == round(5 / 24 * 1_000)
    assert replay.play.text() == "Pause"


def test_play_pause_step_and_speed(replay: ReplayPanel, bench: Bench, qtbot) -> None:
    click(replay, qtbot, "replay.play")
    assert replay.play.text() == "Play"
    click(replay, qtbot, "replay.step")
    replay.speed.setCurrentIndex(len(SPEEDS) - 1)
    replay.speed.activated.emit(len(SPEEDS) - 1)
    assert bench.desk.called("replay_control") == [("pause", 0.0), ("step", 1.0), ("speed", math.inf)]
    assert replay.speed.currentText() == "max"


def test_dragging_ahead_seeks_and_dragging_back_explains(replay: ReplayPanel, bench: Bench) -> None:
    replay.slider.setValue(500)
    replay.slider.sliderReleased.emit()
    assert bench.desk.called("replay_control") == [("seek", float(NOW + 12 * HOUR))]
    replay.slider.setValue(100)
    replay.slider.sliderReleased.emit()
    assert len(bench.desk.called("replay_control")) == 1
    assert "forward only" in replay.words.text()


def test_at_the_end_nothing_can_be_pressed(replay: ReplayPanel, bench: Bench) -> None:
    bench.desk.replay_state = state(position_ns=NOW + 24 * HOUR, finished=True, playing=False)
    replay.poll()
    assert not replay.play.isEnabled()
    assert "at the end" in replay.words.text()


@pytest.mark.parametrize(("speed", "words"), [(0.25, "0.25×"), (1.0, "1×"), (1_000.0, "1000×"), (math.inf, "max")])
def test_speeds_in_words(speed: float, words: str) -> None:
    assert speed_words(speed) == words
