"""What a table is made of: columns that turn a row into a cell, and the values behind them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QPainter

    from bidmere_terminal.tables.painting import Paints

Key = Hashable
Row = Any


class Align(Enum):
    """Where a cell's text stands: numbers right, words left, marks in the middle."""

    LEFT = "left"
    RIGHT = "right"
    CENTRE = "centre"


class Cell(NamedTuple):
    """What one cell shows: text, the theme role of its colour, a quiet `suffix` after it, a `fill` role behind it."""

    text: str
    role: str = "text"
    suffix: str = ""
    fill: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Declare a column.

    `cell(row)` gives what is shown, `value(row)` what is sorted by and compared for flashes (None sorts last),
    `canonical(row)` the text of copies and exports (default: the value in plain digits). `width` and `min_width` are
    logical pixels (0: never narrower than what it shows); `stretch` shares out spare width. `button` paints the text as
    a button that reports clicks; `paint` draws the cell by itself, `editable(row)` opens an editor on double click or
    F2. Where a table is too narrow, columns with the highest `drop` leave first, those with 0 never. A column that is
    not `live` never changes while its row stays; `flash` marks a change of the value for a moment.
    """

    id: str
    title: str
    cell: Callable[[Row], Cell]
    value: Callable[[Row], Any] = lambda row: None
    canonical: Callable[[Row], str] | None = None
    width: int = 80
    min_width: int = 0
    align: Align = Align.LEFT
    visible: bool = True
    stretch: int = 0
    flash: bool = False
    live: bool = True
    button: bool = False
    paint: Callable[[QPainter, QRectF, Row, Paints], None] | None = None
    editable: Callable[[Row], bool] | None = None
    hint: str = ""
    detail: Callable[[Row], str] | None = None
    sortable: bool = True
    drop: int = 0


@dataclass(frozen=True, slots=True)
class Heading:
    """A line between groups of rows."""

    text: str


class SortBy(NamedTuple):
    """One level of a sort."""

    column: str
    descending: bool = False
