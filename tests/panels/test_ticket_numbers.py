"""Number entry: exact or refused, with the readings a person may have meant (U-88)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere_terminal.panels.ticket.numbers import Missing, Number, Unclear, read_number


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("1,000", ("1", "1000")),
        ("1.000,5", ("1000.5",)),
        ("1,000.5", ("1000.5",)),
        ("64,980", ("64.98", "64980")),
        ("1,5", ("1.5",)),
        ("1 000", ("1000",)),
        ("1.000.000", ("1000000",)),
        ("1,000,000", ("1000000",)),
        ("0.1 BTC", ("0.1",)),
        ("2k", ("2000",)),
        ("abc", ()),
        ("1e5", ()),
        ("1.2.3", ()),
        ("-5", ()),
        ("--", ()),
        (",", ()),
        (".", ()),
        ("1,,0", ()),
        ("NaN", ()),
        ("Infinity", ()),
        ("١٢", ()),
        ("1_000", ()),
        ("0x10", ()),
    ],
)
def test_u88_unclear_text_is_refused_with_its_readings(text: str, readings: tuple[str, ...]) -> None:
    entry = read_number(text)
    assert isinstance(entry, Unclear)
    assert entry.readings == readings
    assert entry.reason


def test_u88_two_readings_are_asked_about_in_words() -> None:
    assert read_number("1,000") == Unclear("Did you mean 1 or 1000?", ("1", "1000"))


@pytest.mark.parametrize("text", ["", "  ", "\t"])
def test_nothing_typed_is_missing(text: str) -> None:
    assert read_number(text) == Missing()


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", "1"), ("0.100", "0.100"), (".5", "0.5"), ("5.", "5"), (" 64980.0 ", "64980.0"), ("0", "0")],
)
def test_plain_numbers_are_taken_exactly(text: str, value: str) -> None:
    entry = read_number(text)
    assert isinstance(entry, Number)
    assert entry.value == Decimal(value)


def test_u88_decimal_comma_of_the_locale_counts_where_nothing_else_fits() -> None:
    assert read_number("1,5", ",") == Number(Decimal("1.5"))
    assert read_number("1.5", ",") == Number(Decimal("1.5"))
    assert isinstance(read_number("1,000", ","), Unclear)
    assert isinstance(read_number("1.000,5", ","), Unclear)


@given(st.decimals(min_value=0, max_value=10**12, places=6))
def test_u88_every_plain_decimal_survives_unchanged(value: Decimal) -> None:
    assert read_number(format(value, "f")) == Number(value)


@given(st.text(alphabet="0123456789.,' eEkKabc+-−_%", max_size=14), st.sampled_from([".", ","]))
def test_u88_nothing_is_ever_coerced(text: str, mark: str) -> None:
    entry = read_number(text, mark)
    if isinstance(entry, Number):
        canonical = text.strip().replace(",", ".") if mark == "," else text.strip()
        assert entry.value == Decimal(canonical)
        assert set(canonical) <= set("0123456789.")
    if isinstance(entry, Unclear):
        assert len(entry.readings) <= 2
        for reading in entry.readings:
            assert isinstance(read_number(reading), Number)
