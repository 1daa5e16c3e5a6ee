"""Cyclic garbage: taken away on the GUI's thread, and by nobody else while the desk runs."""

import gc
import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from bidmere_terminal.bridge import garbage
from bidmere_terminal.bridge.garbage import GarbageDuty


class Knot:
    """A cycle that says on which thread it died."""

    def __init__(self, died_on: list[threading.Thread]) -> None:
        self.me = self
        self.died_on = died_on

    def __del__(self) -> None:
        self.died_on.append(threading.current_thread())


@pytest.fixture
def duty(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[GarbageDuty]:
    monkeypatch.setattr(garbage, "EVERY_MS", 1)
    made = GarbageDuty()
    yield made
    made.stop()
    made.deleteLater()


def litter(died_on: list[threading.Thread]) -> None:
    for _ in range(garbage.PORTION):
        Knot(died_on)


def test_litter_of_another_thread_dies_on_the_gui_thread(duty: GarbageDuty, qtbot: QtBot) -> None:
    duty.start()
    died_on: list[threading.Thread] = []
    thread = threading.Thread(target=litter, args=(died_on,))
    thread.start()
    thread.join()
    assert not died_on
    qtbot.waitUntil(lambda: len(died_on) == garbage.PORTION)
    assert set(died_on) == {threading.main_thread()}


def test_old_litter_goes_with_the_full_pass(duty: GarbageDuty, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "_ALL", 3)
    duty.start()
    kept = Knot(died_on := list[threading.Thread]())
    gc.collect()
    del kept
    assert not died_on
    qtbot.waitUntil(lambda: bool(died_on))


def test_what_has_settled_is_looked_at_no_more(
    duty: GarbageDuty, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(garbage, "_SETTLED", 2)
    before = gc.get_freeze_count()
    duty.start()
    qtbot.waitUntil(lambda: gc.get_freeze_count() > before)
    duty.stop()
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize("on", [True, False])
def test_the_collector_is_left_as_it_was_found(duty: GarbageDuty, on: bool) -> None:
    try:
        (gc.enable if on else gc.disable)()
        duty.start()
        duty.start()
        assert not gc.isenabled()
        duty.stop()
        duty.stop()
        assert gc.isenabled() is on
    finally:
        gc.enable()
