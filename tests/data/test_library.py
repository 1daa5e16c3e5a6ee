"""Importing into the stores: merged, repeatable, listed."""

from pathlib import Path

import pytest

from bidmere.data.library import DataLibrary
from bidmere.errors import UnreadableData
from bidmere.model.ids import InstrumentId
from bidmere.model.timeframe import Timeframe

T0 = 1_700_000_040


def bars_file(folder: Path, first: int, count: int) -> Path:
    path = folder / f"BTCUSD-1m-{first}.csv"
    rows = [f"{T0 + 60 * i},1,2,1,2,5" for i in range(first, first + count)]
    path.write_text("\n".join(["time,open,high,low,close,volume", *rows]))
    return path


def test_bars_of_two_files_become_one_series(tmp_path: Path) -> None:
    library = DataLibrary(tmp_path / "library")
    first = library.add(bars_file(tmp_path, 0, 10))
    second = library.add(bars_file(tmp_path, 5, 10))
    assert (first["instrument"], first["stored"], second["stored"]) == ("BTCUSD.DATA", 10, 15)
    assert [(one["instrument"], one["timeframe"], one["rows"]) for one in library.list()] == [("BTCUSD.DATA", "1m", 15)]
    assert len(library.bars.read(InstrumentId("BTCUSD", "DATA"), Timeframe(1, "m"))) == 15


def test_ticks_imported_twice_are_stored_once(tmp_path: Path) -> None:
    path = tmp_path / "ETHEUR.csv"
    path.write_text("\n".join(f"{T0 + i * 20_000},1.5,2" for i in range(10)))
    library = DataLibrary(tmp_path / "library")
    for _ in range(2):
        assert library.add(path, venue="kraken")["stored"] == 10
    (found,) = library.list()
    assert (found["instrument"], found["kind"], found["rows"]) == ("ETHEUR.KRAKEN", "trades", 10)
    assert (found["first"], found["last"]) == ("2023-11-14", "2023-11-17")


def test_what_is_no_price_is_refused_in_words(tmp_path: Path, shared_fixtures: Path) -> None:
    library = DataLibrary(tmp_path)
    with pytest.raises(UnreadableData, match="holds values, which are described but not stored"):
        library.add(shared_fixtures / "lean_data/future/comex/daily/gc_openinterest.zip")
