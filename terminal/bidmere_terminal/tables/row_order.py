"""Which rows a table shows and in what order, worked out from scratch by one pure function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bidmere_terminal.tables.columns import Column, Heading, Key, Row, SortBy

Group = Callable[[Row], tuple[int, str]]


class _Last:
    """A value that no order can compare: it stands behind all others, in both directions."""


_LAST = _Last()


def _comparable(value: Any) -> Any:
    if value is None or value != value:
        return _LAST
    return value.casefold() if isinstance(value, str) else value


def sorted_keys(
    rows: Mapping[Key, Row], keys: Iterable[Key], columns: Mapping[str, Column], by: Sequence[SortBy]
) -> list[Key]:
    """Return keys sorted by several columns; equal rows keep the order in which they came, missing values go last."""
    result = list(keys)
    for level in reversed(by):
        column = columns.get(level.column)
        if column is None:
            continue
        values = {key: _comparable(column.value(rows[key])) for key in result}
        known = [key for key in result if values[key] is not _LAST]
        unknown = [key for key in result if values[key] is _LAST]
        known.sort(key=values.__getitem__, reverse=level.descending)
        result = known + unknown
    return result


def matching(rows: Mapping[Key, Row], keys: Iterable[Key], columns: Sequence[Column], text: str) -> list[Key]:
    """Return the keys whose visible texts contain every word of `text`, in any case."""
    words = text.casefold().split()
    if not words:
        return list(keys)
    found = []
    for key in keys:
        row = rows[key]
        cells = [column.cell(row) for column in columns]
        shown = " ".join(f"{cell.text}{cell.suffix}" for cell in cells).casefold()
        if all(word in shown for word in words):
            found.append(key)
    return found


def table_order(
    rows: Mapping[Key, Row],
    columns: Sequence[Column],
    *,
    sort: Sequence[SortBy] = (),
    wanted: Callable[[Row], bool] | None = None,
    text: str = "",
    text_columns: Sequence[Column] | None = None,
    group: Group | None = None,
) -> list[Key]:
    """Return what a table shows from top to bottom: keys, with a Heading before each group."""
    keys = [key for key, row in rows.items() if wanted is None or wanted(row)]
    keys = matching(rows, keys, columns if text_columns is None else text_columns, text)
    keys = sorted_keys(rows, keys, {column.id: column for column in columns}, sort)
    if group is None:
        return keys
    groups: dict[tuple[int, str], list[Key]] = {}
    for key in keys:
        groups.setdefault(group(rows[key]), []).append(key)
    result: list[Key] = []
    for name in sorted(groups):
        result.append(Heading(name[1]))
        result.extend(groups[name])
    return result
