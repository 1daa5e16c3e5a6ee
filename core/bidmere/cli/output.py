"""How commands answer: a JSON value for programs, short text for people."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from bidmere.errors import BidmereError
from bidmere.model.ids import InstrumentId
from bidmere.model.money import plain
from bidmere.model.timeframe import Timeframe


def jsonable(value: Any) -> Any:
    """Turn values of the domain into plain JSON: decimals and ids as text, enums by value, NaN as null."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, InstrumentId | Timeframe | Path):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: jsonable(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(item) for item in value]
    return value


def show(value: Mapping[str, Any], text: str, *, as_json: bool) -> None:
    """Print a result: the value as one JSON document, or the text."""
    print(json.dumps(jsonable(value), indent=2, ensure_ascii=False) if as_json else text)


def show_error(error: BidmereError, *, as_json: bool) -> None:
    """Print one sentence on standard error, and with JSON also as a document on standard output."""
    if as_json:
        print(json.dumps({"error": {"code": error.code, "message": str(error)}}, ensure_ascii=False))
    print(f"bidmere: {error}", file=sys.stderr)


def table(head: Sequence[str], rows: Sequence[Sequence[object]], numeric: frozenset[int] = frozenset()) -> str:
    """Lay out rows in columns; columns in `numeric` are aligned right."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = []
    for row in cells:
        padded = [
            cell.rjust(widths[column]) if column in numeric else cell.ljust(widths[column])
            for column, cell in enumerate(row)
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)
