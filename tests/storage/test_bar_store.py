"""The bar store: merge, range, limits, damage."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.errors import StorageError
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.timeframe import Timeframe
from bidmere.storage.bar_store import BarStore, map_npy

BTC = InstrumentId("BTC/USDT", "SIM")
MINUTE, MONTH = Timeframe(1, "m"), Timeframe(1, "M")


def bars(times: list[int], price: float = 1.0) -> BarArray:
    column = np.full(len(times), price)
    return BarArray.from_columns(times, column, column, column, column, column)


@given(st.lists(st.lists(st.integers(0, 50), max_size=15), max_size=5), st.integers(0, 60), st.integers(0, 60))
def test_store_equals_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, writes: list[list[int]], a: int, b: int
) -> None:
    store = BarStore(tmp_path_factory.mktemp("bars"))
    expected: dict[int, float] = {}
    for number, times in enumerate(writes):
        store.write(BTC, MINUTE, bars(times, float(number)))
        expected |= dict.fromkeys(times, float(number))
    found = store.read(BTC, MINUTE)
    assert dict(zip(found.ts.tolist(), found.close.tolist(), strict=True)) == expected
    assert found.ts.tolist() == sorted(expected)
    part = store.read(BTC, MINUTE, min(a, b), max(a, b), 3)
    assert part.ts.tolist() == [one for one in sorted(expected) if min(a, b) <= one < max(a, b)][-3:]
    assert store.count(BTC, MINUTE) == len(expected)


def test_long_series_is_read_by_range(tmp_path: Path) -> None:
    store = BarStore(tmp_path)
    series = bars(list(range(200_000)))
    store.write(BTC, MINUTE, series)
    assert store.read(BTC, MINUTE, 70_000, 140_000).ts.tolist() == list(range(70_000, 140_000))
    assert store.read(BTC, MINUTE, limit=3).ts.tolist() == [199_997, 199_998, 199_999]
    assert store.read(BTC, MINUTE, end=66_000, limit=1_000).ts.tolist() == list(range(65_000, 66_000))


def test_minute_and_month_have_files_that_differ_in_more_than_case(tmp_path: Path) -> None:
    store = BarStore(tmp_path)
    store.write(BTC, MINUTE, bars([1, 2]))
    store.write(BTC, MONTH, bars([3]))
    assert [(one.instrument, one.timeframe, one.rows, one.first_ns, one.last_ns) for one in store.list()] == [
        (BTC, MINUTE, 2, 1, 2),
        (BTC, MONTH, 1, 3, 3),
    ]
    names = {one.path.name.lower() for one in store.list()}
    assert len(names) == 2
    assert store.delete(BTC, MONTH)
    assert not store.delete(BTC, MONTH)


def test_damaged_file_is_refused_in_words_and_passed_over_in_the_list(tmp_path: Path) -> None:
    store = BarStore(tmp_path)
    store.write(BTC, MINUTE, bars([1]))
    store.path(BTC, MINUTE).write_bytes(b"PAR1 nonsense")
    with pytest.raises(StorageError, match=r"1m\.parquet .* is damaged"):
        store.read(BTC, MINUTE)
    assert store.list() == []


def test_exported_series_is_mapped_without_a_copy(tmp_path: Path) -> None:
    store = BarStore(tmp_path)
    store.write(BTC, MINUTE, bars([1, 2, 3], 7.0))
    assert store.export_npy(BTC, MINUTE, tmp_path / "out.npy") == 3
    mapped = map_npy(tmp_path / "out.npy")
    assert mapped.ts.tolist() == [1, 2, 3]
    assert mapped.close.tolist() == [7.0] * 3
    assert not mapped.close.flags.owndata
    (tmp_path / "bad.npy").write_bytes(b"nothing")
    with pytest.raises(StorageError):
        map_npy(tmp_path / "bad.npy")


def test_empty_store_has_nothing(tmp_path: Path) -> None:
    store = BarStore(tmp_path / "none")
    assert store.list() == []
    assert len(store.read(BTC, MINUTE)) == 0
    assert store.count(BTC, MINUTE) == 0
    assert store.write(BTC, MINUTE, BarArray.empty()) == 0
