"""The words and figures a person reads: order states (UX §2.3), causes, prices, quantities, money, ages.

Everything here is pure and speaks display text: grouped digits, a true minus sign, an en dash where there is nothing.
Copies and exports use `model.money.plain` and ISO times instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from bidmere.model.instrument import Instrument
from bidmere.model.money import plain
from bidmere.model.orders import (
    Limit,
    LimitIfTouched,
    Market,
    MarketIfTouched,
    Order,
    OrderSpec,
    OrderState,
    Stop,
    StopLimit,
    TrailingStop,
)

Number = Decimal | float | int

NOTHING: Final = "–"
MINUS: Final = "−"

_NS = 1_000_000_000
_MOST_QTY_DECIMALS = 4
_FEW_DECIMALS = {"JPY": 0, "KRW": 0, "HUF": 0}
_DOLLARS = ("USDT", "USDC", "DAI", "FDUSD", "BUSD")
_TWO_DECIMALS = frozenset(
    ("USD", "EUR", "GBP", "CHF", "AUD", "CAD", "NZD", "SEK", "NOK", "DKK", "PLN", *_DOLLARS)
)
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


class Tone(StrEnum):
    """How a word is meant; never the only carrier of its meaning."""

    NEUTRAL = "neutral"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class StateWords:
    """Say how an order stands: the shown text and its tone."""

    text: str
    tone: Tone = Tone.NEUTRAL


_CAUSES = {
    "you": "by you",
    "strategy": "by strategy",
    "venue": "by venue",
    "broker": "by broker",
    "link": "by link",
    "oco": "by link",
    "risk": "by risk check",
    "kill": "by kill switch",
    "time-in-force": "by time in force",
}
_REFUSERS = {"risk": "risk check", "broker": "broker", "venue": "venue"}


def cause_words(cause: str) -> str:
    """Return who ended an order, in words: `you` gives `by you`; an unnamed cause is the venue's."""
    return _CAUSES.get(cause, f"by {cause}") if cause else "by venue"


def state_words(order: Order) -> StateWords:
    """Return the exact words and tone of an order's state (UX §2.3)."""
    state = order.state
    if state is OrderState.EXPIRED:
        return StateWords(_ended(order))
    if state in (OrderState.CANCELED, OrderState.DEAD):
        return StateWords(f"Cancelled ({cause_words(order.cause)})")
    if state in (OrderState.DENIED, OrderState.REJECTED):
        by = "risk check" if state is OrderState.DENIED else _REFUSERS.get(order.cause, "venue")
        return StateWords(f"Rejected ({by})", Tone.NEGATIVE)
    if state is OrderState.FILLED:
        return StateWords("Filled", Tone.POSITIVE)
    if state is OrderState.UNKNOWN:
        return StateWords("Unknown — checking", Tone.WARNING)
    if state is OrderState.QUARANTINED:
        return StateWords("Unknown — reports contradict", Tone.WARNING)
    if state is OrderState.DRAFT:
        return StateWords("Draft")
    if state is OrderState.AWAITING_CONFIRM:
        return StateWords("Draft — waiting for you")
    if is_held_here(order):
        return StateWords("Held here")
    if order.pending_cancel:
        return StateWords("Cancelling…")
    if order.pending_replace:
        return StateWords("Changing…")
    if state in (OrderState.APPROVED, OrderState.PENDING_SUBMIT):
        return StateWords("Sending…")
    if order.refused:
        return StateWords("Cancel refused" if order.refused == "cancel" else "Change refused", Tone.WARNING)
    if state is OrderState.PARTIAL:
        return StateWords(f"Partly filled {plain(order.filled_qty)}/{plain(order.qty)}")
    return StateWords("Working")


def _ended(order: Order) -> str:
    tif = str(order.intent.tif)
    if order.filled_qty:
        return f"Ended partly filled {plain(order.filled_qty)}/{plain(order.qty)} ({tif})"
    return f"Ended unfilled ({tif})"


def is_held_here(order: Order) -> bool:
    """Say whether the terminal keeps this order back: an exit that waits for its entry, or an approved one unsent."""
    return order.state is OrderState.APPROVED and bool(order.intent.parent)


def lives_at(order: Order) -> str:
    """Return where an order is kept now: venue, terminal, or nothing once it has ended."""
    if order.state.is_terminal or order.state in (OrderState.DRAFT, OrderState.AWAITING_CONFIRM):
        return ""
    return "terminal" if is_held_here(order) else "venue"


def reason_words(order: Order) -> str:
    """Return the sentence and code of U-9: why it was refused, ended or asked for."""
    if order.reason and order.code:
        return f"{order.reason} [{order.code}]"
    return order.reason or order.code or order.intent.reason


_TYPES: dict[type, tuple[str, str]] = {
    Market: ("Market", "MKT"),
    Limit: ("Limit", "LMT"),
    Stop: ("Stop", "STP"),
    StopLimit: ("Stop-limit", "STL"),
    TrailingStop: ("Trailing stop", "TRL"),
    MarketIfTouched: ("Market if touched", "MIT"),
    LimitIfTouched: ("Limit if touched", "LIT"),
}


def type_words(spec: OrderSpec) -> str:
    """Return the name of an order type: `Stop-limit`."""
    return _TYPES[type(spec)][0]


def type_short(spec: OrderSpec) -> str:
    """Return the three letters of an order type: `STL`."""
    return _TYPES[type(spec)][1]


