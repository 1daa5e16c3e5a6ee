"""The usual time stamps, whole columns at once: digits of one length, and ISO texts of one shape.

Each function returns None for anything unusual; `times` then reads cell by cell and finds the words for what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bidmere.model.bars import Ints

_SECOND = 1_000_000_000
_DAY = 86_400 * _SECOND
_ZERO = ord("0")

Codes = NDArray[np.uint32]


def integers(cells: Sequence[str]) -> Ints | None:
    """Return non-negative integers that all have the same number of digits (at most 19, below 2⁶³)."""
    codes = _matrix(cells)
    if codes is None or codes.shape[1] > 19:
        return None
    value = _number(codes, 0, codes.shape[1])
    return value if value is not None and (value >= 0).all() else None


def iso_times(cells: Sequence[str]) -> tuple[Ints, bool, bool] | None:
    """Return (ns, whole days, zoned) of texts like 2024-05-31[ 14:00[:00[.123]]][Z or +00:00]."""
    codes = _matrix(cells)
    if codes is None:
        return None
    length = codes.shape[1]
    tail = cells[0][-6:]
    zoned = length > 16 and (cells[0].endswith("Z") or tail in ("+00:00", "-00:00"))
    if zoned:
        suffix = "Z" if cells[0].endswith("Z") else tail
        if not _is_text(codes, length - len(suffix), suffix):
            return None
        length -= len(suffix)
    if length not in (10, 16, 19) and not 21 <= length <= 29:
        return None
    return _iso(codes, cells[0], length, zoned)


def _iso(codes: Codes, first: str, length: int, zoned: bool) -> tuple[Ints, bool, bool] | None:
    mark = first[4]
    marks = [(4, mark), (7, mark), (10, first[10:11]), (13, ":"), (16, ":"), (19, ".")]
    if mark not in "-/." or first[10:11] not in ("", " ", "T"):
        return None
    if not all(_is_text(codes, place, text) for place, text in marks if place < length):
        return None
    days = _days(codes)
    if days is None:
        return None
    if length == 10:
        return days * _DAY, True, False
    parts = [_number(codes, place, place + 2) for place in (11, 14, 17) if place < length]
    fraction = _number(codes, 20, length) if length > 20 else None
    total = days * _DAY
    for part, limit, unit in zip(parts, (24, 60, 60), (3_600, 60, 1), strict=False):
        if part is None or (part >= limit).any():
            return None
        total = total + part * (unit * _SECOND)
    if length > 20:
        if fraction is None:
            return None
        total = total + fraction * 10 ** (29 - length)
    return total, False, zoned


def _days(codes: Codes) -> Ints | None:
    year, month, day = (_number(codes, start, end) for start, end in ((0, 4), (5, 7), (8, 10)))
    if year is None or month is None or day is None:
        return None
    if (year < 1900).any() or (year > 2200).any() or (month < 1).any() or (month > 12).any() or (day < 1).any():
        return None
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    dates = months.astype("datetime64[D]") + (day - 1)
    if (dates.astype("datetime64[M]") != months).any():
        return None
    return np.asarray(dates.astype(np.int64), np.int64)


def _matrix(cells: Sequence[str]) -> Codes | None:
    """Return the characters of equally long cells as an array of shape (rows, length)."""
    length = len(cells[0]) if cells else 0
    if not 1 <= length <= 40 or any(len(cell) != length for cell in cells):
        return None
    text = np.array(cells, dtype=f"U{length}")
    return text.view(np.uint32).reshape(len(cells), length)


def _is_text(codes: Codes, place: int, text: str) -> bool:
    wanted = np.array([ord(char) for char in text], np.uint32)
    return bool((codes[:, place : place + len(text)] == wanted).all())


def _number(codes: Codes, start: int, end: int) -> Ints | None:
    value = np.zeros(len(codes), np.int64)
    for column in range(start, end):
        digit = codes[:, column].astype(np.int64) - _ZERO
        if ((digit < 0) | (digit > 9)).any():
            return None
        value = value * 10 + digit
    return value
