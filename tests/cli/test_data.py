"""`data import` and `data list`: good files are kept, bad ones get a sentence."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bidmere.model.ids import InstrumentId
from bidmere.model.timeframe import Timeframe
from bidmere.storage.bar_store import BarStore

T0 = 1_700_000_040
HEAD = "time,open,high,low,close,volume"


def bars_file(path: Path, first: int = 0, count: int = 10, price: str = "1,2,1,2") -> Path:
    rows = [f"{T0 + 60 * i},{price},5" for i in range(first, first + count)]
    path.write_text("\n".join([HEAD, *rows]))
    return path


def stored(profile: Path, symbol: str) -> int:
    return BarStore(profile / "data" / "bars").count(InstrumentId(symbol, "DATA"), Timeframe(1, "m"))


def test_a_file_is_described_and_stored(bidmere: Callable, tmp_path: Path) -> None:
    file, profile = bars_file(tmp_path / "BTCUSD-1m.csv"), tmp_path / "p"
    answer = bidmere("data", "import", file, "--profile", profile)
    assert (answer.code, answer.err) == (0, "")
    assert "10 1m bars of BTCUSD.DATA, 2023-11-14 22:14:00Z to 2023-11-14 22:23:00Z; 10 now stored." in answer.out
    assert stored(profile, "BTCUSD") == 10


def test_json_says_what_was_found_and_which_rows_were_odd(bidmere: Callable, tmp_path: Path) -> None:
    file = bars_file(tmp_path / "XYZ.csv")
    file.write_text(file.read_text() + f"\n{T0},0,1,1,1,1\n{T0 + 60},3,4,3,4,1")
    answer = bidmere("data", "import", file, "--json", "--profile", tmp_path / "p")
    (found,) = answer.json["files"]
    assert answer.json["ok"]
    assert (found["instrument"], found["timeframe"], found["rows"]) == ("XYZ.DATA", "1m", 10)
    assert {(one["kind"], one["count"]) for one in found["problems"]} >= {("not-positive-price", 1), ("duplicate", 1)}


def test_several_files_of_one_symbol_become_one_series(bidmere: Callable, tmp_path: Path) -> None:
    files = [bars_file(tmp_path / f"BTCUSD-1m-{first}.csv", first) for first in (0, 5, 20)]
    assert bidmere("data", "import", *files, "--profile", tmp_path / "p").code == 0
    answer = bidmere("data", "list", "--profile", tmp_path / "p", "--json")
    (series,) = answer.json["series"]
    assert (series["instrument"], series["kind"], series["timeframe"]) == ("BTCUSD.DATA", "bars", "1m")
    assert (series["rows"], series["first"], series["last"]) == (25, "2023-11-14 22:14:00Z", "2023-11-14 22:43:00Z")


def test_symbol_option_names_the_series(bidmere: Callable, tmp_path: Path) -> None:
    file = bars_file(tmp_path / "BTCUSD-1m.csv")
    assert bidmere("data", "import", file, "--symbol", "mine", "--profile", tmp_path / "p").code == 0
    assert stored(tmp_path / "p", "MINE") == 10


def test_timeframe_option_tells_what_the_file_does_not(bidmere: Callable, tmp_path: Path) -> None:
    file = bars_file(tmp_path / "XYZ.csv", count=1)
    assert bidmere("data", "import", file, "--timeframe", "1m", "--profile", tmp_path / "p").code == 0
    assert stored(tmp_path / "p", "XYZ") == 1
    assert bidmere("data", "import", file, "--timeframe", "1 moon", "--profile", tmp_path / "p").sentence


def test_ticks_are_listed_beside_bars_with_counts(bidmere: Callable, tmp_path: Path) -> None:
    ticks = tmp_path / "ETHEUR.csv"
    ticks.write_text("\n".join(f"{T0 + i * 20},1.5,2" for i in range(1500)))
    assert bidmere("data", "import", ticks, bars_file(tmp_path / "XYZ.csv"), "--profile", tmp_path / "p").code == 0
    text = bidmere("data", "list", "--profile", tmp_path / "p").out
    lines = [line.split() for line in text.splitlines()]
    assert ["ETHEUR.DATA", "trades", "1,500", "2023-11-14", "2023-11-15"] in [line[:5] for line in lines]
    assert ["XYZ.DATA", "bars", "1m", "10"] in [line[:4] for line in lines]


def test_an_empty_profile_lists_nothing_and_says_so(bidmere: Callable, tmp_path: Path) -> None:
    assert bidmere("data", "list", "--profile", tmp_path / "new").out.startswith("No data are stored in ")
    assert bidmere("data", "list", "--profile", tmp_path / "new", "--json").json["series"] == []
    assert not (tmp_path / "new").exists()


def _binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 20)


BAD = {
    "empty.csv": (lambda path: path.write_text(""), "empty.csv is empty"),
    "noise.csv": (_binary, "noise.csv is no text file"),
    "noise.zip": (_binary, "noise.zip is not a whole zip file"),
    "noise.csv.gz": (_binary, "noise.csv.gz is not a whole gzip file"),
    "noise.feather": (_binary, "noise.feather is no feather file"),
    "half.json": (lambda path: path.write_text("[[1,"), "half.json is no JSON"),
    "letter.doc": (lambda path: path.write_text("hello"), "letter.doc is of no known kind"),
    "folder": (lambda path: path.mkdir(), "The folder folder has no data files"),
    "gone.csv": (lambda path: None, "There is no file gone.csv"),
    "head.csv": (lambda path: path.write_text(HEAD), "head.csv has a header but no rows"),
    "words.csv": (
        lambda path: bars_file(path).write_text(path.read_text() + f"\n{T0 + 900},a,2,1,2,5"),
        "words.csv, line 12: the open is 'a' where a number was expected",
    ),
    "short.csv": (lambda path: bars_file(path, count=1), "short.csv has too few rows to tell how long its bars are"),
    "grouped.csv": (
        lambda path: bars_file(path, price='"1,000","1,002","1,000","1,002"'),
        "grouped.csv, line 2: the open is '1,000' where a number was expected",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_one_sentence(bidmere: Callable, tmp_path: Path, name: str) -> None:
    make, words = BAD[name]
    make(tmp_path / name)
    answer = bidmere("data", "import", tmp_path / name, "--profile", tmp_path / "p")
    assert answer.code == 2
    assert answer.out == ""
    assert answer.sentence.startswith(words)
    as_json = bidmere("data", "import", tmp_path / name, "--profile", tmp_path / "p", "--json")
    assert as_json.json == {"error": {"code": "E-DATA", "message": answer.sentence}}
    assert bidmere("data", "list", "--profile", tmp_path / "p", "--json").json["series"] == []


@pytest.mark.parametrize("name", BAD)
def test_one_bad_file_does_not_hold_up_the_others(bidmere: Callable, tmp_path: Path, name: str) -> None:
    make, words = BAD[name]
    make(tmp_path / name)
    good = [bars_file(tmp_path / "AAA.csv"), bars_file(tmp_path / "BBB.csv")]
    answer = bidmere("data", "import", good[0], tmp_path / name, good[1], "--profile", tmp_path / "p", "--json")
    assert answer.code == 1
    assert answer.sentence.startswith(words)
    assert not answer.json["ok"]
    assert [("error" in one) for one in answer.json["files"]] == [False, True, False]
    assert (stored(tmp_path / "p", "AAA"), stored(tmp_path / "p", "BBB")) == (10, 10)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="rights do not hold for root")
def test_a_file_without_rights_gets_one_sentence(bidmere: Callable, tmp_path: Path) -> None:
    file = bars_file(tmp_path / "XYZ.csv")
    file.chmod(0)
    assert "XYZ.csv" in bidmere("data", "import", file, "--profile", tmp_path / "p").sentence


def test_a_file_the_disk_will_not_give_gets_one_sentence(
    bidmere: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = bars_file(tmp_path / "XYZ.csv")

    def refuse(self: Path, *_: object) -> bytes:
        raise OSError(errno.EIO, "Input/output error", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    answer = bidmere("data", "import", file, "--profile", tmp_path / "p")
    assert answer.code in (1, 2)
    assert "XYZ.csv" in answer.sentence


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_keeps_the_old_series_and_says_what_was_not_tried(
    bidmere: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    profile = tmp_path / "p"
    assert bidmere("data", "import", bars_file(tmp_path / "AAA.csv"), "--profile", profile).code == 0
    more = [bars_file(tmp_path / "AAA.csv", 10), bars_file(tmp_path / "BBB.csv"), bars_file(tmp_path / "CCC.csv")]

    def refuse(_handle: int) -> None:
        raise OSError(code, "no room")

    monkeypatch.setattr("bidmere.kernel.files.os.fsync", refuse)
    answer = bidmere("data", "import", more[0], "--profile", profile)
    assert answer.code == 1
    assert answer.sentence.startswith("The disk is full: 1m.parquet was not written.")
    answer = bidmere("data", "import", *more, "--profile", profile, "--json")
    assert answer.code == 1
    assert answer.sentence.endswith("The other 2 files were not tried.")
    assert [one["error"]["code"] for one in answer.json["files"]] == ["E-DISK"]
    assert (stored(profile, "AAA"), stored(profile, "BBB")) == (10, 0)
    assert not list(profile.rglob("*.tmp"))


def test_a_profile_that_is_a_file_gets_one_sentence(bidmere: Callable, tmp_path: Path) -> None:
    (tmp_path / "p").write_text("")
    for command in (("import", bars_file(tmp_path / "XYZ.csv")), ("list",)):
        answer = bidmere("data", *command, "--profile", tmp_path / "p")
        assert answer.code == 2
        assert "is a file: name a folder." in answer.sentence


def test_an_unknown_time_zone_gets_one_sentence(bidmere: Callable, tmp_path: Path) -> None:
    answer = bidmere("data", "import", bars_file(tmp_path / "XYZ.csv"), "--tz", "Mars/X", "--profile", tmp_path / "p")
    assert answer.code == 2
    assert answer.sentence.startswith("'Mars/X' is no time zone")


def test_recorded_files_of_other_programs_come_in(bidmere: Callable, tmp_path: Path, shared_fixtures: Path) -> None:
    file = shared_fixtures / "lean_data/equity/usa/daily/spy.zip"
    if not file.is_file():
        pytest.skip("no recorded daily bars here")
    answer = bidmere("data", "import", file, "--profile", tmp_path / "p", "--json")
    (found,) = answer.json["files"]
    assert (answer.code, found["instrument"], found["timeframe"]) == (0, "SPY.USA", "1d")
    assert found["rows"] == found["stored"] > 1_000
