"""Share a table's width among its columns, so that the last one is never cut without need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Wish(NamedTuple):
    """What one visible column would like: its width, the least it can do with, its share of what is left over."""

    width: int
    least: int
    stretch: int


def fitted(wishes: Sequence[Wish], room: int) -> list[int]:
    """Return widths in pixels: spare room goes to the stretching columns, missing room is taken where there is slack.

    Where even the least widths do not fit, every column gets its least and the table scrolls sideways.
    """
    widths = [wish.width for wish in wishes]
    spare = room - sum(widths)
    if spare > 0:
        return _shared_out(widths, [wish.stretch for wish in wishes], spare)
    slack = [max(0, wish.width - wish.least) for wish in wishes]
    total = sum(slack)
    if spare < 0 and total >= -spare:
        return _shared_out(widths, slack, spare)
    return [wish.least for wish in wishes] if spare < 0 else widths


def _shared_out(widths: list[int], weights: Sequence[int], amount: int) -> list[int]:
    total = sum(weights)
    if not total:
        return widths
    result, given, seen = list(widths), 0, 0
    for number, weight in enumerate(weights):
        seen += weight
        upto = amount * seen // total if amount >= 0 else -(-amount * seen // total)
        result[number] += upto - given
        given = upto
    return result