def ack_ms(order: Order) -> float | None:
    """Return the time from send to the venue's acknowledgement in ms, None where one is missing."""
    if order.submitted_ns and order.accepted_ns:
        return (order.accepted_ns - order.submitted_ns) / 1e6
    return None


_STEPS = {
    "OrderCreated": "asked",
    "OrderApproved": "checks passed",
    "OrderAwaitingConfirm": "waits for you",
    "OrderDenied": "refused by checks",
    "OrderDead": "never sent",
    "OrderClaimed": "sent",
    "OrderAccepted": "acknowledged",
    "OrderRejected": "rejected",
    "OrderTriggered": "triggered",
    "OrderFilled": "fill",
    "OrderCanceled": "cancelled",
    "OrderExpired": "ended",
    "OrderReplaced": "changed",
    "OrderUnknown": "no answer",
    "OrderQuarantined": "reports contradict",
    "CancelRequested": "cancel asked",
    "CancelRejected": "cancel refused",
    "ReplaceRequested": "change asked",
    "ReplaceRejected": "change refused",
}


def step_words(step: str) -> str:
    """Return a step of an order's life in words: `OrderAccepted` gives `acknowledged`; other names stay."""
    return _STEPS.get(step, step)


# ── figures ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def fixed(value: Number | None, decimals: int, *, signed: bool = False) -> str:
    """Return a number with grouped digits and a fixed count of decimals; no sign on what rounds to zero."""
    if value is None or not math.isfinite(value):
        return NOTHING
    text = f"{abs(value):,.{decimals}f}"
    if not any(digit in text for digit in "123456789"):
        return text
    return (MINUS if value < 0 else "+" if signed else "") + text


def price_text(instrument: Instrument, price: Number | None) -> str:
    """Return a price with the instrument's decimals, trailing zeros kept."""
    return fixed(price, instrument.price_decimals)


def qty_text(instrument: Instrument, qty: Number | None, *, signed: bool = False) -> str:
    """Return a quantity with the lot's decimals; of lots finer than 0.0001 only the decimals that say something."""
    text = fixed(qty, instrument.qty_decimals, signed=signed)
    return text.rstrip("0").rstrip(".") if instrument.qty_decimals > _MOST_QTY_DECIMALS and "." in text else text


def bare_qty(qty: Decimal) -> str:
    """Return a quantity with grouped digits and no useless zeros, for marks and labels: `2`, `0.05`, `20,000`."""
    return f"{Decimal(plain(qty)):,f}"


def money_decimals(currency: str) -> int:
    """Return how many decimals amounts of a currency are shown with."""
    if currency in _FEW_DECIMALS:
        return _FEW_DECIMALS[currency]
    return 2 if currency in _TWO_DECIMALS else 6


def amount_text(amount: Number | None, currency: str, *, signed: bool = False) -> str:
    """Return an amount with the currency's decimals but without its name."""
    return fixed(amount, money_decimals(currency), signed=signed)


def money_text(amount: Number | None, currency: str, *, signed: bool = False) -> str:
    """Return an amount with its currency: `$1,250.00`, `+$3.20`, `−12.00 USDT`."""
    text = amount_text(amount, currency, signed=signed)
    if text == NOTHING:
        return text
    symbol = _SYMBOLS.get(currency)
    if symbol is None:
        return f"{text} {currency}".rstrip()
    return text[0] + symbol + text[1:] if text[0] in (MINUS, "+") else symbol + text


def pct_text(value: Number | None, decimals: int = 2, *, signed: bool = True) -> str:
    """Return per cent: `+1.25%`."""
    text = fixed(value, decimals, signed=signed)
    return text if text == NOTHING else text + "%"


def compact(value: Number | None) -> str:
    """Return a short figure for narrow columns: 950, 12.3K, 1.2M, 4.5B."""
    if value is None or not math.isfinite(value):
        return NOTHING
    size = abs(float(value))
    for limit, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if size >= limit * 0.99995:
            scaled = size / limit
            text = f"{scaled:.1f}{letter}" if scaled < 99.95 else f"{scaled:,.0f}{letter}"
            return (MINUS if value < 0 else "") + text
    return fixed(value, 0 if size >= 100 or size == int(size) else 1 if size >= 10 else 2)


def age_text(seconds: float | None) -> str:
    """Return an age in its largest unit: `0.4 s`, `12 s`, `3 m`, `2 h`, `5 d`."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    seconds = max(0.0, seconds)
    if seconds < 10:
        return f"{seconds:.1f} s"
    for limit, unit, letter in ((60, 1, "s"), (3_600, 60, "m"), (86_400, 3_600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {letter}"
    return f"{seconds / 86_400:.0f} d"


def time_text(ts_ns: int, *, millis: bool = True) -> str:
    """Return the time of day in UTC, 24 h: `14:33:07.412`; nothing for 0."""
    if not ts_ns:
        return NOTHING
    moment = datetime.fromtimestamp(ts_ns // _NS, UTC)
    text = moment.strftime("%H:%M:%S")
    return f"{text}.{ts_ns % _NS // 1_000_000:03d}" if millis else text


def date_text(ts_ns: int) -> str:
    """Return the day in UTC with the month in letters: `01 Dec 2026` (U-245)."""
    return datetime.fromtimestamp(ts_ns // _NS, UTC).strftime("%d %b %Y") if ts_ns else NOTHING


def iso_time(ts_ns: int) -> str:
    """Return ISO-8601 in UTC with milliseconds for copies and exports (U-246); empty for 0."""
    if not ts_ns:
        return ""
    moment = datetime.fromtimestamp(ts_ns // _NS, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ts_ns % _NS // 1_000_000:03d}Z"
