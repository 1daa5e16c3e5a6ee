"""Delimited text as columns of cells, with the number of the line where something is wrong."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from bidmere.errors import UnreadableData
from bidmere.model.bars import Floats

MAX_ROWS = 20_000_000
MAX_COLUMNS = 200
MAX_CELL = 1_000
_MISSING = ("", "null", "none", "nan", "na", "n/a", "-", "--")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


def decode(data: bytes, name: str) -> str:
    """Return the text of a file: UTF-8 or UTF-16 by its mark, else Western European. Raises UnreadableData."""
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            text = data.decode("utf-16")
        else:
            text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if _CONTROL.search(text[:65_536]) or "\x00" in text:
        raise UnreadableData(f"{name} is no text file: a CSV with one row per line was expected.")
    if not text.strip():
        raise UnreadableData(f"{name} is empty: export it again.")
    return text


class Table:
    """Cells of equal width; `first_line` is the line of the file where row 0 stands (1 is the first line)."""

    def __init__(self, text: str, name: str, delimiter: str, *, first_line: int = 1, width: int = 0) -> None:
        self.name = name
        self._text = text
        self._first_line = first_line
        self._columns = self._parse(delimiter, width)
        self.width = len(self._columns)
        self.rows = len(self._columns[0]) if self._columns else 0
        if width and self.width != width:
            raise self.error(0, f"{self.width} columns where {width} were expected")

    def text(self, column: int) -> list[str]:
        """Return a column's cells, trimmed."""
        import pyarrow.compute as pc

        cells: list[str] = pc.utf8_trim_whitespace(self._columns[column]).to_pylist()
        return cells

    def numbers(self, column: int, title: str, *, comma: bool = False) -> Floats:
        """Return a column as float64, missing cells as NaN. Raises UnreadableData naming the line of a bad cell."""
        import pyarrow as pa
        import pyarrow.compute as pc

        cells = pc.utf8_trim_whitespace(self._columns[column])
        if comma:
            cells = pc.replace_substring(cells, ",", ".")
        try:
            return np.asarray(pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False), np.float64)
        except pa.ArrowInvalid:
            pass
        missing = pc.is_in(pc.utf8_lower(cells), pa.array(_MISSING))
        try:
            known = pc.if_else(missing, pa.scalar(None, pa.string()), cells)
            return np.asarray(pc.cast(known, pa.float64()).to_numpy(zero_copy_only=False), np.float64)
        except pa.ArrowInvalid:
            row, cell = _first_bad(known.to_pylist())
            raise self.error(row, f"{title} is {cell!r} where a number was expected") from None

    def error(self, row: int, what: str) -> UnreadableData:
        """Say what is wrong in a row, by the line of the file."""
        return UnreadableData(f"{self.name}, line {self.line(row)}: {what}. Correct the file and import it again.")

    def line(self, row: int) -> int:
        """Return the line of the file on which a row stands, empty lines counted."""
        seen = -1
        for number, line in enumerate(self._text.splitlines()):
            if line.strip():
                seen += 1
                if seen == row:
                    return self._first_line + number
        return self._first_line + row

    def _parse(self, delimiter: str, width: int) -> list[Any]:
        import pyarrow as pa
        import pyarrow.csv as pc

        text = self._text
        first = next((line for line in text[: MAX_CELL * MAX_COLUMNS + 1].splitlines() if line.strip()), "")
        if first.count(delimiter) >= MAX_COLUMNS:
            raise UnreadableData(f"{self.name} has more than {MAX_COLUMNS} columns: no market data looks like that.")
        if len(first) > MAX_CELL * MAX_COLUMNS:
            raise UnreadableData(f"{self.name} has a line that is too long for market data.")
        uneven: list[Any] = []

        def refuse(row: Any) -> str:
            uneven.append(row)
            return "error"

        try:
            table = pc.read_csv(
                io.BytesIO(_lines(text).encode("utf-8", "replace")),
                read_options=pc.ReadOptions(
                    use_threads=False, autogenerate_column_names=True, block_size=max(1 << 20, 4 * len(first))
                ),
                parse_options=pc.ParseOptions(delimiter=delimiter, invalid_row_handler=refuse),
                convert_options=pc.ConvertOptions(
                    column_types={f"f{i}": pa.string() for i in range(MAX_COLUMNS)}, strings_can_be_null=False
                ),
            )
        except pa.ArrowInvalid:
            if uneven:
                wrong = (uneven[0].number or 1) - 1, uneven[0].actual_columns, uneven[0].expected_columns
                if width not in (0, wrong[2]):  # the first row is the odd one
                    wrong = 0, wrong[2], width
                raise self.error(wrong[0], f"{wrong[1]} columns where {wrong[2]} were expected") from None
            raise UnreadableData(
                f"{self.name} could not be taken apart into columns at {delimiter!r}: check its quotes and delimiters."
            ) from None
        if table.num_rows > MAX_ROWS:
            raise UnreadableData(f"{self.name} has more than {MAX_ROWS:,} rows: split it by month or by year.")
        return [column.combine_chunks() if column.num_chunks != 1 else column.chunk(0) for column in table.columns]


def _lines(text: str) -> str:
    """Return the text without lines of white space only, which would count as rows of one cell.

    The last line is ended too: a single one without an end would not count at all.
    """
    ends = (" \n", "\t\n", " \r", "\t\r")
    if (text[-1:] in " \t" or any(end in text for end in ends)) and re.search(r"(^|\n)[ \t]+\r?(\n|$)", text):
        return "".join(f"{line}\n" for line in text.splitlines() if line.strip())
    return text if text.endswith("\n") else f"{text}\n"


def _first_bad(cells: Sequence[str | None]) -> tuple[int, str]:
    for row, cell in enumerate(cells):
        if cell is None:
            continue
        try:
            if "_" in cell:
                return row, cell
            float(cell)
        except ValueError:
            return row, cell
    return 0, str(cells[0]) if cells else ""
