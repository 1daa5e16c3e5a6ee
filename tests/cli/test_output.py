"""How commands answer: JSON for programs that any parser takes, tables for people."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.cli.output import jsonable, show, show_error, table
from bidmere.errors import DiskFull
from bidmere.model.ids import InstrumentId
from bidmere.model.orders import OrderState
from bidmere.model.timeframe import Timeframe


@dataclass(frozen=True)
class Row:
    """Something of the domain."""

    qty: Decimal
    state: OrderState


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Decimal("0.10"), "0.1"),
        (Decimal("1E+3"), "1000"),
        (InstrumentId("BTCUSDT", "SIM"), "BTCUSDT.SIM"),
        (Timeframe(5, "m"), "5m"),
        (Path("a") / "b", str(Path("a") / "b")),
        (OrderState.OPEN, "open"),
        (math.nan, None),
        (-math.inf, None),
        (0.1, 0.1),
        (Row(Decimal("2.50"), OrderState.FILLED), {"qty": "2.5", "state": "filled"}),
        ({InstrumentId("A", "B"): (1, [None, True])}, {"A.B": [1, [None, True]]}),
    ],
)
def test_values_of_the_domain_become_plain(value: Any, plain: Any) -> None:
    assert jsonable(value) == plain


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(allow_nan=False, places=4),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.frozensets(st.integers()),
)


@given(_VALUES)
def test_whatever_is_shown_is_strict_json(value: Any) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    json.loads(json.dumps(jsonable({"value": value})), parse_constant=refuse)


def test_text_for_people_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    show({"a": Decimal(1)}, "one", as_json=False)
    show({"a": Decimal(1), "name": "Füße"}, "one", as_json=True)
    printed = capsys.readouterr().out
    assert printed.startswith("one\n{")
    assert "Füße" in printed


def test_an_error_is_a_sentence_and_with_json_a_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(DiskFull("No room."), as_json=False)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "bidmere: No room.\n")
    show_error(DiskFull("No room."), as_json=True)
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"error": {"code": "E-DISK", "message": "No room."}}
    assert printed.err == "bidmere: No room.\n"


def test_columns_line_up_and_numbers_stand_right() -> None:
    text = table(("Name", "Qty"), [("a", 1), ("bcdef", 1_000)], frozenset({1}))
    assert text == "Name    Qty\na         1\nbcdef  1000"
    assert table(("A", "B"), []) == "A  B"


@given(st.lists(st.tuples(st.text("abc ", max_size=5), st.integers()), max_size=5))
def test_no_cell_of_a_table_is_lost(rows: list[tuple[str, int]]) -> None:
    lines = table(("Name", "Qty"), rows, frozenset({1})).splitlines()
    assert len(lines) == len(rows) + 1
    assert all(line.endswith(str(row[1])) for line, row in zip(lines[1:], rows, strict=True))
    assert len({len(line) for line in lines}) == 1


def test_every_command_answers_json_alone_on_standard_output(bidmere: Callable[..., Any], tmp_path: Path) -> None:
    profile = ("--profile", tmp_path / "p", "--json")
    order = bidmere("order", "BTCUSDT", "B", "0.001", *profile)
    assert (order.code, order.json["order"]["state"], order.err) == (0, "filled", "")
    held = bidmere("positions", *profile)
    assert [(row["instrument"], row["qty"]) for row in held.json["positions"]] == [("BTCUSDT.SIM", "0.001")]
    assert bidmere("journal", "verify", *profile).json["ok"] is True
    assert bidmere("run", "--seconds", "0", *profile).json["fills"] == 1
