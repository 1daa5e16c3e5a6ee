"""Watched bar series: counted, so that the last to leave puts out the light."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bidmere.desk.bars import Series, WatchedBars
from bidmere.model.ids import InstrumentId
from bidmere.model.timeframe import Timeframe

SERIES: list[Series] = [
    (InstrumentId(symbol, "SIM"), Timeframe(length, "m")) for symbol in ("BTCUSDT", "ETHUSDT") for length in (1, 5)
]


def test_only_the_first_watcher_begins_and_only_the_last_ends() -> None:
    watched = WatchedBars()
    assert [watched.add(SERIES[0]) for _ in range(3)] == [True, False, False]
    assert SERIES[0] in watched
    assert [watched.remove(SERIES[0]) for _ in range(3)] == [False, False, True]
    assert SERIES[0] not in watched


def test_taking_back_what_nobody_watches_changes_nothing() -> None:
    watched = WatchedBars()
    assert not watched.remove(SERIES[0])
    assert watched.add(SERIES[0])


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(SERIES))))
def test_a_series_is_watched_while_more_came_than_left(steps: list[tuple[bool, Series]]) -> None:
    watched, expected = WatchedBars(), Counter[Series]()
    for comes, series in steps:
        before = expected[series]
        if comes:
            expected[series] += 1
            assert watched.add(series) is (before == 0)
        else:
            expected[series] = max(0, before - 1)
            assert watched.remove(series) is (before == 1)
        assert all((one in watched) is (expected[one] > 0) for one in SERIES)
