"""CSV of any make: what is sniffed, what is refused and in which words."""

import contextlib
import gzip
import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bidmere.data.importers import describe, open_data
from bidmere.data.importers.times import BadTime, parse_times, to_utc
from bidmere.errors import UnreadableData
from bidmere.model.timeframe import Timeframe

T0 = 1_700_000_040
HOUR = 3_600_000_000_000
HEADER = b"time,open,high,low,close\n"


def write(folder: Path, text: str | bytes, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def bars_text(times: list[str], delimiter: str = ",", header: str = "time,open,high,low,close,volume") -> str:
    rows = [delimiter.join([time, *(str(base + i) for base in (10, 12, 9, 11, 5))]) for i, time in enumerate(times)]
    return "\n".join(([header.replace(",", delimiter)] if header else []) + rows) + "\n"


def minutes(write_time: str) -> list[str]:
    moments = [datetime.fromtimestamp(T0 + 60 * i, UTC) for i in range(5)]
    return [moment.strftime(write_time) for moment in moments]


EXPECTED = [(T0 + 60 * i) * 10**9 for i in range(5)]


@pytest.mark.parametrize(
    "times",
    [
        [f"{T0 + 60 * i}" for i in range(5)],
        [f"{T0 + 60 * i}.0" for i in range(5)],
        [f"{(T0 + 60 * i) * 1000}" for i in range(5)],
        [f"{(T0 + 60 * i) * 1_000_000}" for i in range(5)],
        [f"{(T0 + 60 * i) * 1_000_000_000}" for i in range(5)],
        minutes("%Y-%m-%d %H:%M:%S"),
        minutes("%Y-%m-%dT%H:%M:%SZ"),
        minutes("%Y-%m-%dT%H:%M:%S.000000+00:00"),
        minutes("%Y/%m/%d %H:%M"),
        minutes("%Y.%m.%d %H:%M"),
        minutes("%Y%m%d %H%M%S"),
        minutes("%Y%m%d%H%M%S"),
        minutes("%d.%m.%Y %H:%M:%S.000"),
        minutes("%d-%b-%Y %H:%M:%S"),
        minutes("%m/%d/%Y %I:%M:%S %p"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_times_of_every_kind_are_read(tmp_path: Path, times: list[str], delimiter: str) -> None:
    result = open_data(write(tmp_path, bars_text(times, delimiter)))
    assert result.bars is not None
    assert result.bars.ts.tolist() == EXPECTED
    assert result.bars.close.tolist() == [11.0, 12.0, 13.0, 14.0, 15.0]
    assert result.timeframe == Timeframe(1, "m")
    assert result.problems == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Date;Time;Open;High;Low;Close;Volume\n"
         + "".join(f"2024.01.05;0{i}:00;1,5;2,5;1,0;2,0;10\n" for i in range(5)), "bars"),
        ("".join(f"2024.01.05,0{i}:00,1.5,2.5,1.0,2.0,10\n" for i in range(5)), "bars"),
        ("<TICKER>,<DTYYYYMMDD>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>\n"
         + "".join(f"EURUSD,20240105,0{i}0000,1.5,2.5,1.0,2.0,10\n" for i in range(5)), "bars"),
        ("https://example.org/data\nunix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n"
         + "".join(f"{T0 + i * 60},2023-11-14 22:1{i}:00,BTC/USD,1,2,1,2,5,9\n" for i in range(5)), "bars"),
        ("timestamp,price,amount,side\n" + "".join(f"{T0 + i},1.5,2,buy\n" for i in range(5)), "trades"),
        ("".join(f"{T0 + i},1.5,{i + 2}\n" for i in range(5)), "trades"),
        ("timestamp,bid,ask\n" + "".join(f"{T0 + i},1.5,1.6\n" for i in range(5)), "quotes"),
        ("\ufeffTime,Bid Price,Ask Price,Bid Size,Ask Size\n"
         + "".join(f"{T0 + i},1.5,1.6,1,2\n" for i in range(5)), "quotes"),
        ("# made by hand\n\ntime,open,high,low,close\n"
         + "".join(f"2024-01-0{i + 1},1,2,1,2\n" for i in range(5)), "bars"),
    ],
)  # fmt: skip
def test_layouts_of_other_programs_are_understood(tmp_path: Path, text: str, kind: str) -> None:
    result = open_data(write(tmp_path, text))
    assert result.kind == kind
    assert result.rows == 5
    if result.bars is not None:
        assert result.bars.close.tolist() == [2.0] * 5


def test_zone_of_the_caller_counts_where_the_file_has_none(tmp_path: Path) -> None:
    text = bars_text([f"2024-01-05 09:3{i}" for i in range(5)])
    plain = open_data(write(tmp_path, text))
    eastern = open_data(write(tmp_path, text), tz="America/New_York")
    assert plain.bars is not None
    assert eastern.bars is not None
    assert (eastern.bars.ts - plain.bars.ts).tolist() == [5 * HOUR] * 5
    assert plain.notes
    assert not eastern.notes
    told = bars_text([f"2024-01-05 09:3{i}+05:30" for i in range(5)])
    zoned = open_data(write(tmp_path, told), tz="America/New_York")
    assert zoned.bars is not None
    assert (zoned.bars.ts - plain.bars.ts).tolist() == [-5 * HOUR - HOUR // 2] * 5


def test_hour_that_comes_twice_is_read_in_order() -> None:
    zone = ZoneInfo("America/New_York")
    start = datetime(2023, 11, 5, 4, tzinfo=UTC)
    expected = [int((start + timedelta(minutes=10 * i)).timestamp()) * 10**9 for i in range(30)]
    local = [(start + timedelta(minutes=10 * i)).astimezone(zone).replace(tzinfo=UTC) for i in range(30)]
    wall = np.array([int(one.timestamp()) * 10**9 for one in local], np.int64)
    assert to_utc(wall, zone).tolist() == expected


def test_daily_dates_stay_dates_in_every_zone(tmp_path: Path) -> None:
    result = open_data(write(tmp_path, bars_text([f"2024-01-0{i + 1}" for i in range(5)])), tz="Asia/Tokyo")
    assert result.bars is not None
    assert str(np.datetime64(int(result.bars.ts[0]), "ns")) == "2024-01-01T00:00:00.000000000"
    assert result.timeframe == Timeframe(1, "d")


def test_ambiguous_dates_are_refused_unless_told(tmp_path: Path) -> None:
    path = write(tmp_path, bars_text([f"0{i + 1}/04/2024" for i in range(5)]))
    with pytest.raises(UnreadableData, match=r"data\.csv, line 2: '01/04/2024' may be day or month first"):
        open_data(path)
    days = open_data(path, day_first=True).bars
    months = open_data(path, day_first=False, timeframe=Timeframe(1, "M")).bars
    assert days is not None
    assert months is not None
    assert np.diff(days.ts).tolist() == [24 * HOUR] * 4
    assert str(np.datetime64(int(months.ts[1]), "ns"))[:10] == "2024-02-04"
    clear = open_data(write(tmp_path, bars_text([f"{i + 11}/04/2024" for i in range(5)]))).bars
    assert clear is not None
    assert np.diff(clear.ts).tolist() == [24 * HOUR] * 4


def test_disorder_is_put_right_and_counted(tmp_path: Path) -> None:
    text = (
        "time,open,high,low,close,volume\n"
        f"{T0 + 120},3,4,2,3,1\n{T0},1,2,1,2,1\n{T0 + 60},2,2,1,3,1\n{T0 + 60},2,3,1,2,9\n"
        f"{T0 + 180},0,1,0,1,1\n{T0 + 240},null,1,1,1,1\n{T0 + 300},5,6,4,5,-1\n"
    )
    result = open_data(write(tmp_path, text))
    assert result.bars is not None
    assert result.bars.ts.tolist() == [(T0 + i) * 10**9 for i in (0, 60, 120, 300)]
    assert result.bars.volume.tolist() == [1.0, 9.0, 1.0, 0.0]
    assert {one.kind: one.count for one in result.problems} == {
        "missing-price": 1, "not-positive-price": 1, "high-low-inconsistent": 1, "bad-volume": 1, "unsorted": 1,
        "duplicate": 1, "gap": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02\x03" * 100, "is no text file"),
        (b"hello world", "has no columns"),
        (b"a,b,c\n1,2,3\n", r"columns that are not known \(a, b, c\)"),
        (HEADER, "header but no rows"),
        (HEADER + b"1700000040,1,2,1\n1700000100,1,2,1,2\n1700000160,1,2,1,2\n", "line 2: 4 columns where 5"),
        (HEADER + b"1700000040,1,2,1,2\n1700000100,1,2,1,2\n1700000160,1,2,1\n", "line 4: 4 columns where 5"),
        (HEADER + b"\n1700000040,1,2,1,2\n1700000100,1,x,1,2\n", "line 4: the high is 'x'"),
        (HEADER + b"2024-02-30,1,2,1,2\n2024-03-01,1,2,1,2\n", "line 2: '2024-02-30' is no date that exists"),
        (HEADER + b"2024-02-20,1,2,1,2\nyesterday,1,2,1,2\n", "line 3: 'yesterday' is no time"),
        (HEADER + b"1700000040,1,2,1,2\n", "give --timeframe"),
        (HEADER + b"1700000040,0,0,0,0\n1700000100,0,0,0,0\n", "no usable rows"),
        (HEADER + b'1700000040,"1,234.5",2000,1,2\n1700000100,1,2,1,2\n', "line 2: the open is '1,234.5'"),
        (b"symbol,time,price,size\nA,1700000040,1,2\nB,1700000041,1,2\n", "several symbols"),
    ],
)  # fmt: skip
def test_unreadable_files_are_refused_in_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(UnreadableData, match=words) as caught:
        open_data(write(tmp_path, content))
    assert "data.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    for name in ("fuzz.csv", "fuzz.csv.gz", "fuzz.zip", "fuzz.feather", "fuzz.json.gz", "fuzz.json"):
        path = write(folder, content, name)
        with contextlib.suppress(UnreadableData):
            assert open_data(path).rows > 0


DATES = ["2024-01-05", "2024-01-05 10:00", "05/04/2024"]
ODD_CELLS = [*DATES, "", "x", '"', "1,5", "nan", "-", "Z", "\x0b", "é", "9" * 400]
CELL = st.one_of(st.integers(-5, 10**19).map(str), st.floats().map(str), st.sampled_from(ODD_CELLS))


@settings(max_examples=200)
@given(
    st.sampled_from(["time,open,high,low,close,volume", "time;price;size", "date,time,bid,ask", ""]),
    st.lists(st.lists(CELL, min_size=1, max_size=7), min_size=1, max_size=6),
    st.sampled_from([",", ";"]),
)
def test_any_table_is_read_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, header: str, table: list[list[str]], delimiter: str
) -> None:
    text = "\n".join([header, *(delimiter.join(row) for row in table)])
    path = write(tmp_path_factory.getbasetemp(), text.encode("utf-8", "replace"), "fuzz.csv")
    try:
        result = open_data(path)
    except UnreadableData:
        return
    assert result.rows > 0
    assert (np.diff(result.times()) >= 0).all()


