"""Copies and exports: plain numbers, ISO times, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere_terminal.tables.columns import Align, Cell, Column
from bidmere_terminal.tables.export import as_csv, as_tsv, inert

TEXT = Column(id="text", title="Text", cell=lambda r: Cell(r[0]), value=lambda r: r[0])
NUMBER = Column(
    id="number", title="Number", cell=lambda r: Cell(f"{r[1]:,.2f}"), value=lambda r: r[1], align=Align.RIGHT
)


@pytest.mark.parametrize(
    ("value", "text"),
    [(Decimal("-1234.50"), "-1234.5"), (-0.1, "-0.1"), (None, ""), (float("nan"), ""), (1_000_000, "1000000")],
)
def test_u246_numbers_are_canonical(value: Any, text: str) -> None:
    column = Column(id="n", title="N", cell=lambda r: Cell("shown"), value=lambda r: r, align=Align.RIGHT)
    assert as_tsv([column], [value], header=False) == text


@given(st.text(max_size=20))
def test_s7_no_cell_starts_a_formula(text: str) -> None:
    cells = list(csv.reader(io.StringIO(as_csv([TEXT, NUMBER], [(text, Decimal("-2.5"))]), newline="")))[1]
    assert cells[1] == "-2.5"
    try:
        float(cells[0])
    except ValueError:
        assert not cells[0].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_s7_formula_is_prefixed_and_numbers_are_not() -> None:
    assert inert("=1+1") == "'=1+1"
    assert inert("@cmd") == "'@cmd"
    assert inert("-12.5") == "-12.5"


def test_tabs_and_line_breaks_do_not_break_the_table() -> None:
    lines = as_tsv([TEXT, NUMBER], [("a\tb\nc", 1.5)]).split("\n")
    assert lines == ["Text\tNumber", "a b c\t1.5"]
