"""The tick store and the recorder: torn tails, crashes while sealing, days, damage."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.data.recorder import Recorder
from bidmere.errors import DiskFull
from bidmere.kernel.bus import EventBus
from bidmere.kernel.clock import SimClock
from bidmere.kernel.lifecycle import Level
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Book, Quote, Side, Trade
from bidmere.storage.tick_store import DAY_NS, DTYPES, QUOTES, TOPS, TRADES, Rows, TickStore

SPY = InstrumentId("SPY", "X")
DAY0 = date(1970, 1, 1)


def rows(times: list[int]) -> Rows:
    found = np.zeros(len(times), DTYPES[TRADES])
    found["ts"], found["recv"] = times, np.array(times, np.int64) + 7
    found["price"] = np.arange(len(times)) + 0.5
    return found


@given(st.lists(st.tuples(st.lists(st.integers(0, 99), max_size=6), st.booleans()), max_size=8))
def test_store_gives_back_what_came_whenever_it_is_sealed(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[list[int], bool]]
) -> None:
    store = TickStore(tmp_path_factory.mktemp("ticks"))
    parts: list[Rows] = []
    for times, seal in steps:
        parts.append(rows(times))
        store.append(SPY, TRADES, parts[-1])
        if seal:
            store.seal(SPY, TRADES, DAY0)
    expected = np.concatenate(parts) if parts else rows([])
    expected = expected[np.argsort(expected["ts"], kind="stable")]
    assert np.array_equal(store.read(SPY, TRADES, 0, 100), expected)
    store.close()
    inside = expected[(expected["ts"] >= 20) & (expected["ts"] < 60)]
    assert np.array_equal(TickStore(store.root).read(SPY, TRADES, 20, 60), inside)


@pytest.mark.parametrize("cut", [1, 5, 40, 60])
def test_torn_tail_is_ignored_and_the_next_append_is_whole(tmp_path: Path, cut: int) -> None:
    store = TickStore(tmp_path)
    store.append(SPY, TRADES, rows([1, 2]))
    store.append(SPY, TRADES, rows([3, 4]))
    store.close()
    log = next(tmp_path.rglob("*.log"))
    log.write_bytes(log.read_bytes()[:-cut])
    again = TickStore(tmp_path)
    assert again.read(SPY, TRADES, 0, 100)["ts"].tolist() == [1, 2]
    again.append(SPY, TRADES, rows([5]))
    again.close()
    assert TickStore(tmp_path).read(SPY, TRADES, 0, 100)["ts"].tolist() == [1, 2, 5]


def test_damage_inside_the_log_ends_it_there(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    store.append(SPY, TRADES, rows([1, 2]))
    store.append(SPY, TRADES, rows([3]))
    store.close()
    log = next(tmp_path.rglob("*.log"))
    data = bytearray(log.read_bytes())
    data[-3] ^= 0xFF
    log.write_bytes(data)
    assert TickStore(tmp_path).read(SPY, TRADES, 0, 100)["ts"].tolist() == [1, 2]


def test_log_left_over_after_sealing_is_not_counted_twice(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    store.append(SPY, TRADES, rows([1, 2]))
    store.close()
    log = next(tmp_path.rglob("*.log"))
    kept = log.read_bytes()
    store.seal(SPY, TRADES, DAY0)
    log.write_bytes(kept)  # the machine died between the sealed file and the removal of the log
    again = TickStore(tmp_path)
    assert again.read(SPY, TRADES, 0, 100)["ts"].tolist() == [1, 2]
    again.append(SPY, TRADES, rows([3]))
    assert again.read(SPY, TRADES, 0, 100)["ts"].tolist() == [1, 2, 3]
    assert again.seal(SPY, TRADES, DAY0) == 3
    again.close()


def test_rows_of_two_days_lie_in_two_files_and_old_days_are_sealed(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    store.append(SPY, TRADES, rows([DAY_NS - 1, DAY_NS, DAY_NS + 1]))
    assert store.seal_before(date(1970, 1, 2)) == 1
    assert [(one.day, one.rows, one.sealed) for one in store.list()] == [(DAY0, 1, True), (date(1970, 1, 2), 2, False)]
    assert store.read(SPY, TRADES, DAY_NS - 1, DAY_NS + 1)["ts"].tolist() == [DAY_NS - 1, DAY_NS]
    store.close()


async def test_recorder_keeps_chosen_instruments_and_flushes_by_the_clock(tmp_path: Path) -> None:
    bus, clock, store = EventBus(), SimClock(), TickStore(tmp_path)
    recorder = Recorder(bus, clock, store)
    await recorder.start()
    recorder.choose([SPY])
    for instrument in (SPY, InstrumentId("OTHER", "X")):
        bus.publish(Trade(instrument, 1.5, 2.0, Side.SELL, 10, 11))
        bus.publish(Quote(instrument, 1.0, 2.0, 3.0, 4.0, 12, 13))
        bus.publish(Book(instrument, ((1.0, 3.0),), ((2.0, 4.0),), 14, 15))
    assert len(store.read(SPY, TRADES, 0, 100)) == 0
    clock.advance_to(2_000_000_000)
    assert store.read(SPY, TRADES, 0, 100).tolist() == [(10, 11, 1.5, 2.0, -1)]
    assert store.read(SPY, QUOTES, 0, 100).tolist() == [(12, 13, 1.0, 2.0, 3.0, 4.0)]
    assert store.read(SPY, TOPS, 0, 100).tolist() == [(14, 15, 1.0, 2.0, 3.0, 4.0)]
    bus.publish(Trade(SPY, 1.5, 2.0, None, 20, 21))
    await recorder.stop()
    assert len(TickStore(tmp_path).read(SPY, TRADES, 0, 100)) == 2
    assert {one.instrument for one in store.list()} == {SPY}


async def test_full_disk_ends_recording_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bus, clock, store = EventBus(), SimClock(), TickStore(tmp_path)

    def full(*_: object) -> None:
        raise DiskFull("The disk is full: x was not written.")

    monkeypatch.setattr(store, "append", full)
    recorder = Recorder(bus, clock, store)
    await recorder.start()
    recorder.choose([SPY])
    bus.publish(Trade(SPY, 1.5, 2.0, None, 10, 11))
    clock.advance_to(2_000_000_000)
    assert recorder.health().level is Level.BAD
    assert "disk is full" in recorder.health().text
    await recorder.stop()