PRICE = st.floats(1e-6, 1e6)


@given(
    st.lists(st.tuples(PRICE, PRICE, PRICE, PRICE, st.floats(0, 1e9)), min_size=2, max_size=20),
    st.sampled_from([",", ";"]),
)
def test_bars_written_are_the_bars_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, ...]], delimiter: str
) -> None:
    lines = [delimiter.join(["time", "open", "high", "low", "close", "volume"])]
    for index, (a, b, c, d, volume) in enumerate(rows):
        values = (a, max(a, b, c, d), min(a, b, c, d), d, volume)
        lines.append(delimiter.join([str((T0 + 60 * index) * 1000), *(repr(value) for value in values)]))
    result = open_data(write(tmp_path_factory.getbasetemp(), "\n".join(lines), "round.csv"))
    assert result.bars is not None
    assert result.bars.open.tolist() == [row[0] for row in rows]
    assert result.bars.volume.tolist() == [row[4] for row in rows]


def kline(open_ms: int) -> str:
    return f"{open_ms},1.0,2.0,0.5,1.5,10,{open_ms + 59999},15,3,5,7,0"


@pytest.mark.parametrize("factor", [1, 1000])
@pytest.mark.parametrize("header", ["", "open_time,open,high,low,close,volume,close_time,a,b,c,d,ignore\n"])
@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "zip"])
def test_binance_klines_in_every_wrapping(tmp_path: Path, factor: int, header: str, suffix: str) -> None:
    text = header + "\n".join(kline((T0 + 60 * i) * 1000 * factor) for i in range(5))
    content = text.encode()
    if suffix == "csv.gz":
        content = gzip.compress(content)
    elif suffix == "zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("BTCUSDT-1m-2023-11.csv", text)
        content = buffer.getvalue()
    result = open_data(write(tmp_path, content, f"BTCUSDT-1m-2023-11.{suffix}"))
    assert (result.format, result.symbol, str(result.timeframe)) == ("binance-klines", "BTCUSDT", "1m")
    assert result.times().tolist() == EXPECTED


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"../evil.csv": b"x"}, "outside its folder"),
        ({"/abs.csv": b"x"}, "outside its folder"),
        ({"C:\\evil.csv": b"x"}, "outside its folder"),
        ({"bomb.csv": b"0" * 50_000_000}, "not safe|unsafe"),
        ({"a.csv": b"x", "b.csv": b"y"}, "holds 2 files"),
    ],
)
def test_s7_unsafe_zips_are_refused(tmp_path: Path, entries: dict[str, bytes], words: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    with pytest.raises(UnreadableData, match=words):
        open_data(write(tmp_path, buffer.getvalue(), "data.zip"))


def test_s7_gzip_bomb_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match="more than is safe"):
        open_data(write(tmp_path, gzip.compress(b"1" * 30_000_000), "bomb.csv.gz"))


