"""Find out how a CSV is written and what its columns mean, from its first lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bidmere.errors import UnreadableData

_DELIMITERS = (",", ";", "\t", "|")
_TITLE_LINES = 3
_SNIFFED = 100_000
_NUMERIC = re.compile(r"^[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?$")
_DATE_LIKE = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|^\d{8}\b|^\d{1,2}[- ][A-Za-z]{3}")
_CLOCK_LIKE = re.compile(r"^\d{1,2}:\d{2}|^\d{6}(\d{3})?$")

NAMES: dict[str, tuple[str, ...]] = {
    "time": (
        "timestamp", "datetime", "opentime", "time", "date", "ts", "tsevent", "unix", "unixtime", "unixtimestamp",
        "gmttime", "localtime", "utctime", "dateandtime", "dtyyyymmdd", "yyyymmdd", "t", "epoch", "begin", "starttime",
        "timeutc", "dateutc", "datetimeutc", "tradetime", "quotetime", "etctime", "esttime",
    ),
    "open": ("open", "o", "openprice", "first", "bidopen"),
    "high": ("high", "h", "highprice", "max", "bidhigh"),
    "low": ("low", "l", "lowprice", "min", "bidlow"),
    "close": ("close", "c", "closeprice", "closelast", "settle", "bidclose"),
    "volume": ("volume", "vol", "v", "tickvol", "tickvolume", "volumebase", "basevolume", "totalvolume", "volumelots"),
    "price": ("price", "tradeprice", "last", "lastprice", "px", "rate"),
    "size": ("size", "amount", "qty", "quantity", "tradesize", "lastsize", "lots", "volume", "vol", "tradequantity"),
    "side": ("side", "direction", "aggressor", "takerside", "buysell", "aggressorside", "isbuyermaker", "buyermaker"),
    "bid": ("bid", "bidprice", "bestbid", "bestbidprice", "bidpx"),
    "ask": ("ask", "askprice", "bestask", "bestaskprice", "askpx", "offer", "offerprice"),
    "bid_size": ("bidsize", "bidamount", "bidqty", "bidvolume", "bestbidqty", "bestbidsize", "bidquantity"),
    "ask_size": ("asksize", "askamount", "askqty", "askvolume", "bestaskqty", "bestasksize", "askquantity"),
    "symbol": ("symbol", "ticker", "pair", "instrument", "market", "product", "sym", "contract"),
}  # fmt: skip
_BOOK_NAMES = frozenset({"updatetype", "issnapshot", "firstupdateid", "lastupdateid", "bids0price", "level"})
_CLOCK_NAMES = ("time", "timeofday", "clock", "hhmmss")
_DATE_NAMES = ("date", "dtyyyymmdd", "yyyymmdd", "day", "gmtdate", "localdate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a file is written: `columns` maps a meaning to its column; `clock` is a separate column with the time of day.

    `skip` lines come before the first row (titles and the header).
    """

    delimiter: str
    skip: int
    width: int
    columns: dict[str, int]
    clock: int | None
    decimal_comma: bool
    kind: str


def sniff(text: str, name: str) -> Layout:
    """Find the layout. Raises UnreadableData when the columns cannot be told."""
    lines = text[:_SNIFFED].splitlines()[:200]
    start = _first_line(lines)
    if start >= len(lines):
        raise UnreadableData(f"{name} holds no rows: a CSV with one row per line was expected.")
    delimiter = _delimiter(lines[start:], name)
    width = _usual_width(lines[start:], delimiter)
    titles = 0
    while titles < _TITLE_LINES and len(cells(lines[start], delimiter)) != width:
        start, titles = start + 1, titles + 1
    head = cells(lines[start], delimiter)
    body = [cells(line, delimiter) for line in lines[start + 1 : start + 51] if line.strip()]
    body = [row for row in body if len(row) == len(head)]
    if _is_header(head):
        if not body:
            raise UnreadableData(f"{name} has a header but no rows below it: export it again.")
        _refuse_book(head, name)
        columns, clock = _by_names(head, body[0])
        skip = start + 1
        sample = body
    else:
        sample = [head, *body]
        _refuse_words(head, body, name)
        columns, clock = _by_shape(sample, name)
        skip = start
    kind = _kind(columns, head, name)
    return Layout(
        delimiter=delimiter,
        skip=skip,
        width=width,
        columns=columns,
        clock=clock,
        decimal_comma=delimiter != "," and _has_decimal_comma(sample, columns),
        kind=kind,
    )


def cells(line: str, delimiter: str) -> list[str]:
    """Split one line; quotes are taken off, delimiters inside quotes respected."""
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    found, current, quoted = [], "", False
    for char in line:
        if char == '"':
            quoted = not quoted
        elif char == delimiter and not quoted:
            found.append(current.strip())
            current = ""
        else:
            current += char
    return [*found, current.strip()]


def plain_name(title: str) -> str:
    """Return a column title without case, spaces and marks."""
    return re.sub(r"[^a-z0-9]", "", title.lower())


def _first_line(lines: Sequence[str]) -> int:
    for index, line in enumerate(lines):
        if line.strip() and not line.lstrip().startswith("#"):
            return index
    return len(lines)


