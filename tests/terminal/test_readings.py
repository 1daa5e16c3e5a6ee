"""The figures of the status bar: silence is never green, and every level has its word (U-20, U-223)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from shell_fakes import NOW, FakeDesk

from bidmere.brokerage.data_port import FeedState, FeedStatus
from bidmere.desk.feed import DeskFeed
from bidmere.kernel.clock import SimClock
from bidmere_terminal.notices import Notices
from bidmere_terminal.window.readings import feed_reading, health_readings

OK = FeedStatus(venue="SIM", state=FeedState.OK, ts=NOW)


@pytest.mark.parametrize(
    ("state", "age", "level", "word"),
    [
        (FeedState.OK, 0.1, "ok", "12 ms"),
        (FeedState.OK, 3.5, "warn", "stale"),
        (FeedState.OK, 11.0, "bad", "offline"),
        (FeedState.CONNECTING, 0.1, "warn", "connecting"),
        (FeedState.QUIET, 40.0, "off", "quiet"),
        (FeedState.OFFLINE, 0.1, "bad", "offline"),
    ],
)
def test_u20_a_feed_that_says_ok_and_is_silent_is_not_ok(state: FeedState, age: float, level: str, word: str) -> None:
    reading = feed_reading(replace(OK, state=state), "SIM", age, 12.0)
    assert reading.level == level
    assert word in reading.text


def test_recorded_data_may_stand_still() -> None:
    assert feed_reading(OK, "REPLAY", 60.0, None).level == "ok"


def test_u224_a_reconnect_shows_attempt_and_next_try() -> None:
    status = replace(OK, state=FeedState.OFFLINE, attempt=3, retry_ns=NOW, detail="refused by the venue")
    assert any("Attempt 3" in line for line in feed_reading(status, "LIVE", 20.0, None).explain)
    assert "refused by the venue" in feed_reading(status, "LIVE", 20.0, None).explain


@pytest.mark.parametrize(
    ("change", "name", "level", "word"),
    [
        ({}, "risk", "ok", "OK 18%"),
        ({"risk_share": 0.85}, "risk", "warn", "near a limit"),
        ({"risk_share": 1.2}, "risk", "bad", "limit reached"),
        ({"trading_state": "HALTED"}, "risk", "bad", "HALTED"),
        ({"kill_level": 2}, "risk", "bad", "KILL K2"),
        ({"strategies_failed": 1}, "strategies", "bad", "1 failed"),
        ({"unknown_orders": 1}, "orders", "warn", "1 unknown"),
        ({"clock_offset_ms": 300.0}, "drift", "warn", "+300 ms"),
        ({"clock_offset_ms": -1200.0}, "drift", "bad", "-1200 ms"),
    ],
)
def test_every_level_has_its_word(change: dict[str, object], name: str, level: str, word: str) -> None:
    health = replace(FakeDesk(DeskFeed()).health(), **change)  # type: ignore[arg-type]
    reading = health_readings(health, 4.0, 0, NOW)[name]
    assert (reading.level, word in reading.text) == (level, True)


def test_u217_a_repeat_replaces_the_first_and_alarms_wait_for_a_person(qapp: QApplication) -> None:
    notices = Notices(SimClock(1))
    notices("3/10", level="order", key="order-1")
    notices("10/10", level="order", key="order-1")
    notices("The feed is lost.", level="critical", key="feed")
    assert [(one.text, one.count) for one in notices.items] == [("10/10", 2), ("The feed is lost.", 1)]
    assert notices.unread == 2
    notices.mark_read()
    assert [one.text for one in notices.critical()] == ["The feed is lost."]
    notices.acknowledge(notices.items[-1].number)
    assert notices.critical() == []
    assert len(notices.items) == 2
