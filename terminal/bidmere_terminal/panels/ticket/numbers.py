"""What a person typed as a number: taken exactly, or refused with what they may have meant; never coerced (U-88)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bidmere.errors import InvalidInput
from bidmere.model.money import plain, to_decimal

_PLAIN = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_GROUPS = re.compile(r"[0-9]{1,3}(?:[,' ][0-9]{3})+")
_UNIT = re.compile(r"(?P<number>[0-9][0-9.]*|\.[0-9]+)\s*(?P<unit>[A-Za-z%$€£]+)")
_FACTORS = {"k": Decimal(1_000), "m": Decimal(1_000_000)}


@dataclass(frozen=True, slots=True)
class Number:
    """A number that can be read in one way only."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Unclear:
    """No number, or one with two readings: what is wrong and the readings to offer (at most two, plain digits)."""

    reason: str
    readings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing was typed."""


Entry = Number | Unclear | Missing


def read_number(text: str, decimal_mark: str = ".") -> Entry:
    """Read a positive number; `decimal_mark` of the user's locale counts as a point only where nothing else fits.

    A comma before exactly three digits has two readings and is asked about, in every locale.
    """
    text = text.strip()
    if not text:
        return Missing()
    if _PLAIN.fullmatch(text):
        return _exact(text)
    swapped = text.replace(",", ".")
    single_comma = text.count(",") == 1 and "." not in text and bool(_PLAIN.fullmatch(swapped))
    if single_comma and decimal_mark == "," and not _GROUPS.fullmatch(text):
        return _exact(swapped)
    readings = _readings(text)
    if readings:
        return Unclear(f"Did you mean {' or '.join(readings)}?", readings)
    if text.startswith(("-", "−")):
        return Unclear("Write a positive number; the side says the direction.")
    return Unclear("Not a number: write digits with a point, for example 1234.5.")


def _exact(text: str) -> Entry:
    try:
        return Number(to_decimal(text))
    except InvalidInput as error:
        return Unclear(str(error))


def _readings(text: str) -> tuple[str, ...]:
    """Return plain numbers the text may stand for, most literal first."""
    found: list[str] = []
    body = re.sub(r"[' ]", "", text)
    commas, points = body.count(","), body.count(".")
    if commas == 1 and not points:
        found.append(body.replace(",", "."))
    if _GROUPS.fullmatch(text):
        found.append(re.sub(r"[,' ]", "", text))
    if commas and points:
        # Two marks: the last one is the point, the other one separates thousands.
        point = "," if body.rfind(",") > body.rfind(".") else "."
        other = "." if point == "," else ","
        if body.count(point) == 1:
            found.append(body.replace(other, "").replace(point, "."))
        elif body.count(other) == 1:
            found.append(body.replace(point, "").replace(other, "."))
    if points > 1 and not commas and re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{3})+", body):
        found.append(body.replace(".", ""))
    if unit := _UNIT.fullmatch(text):
        found.extend(_with_unit(unit))
    plain_ones = [plain(to_decimal(one)) for one in found if _PLAIN.fullmatch(one) and len(one) <= 18]
    return tuple(dict.fromkeys(plain_ones))[:2]


def _with_unit(match: re.Match[str]) -> list[str]:
    number, unit = match["number"], match["unit"].lower()
    if not _PLAIN.fullmatch(number):
        return []
    if unit in _FACTORS:
        return [plain(to_decimal(number) * _FACTORS[unit])]
    # `1e5` is scientific notation to some and a slip to others: offering 1 would be a guess.
    return [] if unit == "e" else [number]