def _delimiter(lines: Sequence[str], name: str) -> str:
    best: tuple[float, str] | None = None
    for delimiter in _DELIMITERS:
        widths = Counter(len(cells(line, delimiter)) for line in lines[:50] if line.strip())
        width, count = widths.most_common(1)[0]
        if width > 1:
            # Among equally steady ones the first wins, but `;` beats the decimal commas beside it.
            score = count / sum(widths.values()) + (0.5 if delimiter != "," else 0.0)
            if best is None or score > best[0]:
                best = (score, delimiter)
    if best is None:
        raise UnreadableData(f"{name} has no columns: cells parted by comma, semicolon, tab or | were expected.")
    return best[1]


def _usual_width(lines: Sequence[str], delimiter: str) -> int:
    widths = Counter(len(cells(line, delimiter)) for line in lines[:50] if line.strip())
    return widths.most_common(1)[0][0]


def _is_header(row: Sequence[str]) -> bool:
    words = [cell for cell in row if cell and not _NUMERIC.match(cell) and not _DATE_LIKE.match(cell)]
    known = {one for group in NAMES.values() for one in group}
    return sum(plain_name(word) in known for word in words) >= 2


def _by_names(head: Sequence[str], first: Sequence[str]) -> tuple[dict[str, int], int | None]:
    names = [plain_name(title) for title in head]
    found: dict[str, int] = {}
    for meaning, known in NAMES.items():
        index = next((names.index(one) for one in known if one in names), None)
        if index is not None:
            found[meaning] = index
    if "time" not in found:
        index = next((i for i, one in enumerate(names) if one.startswith(("timestamp", "datetime", "date"))), None)
        if index is not None:
            found["time"] = index
    if "volume" not in found:  # "Volume BTC", "Volume (USD)": the first is in units of the instrument
        index = next((i for i, one in enumerate(names) if one.startswith("volume")), None)
        if index is not None:
            found["volume"] = index
    clock: int | None = None
    day = next((i for i, one in enumerate(names) if one in _DATE_NAMES and _DATE_LIKE.match(first[i])), None)
    if day is not None:
        clock = next(
            (i for i, one in enumerate(names) if i != day and one in _CLOCK_NAMES and _CLOCK_LIKE.match(first[i])), None
        )
        if clock is not None:
            found["time"] = day
    return found, clock


def _by_shape(rows: Sequence[Sequence[str]], name: str) -> tuple[dict[str, int], int | None]:
    """Tell the columns of a file without header by their number and by what fits together."""
    first = rows[0]
    clock = 1 if len(first) > 2 and _DATE_LIKE.match(first[0]) and _CLOCK_LIKE.match(first[1]) else None
    shift = 0 if clock is None else 1
    numbers = len(first) - 1 - shift
    values = [[_value(cell) for cell in row[1 + shift :]] for row in rows]
    if numbers >= 4 and all(_is_bar(row) for row in values):
        columns = {"time": 0, "open": 1 + shift, "high": 2 + shift, "low": 3 + shift, "close": 4 + shift}
        return (columns | {"volume": 5 + shift} if numbers >= 5 else columns), clock
    if numbers in (2, 3) and all(_is_quote(row) for row in values):
        return {"time": 0, "bid": 1 + shift, "ask": 2 + shift}, clock
    if numbers == 2:
        return {"time": 0, "price": 1 + shift, "size": 2 + shift}, clock
    raise UnreadableData(
        f"{name} has no header and its {len(first)} columns do not explain themselves: "
        "add a first line such as time,open,high,low,close,volume."
    )


def _value(cell: str) -> float:
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return float("nan")


def _is_bar(row: Sequence[float]) -> bool:
    open_, high, low, close = row[:4]
    return low <= open_ <= high and low <= close <= high


def _is_quote(row: Sequence[float]) -> bool:
    return 0 < row[0] <= row[1] < row[0] * 1.05


def _refuse_words(head: Sequence[str], body: Sequence[Sequence[str]], name: str) -> None:
    """Refuse a header whose titles mean nothing to us, by its titles."""
    words = all(not _NUMERIC.match(cell) and not _DATE_LIKE.match(cell) for cell in head)
    if words and body and any(_NUMERIC.match(cell) for cell in body[0]):
        raise UnreadableData(
            f"{name} has columns that are not known ({', '.join(head[:8])}): "
            "name them for example time,open,high,low,close,volume."
        )


def _refuse_book(head: Sequence[str], name: str) -> None:
    if {plain_name(title) for title in head} & _BOOK_NAMES:
        raise UnreadableData(f"{name} holds an order book, which is not imported: give bars, trades or quotes.")


def _kind(columns: dict[str, int], head: Sequence[str], name: str) -> str:
    if "time" not in columns:
        raise UnreadableData(
            f"{name} has no column of times among {', '.join(head[:8])}: name one of them time, date or timestamp."
        )
    if {"open", "high", "low", "close"} <= columns.keys():
        return "bars"
    if {"bid", "ask"} <= columns.keys():
        return "quotes"
    if {"price", "size"} <= columns.keys():
        return "trades"
    raise UnreadableData(
        f"{name} is neither bars (open, high, low, close), trades (price, size) nor quotes (bid, ask): "
        f"its columns are {', '.join(head[:8])}."
    )


def _has_decimal_comma(rows: Sequence[Sequence[str]], columns: dict[str, int]) -> bool:
    """Say whether commas are decimal marks: some number has one and none has a point beside it (then it groups)."""
    values = [index for meaning, index in columns.items() if meaning not in ("time", "symbol", "side")]
    found = [row[index] for row in rows for index in values if index < len(row)]
    return any(re.match(r"^-?\d+,\d+$", cell) for cell in found) and not any("." in cell for cell in found)
