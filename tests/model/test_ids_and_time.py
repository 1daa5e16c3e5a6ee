"""Identity and timeframes."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.errors import InvalidInput
from bidmere.model.ids import InstrumentId, OrderIdFactory, ulid
from bidmere.model.timeframe import TIMEFRAMES, Timeframe

names = st.text(st.characters(whitelist_categories=("Lu", "Nd"), whitelist_characters="-=/"), min_size=1, max_size=12)


@given(names, names)
def test_an_instrument_id_reads_back_what_it_writes(symbol: str, venue: str) -> None:
    wanted = InstrumentId(symbol, venue.replace(".", ""))
    assert InstrumentId.parse(str(wanted)) == wanted


def test_a_symbol_may_hold_dots() -> None:
    assert InstrumentId.parse("BRK.B.SIM") == InstrumentId("BRK.B", "SIM")


@pytest.mark.parametrize("text", ["", "BTCUSDT", ".SIM", "BTCUSDT.", "."])
def test_a_name_without_symbol_or_venue_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"BTCUSDT\.SIM"):
        InstrumentId.parse(text)


def test_r1_order_ids_are_unique_sorted_by_time_and_reproducible_by_seed() -> None:
    factory = OrderIdFactory(seed=3)
    ids = [factory(ts) for ts in range(0, 5_000_000_000, 1_000_000)]
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids)
    assert {len(one) for one in ids} == {27}
    again = OrderIdFactory(seed=3)
    assert [again(ts) for ts in range(0, 5_000_000_000, 1_000_000)] == ids
    assert OrderIdFactory()(0) != OrderIdFactory()(0)


def test_a_ulid_is_crockford_base32_of_the_milliseconds() -> None:
    text = ulid(1_469_918_176_385 * 1_000_000, random.Random(0))
    assert text.startswith("01ARYZ6S41")
    assert len(text) == 26


moments = st.integers(min_value=0, max_value=4_000_000_000_000_000_000)


@given(moments, st.sampled_from(TIMEFRAMES))
def test_floor_is_the_opening_of_the_bar_that_holds_the_moment(ts: int, timeframe: Timeframe) -> None:
    opening = timeframe.floor(ts)
    assert opening <= ts < timeframe.next(opening)
    assert timeframe.floor(opening) == opening
    assert timeframe.floor(timeframe.next(opening)) == timeframe.next(opening)
    assert timeframe.floor(timeframe.next(opening) - 1) == opening


@given(moments)
def test_weeks_begin_on_monday_and_months_on_the_first(ts: int) -> None:
    week = pd.Timestamp(Timeframe.parse("1w").floor(ts), tz="UTC")
    month = datetime.fromtimestamp(Timeframe.parse("1M").floor(ts) / 1e9, UTC)
    assert week.weekday() == 0
    assert (month.day, month.hour, month.minute, month.second) == (1, 0, 0, 0)


@pytest.mark.parametrize("text", ["", "5", "m", "0m", "5x", "-5m", "5.5m", "99999m"])
def test_what_is_no_timeframe_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="5m"):
        Timeframe.parse(text)


def test_every_timeframe_reads_back() -> None:
    assert [str(Timeframe.parse(str(timeframe))) for timeframe in TIMEFRAMES] == [str(one) for one in TIMEFRAMES]
