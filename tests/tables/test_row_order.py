"""What a table shows is exactly what a plain recompute of filter, sort and groups gives."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bidmere_terminal.tables.columns import Cell, Column, Heading, SortBy
from bidmere_terminal.tables.fitting import Wish, fitted
from bidmere_terminal.tables.row_model import RowModel
from bidmere_terminal.tables.row_order import table_order

Rows = dict[int, tuple[str, float | None, int]]

COLUMNS = [
    Column(id="name", title="Name", cell=lambda r: Cell(r[0]), value=lambda r: r[0]),
    Column(id="price", title="Price", cell=lambda r: Cell(str(r[1])), value=lambda r: r[1]),
    Column(id="kind", title="Kind", cell=lambda r: Cell(str(r[2])), value=lambda r: r[2]),
]

names = st.text("abAB1", max_size=3)
prices = st.none() | st.floats(allow_nan=True, allow_infinity=False, width=32)
tables: st.SearchStrategy[Rows] = st.dictionaries(
    st.integers(0, 60), st.tuples(names, prices, st.integers(0, 2)), max_size=30
)
sorts = st.lists(st.tuples(st.sampled_from(["name", "price", "kind", "gone"]), st.booleans()), max_size=3)


def plain(rows: Rows, by: list[tuple[str, bool]], text: str) -> list[Any]:
    """Insertion sort by an explicit comparison, straight from the words of the specification."""

    def missing(value: Any) -> bool:
        return value is None or value != value

    def before(one: int, other: int) -> bool:
        for column, down in by:
            place = {"name": 0, "price": 1, "kind": 2}.get(column)
            if place is None:
                continue
            a, b = rows[one][place], rows[other][place]
            if missing(a) or missing(b):
                if missing(a) != missing(b):
                    return missing(b)
                continue
            a, b = (a.casefold(), b.casefold()) if isinstance(a, str) and isinstance(b, str) else (a, b)
            if a != b:
                return bool(a > b) if down else bool(a < b)
        return False

    result: list[int] = []
    for key, row in rows.items():
        words = " ".join(str(part) for part in row).casefold()
        if all(word in words for word in text.casefold().split()):
            place = len(result)
            while place and before(key, result[place - 1]):
                place -= 1
            result.insert(place, key)
    return result


@given(tables, sorts, st.text("ab1 ", max_size=4))
def test_order_equals_a_plain_recompute(rows: Rows, by: list[tuple[str, bool]], text: str) -> None:
    levels = [SortBy(*one) for one in by]
    assert table_order(rows, COLUMNS, sort=levels, text=text) == plain(rows, by, text)


@given(tables, sorts)
def test_groups_keep_the_order_inside_and_name_every_group_once(rows: Rows, by: list[tuple[str, bool]]) -> None:
    levels = [SortBy(*one) for one in by]
    shown = table_order(rows, COLUMNS, sort=levels, group=lambda r: (r[2], f"kind {r[2]}"))
    headings = [one.text for one in shown if isinstance(one, Heading)]
    assert headings == sorted(set(headings))
    flat = table_order(rows, COLUMNS, sort=levels)
    for kind in range(3):
        inside = [key for key in shown if not isinstance(key, Heading) and rows[key][2] == kind]  # type: ignore[index]
        assert inside == [key for key in flat if rows[key][2] == kind]  # type: ignore[index]


@given(st.lists(tables, min_size=1, max_size=6), sorts)
def test_model_signals_add_up_to_every_order(steps: list[Rows], by: list[tuple[str, bool]]) -> None:
    """Qt's view of the rows, followed by the signals alone, equals the order after every change."""
    model = RowModel(COLUMNS)
    model.sort_by = tuple(SortBy(*one) for one in by)
    seen: list[Any] = []

    def removed(_parent: object, first: int, last: int) -> None:
        del seen[first : last + 1]

    def inserted(_parent: object, first: int, last: int) -> None:
        seen[first:first] = model.order[first : last + 1]

    def moved() -> None:
        assert sorted(map(str, seen)) == sorted(map(str, model.order))
        seen[:] = model.order

    model.rowsRemoved.connect(removed)
    model.rowsInserted.connect(inserted)
    model.layoutChanged.connect(moved)
    for rows in steps:
        model.replace_all(rows)
        model.set_order(model.wanted_order())
        assert seen == model.order == table_order(rows, COLUMNS, sort=model.sort_by)
        assert set(model.rows) == set(rows)
        assert all(model.position(key) == line for line, key in enumerate(model.order))


wishes = st.lists(
    st.tuples(st.integers(24, 300), st.integers(0, 300), st.integers(0, 3)).map(
        lambda w: Wish(w[0], min(w[0], w[1]), w[2])
    ),
    min_size=1,
    max_size=12,
)


@given(wishes, st.integers(0, 2_500))
def test_widths_fill_the_room_and_never_fall_below_the_least(columns: list[Wish], room: int) -> None:
    widths = fitted(columns, room)
    least = sum(one.least for one in columns)
    assert all(width >= one.least for width, one in zip(widths, columns, strict=True))
    if least > room:
        assert widths == [one.least for one in columns]
    elif sum(one.width for one in columns) >= room or any(one.stretch for one in columns):
        assert sum(widths) == room
