"""Read time stamps of every usual kind, whole columns at a time.

Numbers are epoch seconds, ms, µs or ns by their size, or YYYYMMDD / YYYYMMDDHHMMSS. Texts are ISO (`-`, `/` or `.`
between), or day and month first: with dots the day is first (European custom); with `/` or `-` the data must tell (a
number above 12) or the caller, and what stays ambiguous is refused. A zone in the text wins over the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from bidmere.data.importers.fixed_times import integers, iso_times
from bidmere.errors import InvalidInput
from bidmere.model.bars import Ints

_SECOND = 1_000_000_000
_DAY_S = 86_400
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_END = (date(_LAST_YEAR + 1, 1, 1).toordinal() - _EPOCH_DAY) * _DAY_S * _SECOND  # ns fit 63 bits only until 2262
_MONTHS = dict(jan=1, feb=2, mar=3, apr=4, may=5, jun=6, jul=7, aug=8, sep=9, oct=10, nov=11, dec=12)  # noqa: C408

_NUMBER = re.compile(r"^-?\d+(?:\.\d*)?(?:[eE]\+?\d+)?$")
_ISO = re.compile(r"^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ]+(.*))?$")
_LOCAL = re.compile(r"^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[T ,]+(.*))?$")
_NAMED = re.compile(r"^(\d{1,2})[- ]([A-Za-z]{3})[a-z]*[- ,]+(\d{4})(?:[T ]+(.*))?$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:[T ]+(.*))?$")
_CLOCK = re.compile(
    r"^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?\s*([AaPp]\.?[Mm]\.?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
    r"(?:\s*(?:UTC|GMT))?$"
)
_CLOCK_COMPACT = re.compile(r"^(\d{2})(\d{2})(\d{2})(\d{3})?$")

_UNITS = ((10**11, _SECOND), (10**14, 1_000_000), (10**17, 1_000), (10**20, 1))


class BadTime(Exception):
    """Row `index` of a column is no time; `why` says what was expected."""

    def __init__(self, index: int, why: str) -> None:
        super().__init__(why)
        self.index = index
        self.why = why


@dataclass(frozen=True, slots=True)
class Times:
    """A column read: `ts` int64 ns UTC; `whole_days` when no row had a time of day; `zoned` when the zone was told."""

    ts: Ints
    whole_days: bool
    zoned: bool


def zone(name: str) -> tzinfo:
    """Return the zone of an IANA name or `UTC`. Raises InvalidInput."""
    if name.upper() in ("UTC", "Z", "GMT"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(f"{name!r} is no time zone: write for example UTC or America/New_York.") from None


def parse_times(cells: Sequence[str], tz: str = "UTC", *, day_first: bool | None = None) -> Times:
    """Read a column. Raises BadTime for a row that is no time, and InvalidInput for an unknown zone."""
    where = zone(tz)
    if not len(cells):
        return Times(np.empty(0, np.int64), False, False)
    if _NUMBER.match(cells[0].strip()):
        return _same_length_numbers(cells) or _numbers(cells, where)
    if (usual := iso_times(cells)) is not None:
        ts, whole_days, zoned = usual
        return Times(ts if whole_days or zoned else to_utc(ts, where), whole_days, zoned)
    return _texts(cells, where, day_first)


def to_utc(local: Ints, where: tzinfo) -> Ints:
    """Turn wall-clock ns into ns UTC; in the hour that comes twice, rows in order take it once, then again."""
    if where is UTC or not len(local):
        return local
    hours, index = np.unique(local // (3_600 * _SECOND), return_inverse=True)
    first = np.array([_offset(int(hour), where, 0) for hour in hours], np.int64)
    second = np.array([_offset(int(hour), where, 1) for hour in hours], np.int64)
    ts = np.asarray(local - first[index], np.int64)
    twice = (second < first)[index]
    if twice.any():
        again = False
        for row in np.flatnonzero(twice):
            if row and local[row] < local[row - 1] and twice[row - 1]:
                again = True
            elif row and not twice[row - 1]:
                again = False
            if again:
                ts[row] = local[row] - second[index[row]]
    return ts


def _offset(local_hour: int, where: tzinfo, fold: int) -> int:
    try:
        moment = datetime(1970, 1, 1) + timedelta(hours=local_hour)  # noqa: DTZ001 - a wall clock has no zone yet
        offset = moment.replace(tzinfo=where, fold=fold).utcoffset()
    except (OverflowError, ValueError):
        return 0
    return int(offset.total_seconds()) * _SECOND if offset is not None else 0


def _same_length_numbers(cells: Sequence[str]) -> Times | None:
    """Read a column of epoch numbers that all have the same length; None for anything else."""
    if len(cells[0]) in (8, 12, 14) and _compact(cells[0]) is not None:
        return None
    values = integers(cells)
    if values is None:
        return None
    limit, unit = next((one for one in _UNITS if values[0] < one[0]), (0, 0))
    if not unit or values[0] < 10**8 or (values < limit // 10**4).any() or (values >= min(limit, _END // unit)).any():
        return None
    return Times(values * unit, False, True)


def _numbers(cells: Sequence[str], where: tzinfo) -> Times:
    for index, cell in enumerate(cells):
        if not _NUMBER.match(cell.strip()):
            raise BadTime(index, f"{cell!r} is no number like the times before it")
    first = cells[0].strip()
    if first.isdigit() and len(first) in (8, 12, 14) and _compact(first) is not None:
        seconds: list[int] = []
        for index, cell in enumerate(cells):
            moment = _compact(cell.strip())
            if moment is None or len(cell.strip()) != len(first):
                raise BadTime(index, f"{cell!r} is no date like {first}")
            seconds.append(moment)
        local = np.array(seconds, np.int64) * _SECOND
        whole = len(first) == 8
        return Times(local if whole else to_utc(local, where), whole, False)
    size = abs(float(first))
    unit = next((unit for limit, unit in _UNITS if size < limit), None)
    if unit is None or size < 10**8:
        raise BadTime(0, f"{first!r} is no time: epoch seconds, ms, µs or ns, or a date, was expected")
    exact = all(cell.strip().isdigit() for cell in cells)
    limit = next(limit for limit, one in _UNITS if one == unit)
    values = [int(cell) if exact else float(cell) for cell in cells]
    for index, value in enumerate(values):
        if value >= _END // unit:
            raise BadTime(index, f"{cells[index]!r} is later than the year {_LAST_YEAR}")
        if not limit // 10**4 <= value < limit:
            raise BadTime(index, f"{cells[index]!r} is no time of the same unit as {first!r}")
    if exact:
        return Times(np.array(values, np.int64) * unit, False, True)
    whole_part = np.floor(np.array(values, np.float64))
    rest = np.array([_fraction(cell) for cell in cells], np.float64)
    return Times(whole_part.astype(np.int64) * unit + np.rint(rest * unit).astype(np.int64), False, True)


def _fraction(cell: str) -> float:
    text = cell.strip()
    if "e" in text.lower():
        return float(text) % 1.0
    return float("0." + (text.partition(".")[2] or "0"))


def _compact(text: str) -> int | None:
    """Return seconds of a YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS wall clock; None when it is none."""
    if not text.isdigit() or len(text) not in (8, 12, 14):
        return None
    try:
        day = _days(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
    hour, minute, second = (int(text[i : i + 2] or 0) for i in (8, 10, 12))
    if hour > 23 or minute > 59 or second > 59:
        return None
    return day * _DAY_S + hour * 3_600 + minute * 60 + second


def _days(year: int, month: int, day: int) -> int:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(year)
    return date(year, month, day).toordinal() - _EPOCH_DAY


def _texts(cells: Sequence[str], where: tzinfo, day_first: bool | None) -> Times:
    count = len(cells)
    local, offsets = np.empty(count, np.int64), np.zeros(count, np.int64)
    has_zone = np.zeros(count, np.bool_)
    any_clock = False
    dates: dict[str, int] = {}
    order: bool | None = day_first
    for index, cell in enumerate(cells):
        text = cell.strip()
        head, rest = _split(text)
        if head not in dates:
            if order is None and _LOCAL.match(head) and "." not in head:
                order = _day_is_first(cells, index)
            dates[head] = _date(head, order, index, cell)
        moment = dates[head] * _DAY_S * _SECOND
        if rest:
            any_clock = True
            clock, offset = _clock(rest, index, cell)
            moment += clock
            if offset is not None:
                has_zone[index] = True
                offsets[index] = offset
        local[index] = moment
    if not any_clock:
        return Times(local, True, False)
    if has_zone.all():
        return Times(local - offsets, False, True)
    if has_zone.any():
        row = int(np.argmin(has_zone))
        raise BadTime(row, f"{cells[row]!r} has no zone although other rows have one")
    return Times(to_utc(local, where), False, False)


def _split(text: str) -> tuple[str, str]:
    for pattern in (_ISO, _LOCAL, _NAMED, _COMPACT):
        match = pattern.match(text)
        if match is not None:
            rest = match[match.re.groups] or ""
            return (text[: match.start(match.re.groups)].rstrip("T ,") if rest else text.rstrip("T ,")), rest.strip()
    return text, ""


def _date(head: str, day_first: bool | None, index: int, cell: str) -> int:
    try:
        if match := _ISO.match(head):
            return _days(int(match[1]), int(match[3]), int(match[4]))
        if match := _LOCAL.match(head):
            one, two, year = int(match[1]), int(match[3]), int(match[4])
            day, month = (one, two) if match[2] == "." or day_first else (two, one)
            return _days(year, month, day)
        if match := _NAMED.match(head):
            return _days(int(match[3]), _MONTHS[match[2].lower()], int(match[1]))
        if match := _COMPACT.match(head):
            return _days(int(match[1]), int(match[2]), int(match[3]))
    except (ValueError, KeyError):
        raise BadTime(index, f"{cell!r} is no date that exists") from None
    raise BadTime(index, f"{cell!r} is no time: for example 2024-05-31 14:00:00 or epoch ms was expected")


def _day_is_first(cells: Sequence[str], index: int) -> bool:
    """Find out of the whole column whether 03/04/2024 is the third of April."""
    for cell in cells:
        match = _LOCAL.match(_split(cell.strip())[0])
        if match is not None and int(match[1]) > 12:
            return True
        if match is not None and int(match[3]) > 12:
            return False
    raise BadTime(index, f"{cells[index]!r} may be day or month first: say which with --day-first or --month-first")


def _clock(text: str, index: int, cell: str) -> tuple[int, int | None]:
    match = _CLOCK.match(text)
    if match is None:
        compact = _CLOCK_COMPACT.match(text)
        if compact is None:
            raise BadTime(index, f"{cell!r} has no time of day like 14:00:00")
        hour, minute, second = int(compact[1]), int(compact[2]), int(compact[3])
        fraction, half, offset = int(compact[4] or 0) * 1_000_000, "", None
    else:
        hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
        fraction, half, offset = int((match[4] or "0").ljust(9, "0")), (match[5] or "").lower(), _zone_ns(match[6])
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    if hour > 23 or minute > 59 or second > 60:
        raise BadTime(index, f"{cell!r} has no time of day that exists")
    return (hour * 3_600 + minute * 60 + second) * _SECOND + fraction, offset


def _zone_ns(text: str | None) -> int | None:
    if text is None:
        return None
    if text[0] not in "+-":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    size = (int(digits[:2]) * 3_600 + int(digits[2:]) * 60) * _SECOND
    return size if text[0] == "+" else -size
