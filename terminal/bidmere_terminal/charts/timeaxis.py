"""Time labels: which bars deserve one, and its words, in any IANA zone. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from bidmere.errors import InvalidInput

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EPOCH = datetime.fromtimestamp(0, UTC)
_SECOND_NS = 1_000_000_000
_HALF_HOUR_NS = 1_800 * _SECOND_NS
_DAY = 86_400
_MONTH = 2_629_746
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 43_200)
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)


@dataclass(frozen=True, slots=True)
class TimeTick:
    """Mark one column by its number; `strong` ones begin a day, a month or a year."""

    column: int
    text: str
    strong: bool


def zone_info(name: str) -> ZoneInfo:
    """Return an IANA zone. Raises InvalidInput."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput(f"{name!r} is not a time zone: write for example UTC or America/New_York.") from error


def zone_title(name: str) -> str:
    """Return the short name of a zone that an axis shows: `New York`, `UTC`."""
    return name.rsplit("/", 1)[-1].replace("_", " ")


@lru_cache(maxsize=65_536)
def _offset_s(name: str, half_hour: int) -> int:
    moment = _EPOCH + timedelta(seconds=half_hour * 1_800)
    offset = moment.astimezone(zone_info(name)).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def local_seconds(ts_ns: Ints, zone: str) -> Ints:
    """Return wall-clock seconds since 1970 in a zone; offsets are looked up per half hour."""
    seconds: Ints = ts_ns // _SECOND_NS
    if zone == "UTC" or not len(ts_ns):
        return seconds
    slots, where = np.unique(ts_ns // _HALF_HOUR_NS, return_inverse=True)
    offsets = np.array([_offset_s(zone, slot) for slot in slots.tolist()], np.int64)
    result: Ints = seconds + offsets[where]
    return result


def _date(day: int) -> tuple[int, int, int]:
    moment = _EPOCH + timedelta(days=day)
    return moment.year, moment.month, moment.day


def stamp(ts_ns: int, zone: str, bar_s: float) -> str:
    """Return a bar's full time: `21 Nov 26  11:20`, with seconds or without a clock as the bar length asks."""
    local = int(local_seconds(np.array([ts_ns]), zone)[0])
    day, rest = divmod(local, _DAY)
    year, month, number = _date(day)
    if bar_s >= _DAY:
        return f"{WEEKDAYS[(day + 3) % 7]} {number:02d} {MONTHS[month - 1]} {year}"
    clock = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}" + (f":{rest % 60:02d}" if bar_s < 60 else "")
    return f"{number:02d} {MONTHS[month - 1]} {year % 100:02d}  {clock}"


def _months(local: Ints) -> Ints:
    result: Ints = (local // _DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return result


def time_ticks(ts_ns: Ints, x: Floats, bar_s: float, px_per_bar: float, zone: str, spacing: float) -> list[TimeTick]:
    """Choose labels for columns that open at `ts_ns` and sit at pixels `x`, at least `spacing` pixels apart.

    `bar_s` is the length of one bar and `px_per_bar` its width; gaps in time take no room on the axis.
    """
    if len(ts_ns) < 2:
        return []
    local = local_seconds(ts_ns, zone)
    wanted = spacing * bar_s / max(px_per_bar, 1e-9)
    groups, strong, mode = _group(local, wanted)
    starts = (np.diff(groups, prepend=groups[0]) != 0) | strong
    return _place(np.flatnonzero(starts), strong, local, x, spacing, mode)


def _changes(values: Ints) -> NDArray[np.bool_]:
    result: NDArray[np.bool_] = np.diff(values, prepend=values[0]) != 0
    return result


def _group(local: Ints, wanted_s: float) -> tuple[Ints, NDArray[np.bool_], str]:
    """Return the group of each column, where a label opens each; the strong openings; how labels are worded."""
    days = local // _DAY
    for step in _STEPS:
        if step >= wanted_s:
            return local // step, _changes(days), "clock" if step >= 60 else "seconds"
    months = _months(local)
    for count in (1, 2, 4):
        if count * _DAY >= wanted_s:
            return days // count, _changes(months), "day"
    for weeks in (1, 2):
        if weeks * 7 * _DAY >= wanted_s:
            return (days + 3) // (7 * weeks), _changes(months), "day"
    count = next((c for c in _MONTH_STEPS if c * _MONTH >= wanted_s), _MONTH_STEPS[-1])
    return months // count, _changes(months // 12), "month"


def _place(
    columns: NDArray[np.intp], strong: NDArray[np.bool_], local: Ints, x: Floats, spacing: float, mode: str
) -> list[TimeTick]:
    """Keep strong labels first, then the others where there is room."""
    kept: list[int] = []
    for wants_strong in (True, False):
        for column in columns.tolist():
            free = bool(strong[column]) == wants_strong
            if free and all(abs(x[column] - x[other]) >= spacing * 0.8 for other in kept):
                kept.append(column)
    return [TimeTick(c, _words(int(local[c]), int(local[c - 1]), mode), bool(strong[c])) for c in sorted(kept)]


def _words(local: int, before: int, mode: str) -> str:
    day, rest = divmod(local, _DAY)
    year, month, number = _date(day)
    old_year, old_month, old_number = _date(before // _DAY)
    name = MONTHS[month - 1]
    if mode in ("clock", "seconds"):
        if (year, month, number) != (old_year, old_month, old_number):
            return f"{number} {name}"
        clock = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}"
        return f"{clock}:{rest % 60:02d}" if mode == "seconds" else clock
    if year != old_year:
        return str(year)
    if mode == "month" or month != old_month:
        return name
    return f"{number} {name}"