def test_missing_file_and_folder_without_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match=r"There is no file nothing\.csv"):
        open_data(tmp_path / "nothing.csv")
    with pytest.raises(UnreadableData, match="has no data files"):
        open_data(tmp_path)
    with pytest.raises(UnreadableData, match="No file matches"):
        open_data(tmp_path / "*.csv")


def test_description_is_plain_values(tmp_path: Path) -> None:
    found = describe(write(tmp_path, bars_text(minutes("%Y-%m-%d %H:%M:%S")), "EURUSD_1m.csv"))
    assert found["symbol"] == "EURUSD"
    assert (found["kind"], found["timeframe"], found["rows"]) == ("bars", "1m", 5)
    assert found["first"] == "2023-11-14 22:14:00Z"


@given(st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), min_size=1, max_size=10))
def test_iso_times_are_exact_to_the_microsecond(moments: list[datetime]) -> None:
    cells = [moment.isoformat(" ") + ("" if moment.microsecond else ".0") for moment in moments]
    expected = [int(np.datetime64(moment, "ns").astype(np.int64)) for moment in moments]
    assert parse_times(cells).ts.tolist() == expected


ISO = ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%SZ"]
SHAPES = [*ISO, "%s", "%s000"]


@given(
    st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), min_size=1, max_size=6),
    st.sampled_from(SHAPES),
    st.sampled_from(["UTC", "Europe/Berlin"]),
)
def test_reading_whole_columns_and_cell_by_cell_is_the_same(moments: list[datetime], shape: str, tz: str) -> None:
    cells = [moment.replace(tzinfo=UTC).strftime(shape) for moment in moments]
    if shape.startswith("%s"):
        cells = [str(int(moment.replace(tzinfo=UTC).timestamp()) + 10**9) + shape[2:] for moment in moments]
    try:
        together = parse_times(cells, tz).ts.tolist()
    except BadTime:
        assert shape.startswith("%s")  # numbers of different units
        return
    # One cell of another length sends the whole column the slow way.
    odd = f"{cells[0]} " if shape.startswith("%s") else f" {cells[0]}"
    assert parse_times([*cells, odd], tz).ts.tolist()[:-1] == together


@pytest.mark.parametrize("cell", ["2024-13-01", "2024-02-30", "2024-01-01 25:00", "2024-01-01 10:61", "1899-01-01"])
def test_times_that_do_not_exist_are_refused_in_whole_columns(cell: str) -> None:
    good = "2024-01-01 10:00"[: len(cell)]
    with pytest.raises(BadTime) as caught:
        parse_times([good, cell])
    assert caught.value.index == 1


@pytest.mark.parametrize("stamp", ["99999999999", "9223372036854775808", "99999999999.5"])
def test_a_time_too_far_ahead_is_refused_in_one_sentence(stamp: str) -> None:
    with pytest.raises(BadTime, match="later than the year 2200"):
        parse_times([stamp])


def test_u88_a_grouping_comma_beside_decimal_points_is_refused_not_read_as_one(tmp_path: Path) -> None:
    path = tmp_path / "semi.csv"
    path.write_text("time;open;high;low;close;volume\n2024-01-01 00:00;1.5;2.5;1.0;2.0;1,000\n"
                    "2024-01-01 00:01;1.5;2.5;1.0;2.0;2,000\n")
    with pytest.raises(UnreadableData, match="line 2"):
        open_data(path)
