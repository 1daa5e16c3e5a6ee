"""Tables as text: tab-separated for the clipboard, CSV for files; plain digits and nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from bidmere.model.money import plain
from bidmere_terminal.tables.columns import Align, Column, Row

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def canonical(value: Any) -> str:
    """Return a value with a point, no grouping and a plain minus (U-246)."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, float):
        return "" if value != value else repr(value)
    return str(value)


def canonical_cell(column: Column, row: Row) -> str:
    """Return the text of a cell for copies and exports; texts lose tabs and line breaks."""
    if column.canonical is not None:
        text = column.canonical(row)
    else:
        value = column.value(row)
        text = column.cell(row).text if value is None and column.align is not Align.RIGHT else canonical(value)
    return " ".join(text.split()) if any(mark in text for mark in "\t\r\n") else text


def is_number(text: str) -> bool:
    """Say whether a text is nothing but a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def inert(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; numbers stay numbers."""
    return "'" + text if text.startswith(_FORMULA_STARTS) and not is_number(text) else text


def as_tsv(columns: Sequence[Column], rows: Iterable[Row], *, header: bool = True) -> str:
    """Return rows as tab-separated lines."""
    lines = ["\t".join(inert(column.title) for column in columns)] if header else []
    lines += ["\t".join(inert(canonical_cell(column, row)) for column in columns) for row in rows]
    return "\n".join(lines)


def as_csv(columns: Sequence[Column], rows: Iterable[Row]) -> str:
    """Return rows as CSV with a header line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([inert(column.title) for column in columns])
    writer.writerows([inert(canonical_cell(column, row)) for column in columns] for row in rows)
    return out.getvalue()
