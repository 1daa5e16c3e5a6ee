"""Time labels in words a trader reads, in any zone, across days and switches of summer time."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from bidmere.errors import InvalidInput
from bidmere_terminal.charts.timeaxis import local_seconds, stamp, time_ticks, zone_info, zone_title


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def labels(start: str, count: int, bar_s: int, px: float, zone: str = "UTC") -> list[tuple[str, bool]]:
    ts = ns(start) + np.arange(count, dtype=np.int64) * bar_s * 1_000_000_000
    found = time_ticks(ts, np.arange(count) * px, bar_s, px, zone, 80.0)
    return [(tick.text, tick.strong) for tick in found]


def test_hours_and_a_strong_day_boundary() -> None:
    found = labels("2026-11-20T20:00", 96, 300, 8.0)
    assert ("21 Nov", True) in found
    assert ("22:00", False) in found
    assert all(not strong for text, strong in found if ":" in text)


def test_seconds_days_months_and_years() -> None:
    assert any(text.count(":") == 2 for text, _ in labels("2026-11-20T20:00", 200, 1, 8.0))
    assert ("Dec", True) in labels("2026-10-01T00:00", 120, 86_400, 8.0)
    years = labels("2020-01-01T00:00", 1_500, 86_400, 0.8)
    assert {"2021", "2022", "2023"} <= {text for text, strong in years if strong}


def test_labels_keep_their_distance() -> None:
    ts = ns("2026-01-01T00:00") + np.arange(5_000, dtype=np.int64) * 3_600_000_000_000
    for px in (0.05, 0.3, 1.0, 7.0, 60.0):
        x = np.arange(5_000) * px
        found = time_ticks(ts, x, 3_600.0, px, "America/New_York", 80.0)
        where = [x[tick.column] for tick in found]
        assert all(b - a >= 80.0 * 0.8 - 1e-9 for a, b in pairwise(where))


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_local_time_equals_the_zone_database(zone: str) -> None:
    ts = ns("2026-01-01T00:07") + np.arange(0, 365 * 48, 7, dtype=np.int64) * 1_800_000_000_000
    local = local_seconds(ts, zone)
    for stamp_ns, seconds in list(zip(ts.tolist(), local.tolist(), strict=True))[::5]:
        moment = datetime.fromtimestamp(stamp_ns / 1e9, UTC).astimezone(zone_info(zone))
        expected = datetime.fromtimestamp(int(seconds), UTC)
        assert (moment.day, moment.hour, moment.minute) == (expected.day, expected.hour, expected.minute)


def test_u43_no_bar_is_lost_or_moved_when_the_clock_falls_back() -> None:
    ts = ns("2026-11-01T04:00") + np.arange(6, dtype=np.int64) * 1_800_000_000_000
    words = [stamp(int(t), "America/New_York", 1_800.0)[-5:] for t in ts]
    assert words == ["00:00", "00:30", "01:00", "01:30", "01:00", "01:30"]
    assert len(time_ticks(ts, np.arange(6) * 100.0, 1_800.0, 100.0, "America/New_York", 80.0)) >= 4


def test_stamps_say_as_much_as_the_bar_length_needs() -> None:
    moment = ns("2026-11-21T14:35")
    assert stamp(moment, "UTC", 300.0) == "21 Nov 26  14:35"
    assert stamp(moment, "UTC", 1.0) == "21 Nov 26  14:35:00"
    assert stamp(moment, "UTC", 86_400.0) == "Sat 21 Nov 2026"
    assert stamp(moment, "Asia/Kolkata", 300.0) == "21 Nov 26  20:05"


def test_zones_are_named_and_checked() -> None:
    assert zone_title("America/New_York") == "New York"
    for wrong in ("Nowhere/Land", "", "../etc"):
        with pytest.raises(InvalidInput):
            zone_info(wrong)
