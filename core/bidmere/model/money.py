"""Decimal rules for everything that is owed: one context, no NaN, no guesses."""

from __future__ import annotations

import decimal
from decimal import Decimal
from typing import Final

from bidmere.errors import InvalidInput

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)

CONTEXT: Final = decimal.Context(
    prec=34,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-999,
    Emax=999,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
_MAX_EXPONENT = 18
_MAX_FLOAT_EXPONENT = 40  # the shortest text of an observed float has up to 17 digits of its own
_MAX_DIGITS = 30


def use_money_context() -> None:
    """Install the decimal context for this thread; every entry point and engine thread calls it once (R-5)."""
    decimal.setcontext(CONTEXT.copy())


def to_decimal(value: Decimal | int | str | float) -> Decimal:
    """Return an exact, finite Decimal; a float goes through its shortest text.

    Raises InvalidInput for NaN, infinity, exponent bombs and anything that is no canonical number: `1,000` is refused.
    """
    try:
        number = value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else value)
    except (decimal.InvalidOperation, ValueError, TypeError):
        raise InvalidInput(f"{value!r} is not a number: write digits with a point, for example 1234.5.") from None
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise InvalidInput(f"{value!r} is not a finite number.")
    limit = _MAX_FLOAT_EXPONENT if isinstance(value, float) else _MAX_EXPONENT
    if abs(exponent) > limit or len(number.as_tuple().digits) > _MAX_DIGITS:
        raise InvalidInput(f"{value!r} has too many digits for a price, a quantity or an amount.")
    return number


def plain(value: Decimal) -> str:
    """Return the number without exponent and without trailing zeros after the point."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
