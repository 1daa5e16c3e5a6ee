"""Order states in the exact words of the specification, and figures as people read them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.desk import words
from bidmere.desk.words import Tone, state_words
from bidmere.model.events import CancelRejected, CancelRequested, ReplaceRejected
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.order_fsm import advance
from bidmere.model.orders import Limit, Order, OrderIntent, OrderState, TimeInForce

S = OrderState


def order(state: OrderState, *, tif: TimeInForce = TimeInForce.GTC, parent: str = "", **more: Any) -> Order:
    spec = Limit(price=Decimal(100))
    intent = OrderIntent(
        instrument=InstrumentId("BTCUSDT", "SIM"), side=Side.BUY, qty=Decimal(10), spec=spec, account="a",
        source="ticket", tif=tif, parent=parent,
    )  # fmt: skip
    return Order(client_id="T1", intent=intent, qty=intent.qty, spec=spec, state=state, **more)


@pytest.mark.parametrize(
    ("made", "text", "tone"),
    [
        (order(S.DRAFT), "Draft", Tone.NEUTRAL),
        (order(S.PENDING_SUBMIT), "Sending…", Tone.NEUTRAL),
        (order(S.OPEN), "Working", Tone.NEUTRAL),
        (order(S.APPROVED, parent="T0"), "Held here", Tone.NEUTRAL),
        (order(S.PARTIAL, filled_qty=Decimal(3)), "Partly filled 3/10", Tone.NEUTRAL),
        (order(S.FILLED, filled_qty=Decimal(10)), "Filled", Tone.POSITIVE),
        (order(S.OPEN, pending_replace=True), "Changing…", Tone.NEUTRAL),
        (order(S.PARTIAL, filled_qty=Decimal(3), pending_cancel=True), "Cancelling…", Tone.NEUTRAL),
        (order(S.CANCELED, cause="you"), "Cancelled (by you)", Tone.NEUTRAL),
        (order(S.CANCELED, cause="strategy"), "Cancelled (by strategy)", Tone.NEUTRAL),
        (order(S.CANCELED, cause="venue"), "Cancelled (by venue)", Tone.NEUTRAL),
        (order(S.CANCELED, cause="link"), "Cancelled (by link)", Tone.NEUTRAL),
        (order(S.EXPIRED, tif=TimeInForce.IOC), "Ended unfilled (IOC)", Tone.NEUTRAL),
        (order(S.EXPIRED, tif=TimeInForce.DAY), "Ended unfilled (DAY)", Tone.NEUTRAL),
        (order(S.DENIED), "Rejected (risk check)", Tone.NEGATIVE),
        (order(S.REJECTED, cause="broker"), "Rejected (broker)", Tone.NEGATIVE),
        (order(S.REJECTED, cause="venue"), "Rejected (venue)", Tone.NEGATIVE),
        (order(S.UNKNOWN), "Unknown — checking", Tone.WARNING),
    ],
)
def test_u8_states_in_exact_words(made: Order, text: str, tone: Tone) -> None:
    assert (state_words(made).text, state_words(made).tone) == (text, tone)


@given(
    st.sampled_from(list(OrderState)), st.booleans(), st.booleans(), st.sampled_from(["", "cancel", "change"]),
    st.sampled_from(list(TimeInForce)), st.sampled_from(["", "you", "venue", "kill", "risk"]),
)  # fmt: skip
def test_u8_rejected_is_said_of_refused_orders_only(
    state: OrderState, cancel: bool, change: bool, refused: str, tif: TimeInForce, cause: str
) -> None:
    made = order(state, tif=tif, pending_cancel=cancel, pending_replace=change, refused=refused, cause=cause)
    found = state_words(made)
    assert found.text
    assert ("Rejected" in found.text) == (state in (S.DENIED, S.REJECTED))
    assert (found.tone is Tone.NEGATIVE) == (state in (S.DENIED, S.REJECTED))


def test_u11_refused_requests_say_so_while_the_order_works() -> None:
    asked = advance(order(S.OPEN), CancelRequested(client_id="T1", ts=1))
    assert state_words(asked).text == "Cancelling…"
    refused = advance(asked, CancelRejected(client_id="T1", ts=2, code="V-1", reason="Too late."))
    assert (state_words(refused).text, refused.spec, refused.qty) == ("Cancel refused", asked.spec, asked.qty)
    change = advance(order(S.OPEN), ReplaceRejected(client_id="T1", ts=2, code="V-1", reason="No."))
    assert state_words(change).text == "Change refused"
    assert state_words(change).tone is Tone.WARNING


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (3.25, "3.25"), (12.34, "12.3"), (950.4, "950"), (1_000, "1.0K"), (12_345, "12.3K"),
     (999_960, "1.0M"), (21_400_000, "21.4M"), (1.5e9, "1.5B"), (-2_000, "−2.0K"), (None, "–"), (float("nan"), "–")],
)  # fmt: skip
def test_u244_short_figures(value: Any, text: str) -> None:
    assert words.compact(value) == text


@pytest.mark.parametrize(
    ("amount", "currency", "signed", "text"),
    [("1250", "USD", False, "$1,250.00"), ("3.2", "USDT", True, "+3.20 USDT"), ("-462.5", "USD", True, "−$462.50"),
     ("0", "USD", True, "$0.00"), ("-0.001", "USD", True, "$0.00"), ("0.0048551", "BTC", True, "+0.004855 BTC"),
     ("12345", "JPY", False, "¥12,345")],
)  # fmt: skip
def test_u244_money_shows_sign_and_currency(amount: str, currency: str, signed: bool, text: str) -> None:
    assert words.money_text(Decimal(amount), currency, signed=signed) == text


@given(st.decimals(-(10**9), 10**9, places=4), st.integers(0, 6))
def test_grouped_text_reads_back(value: Decimal, decimals: int) -> None:
    text = words.fixed(value, decimals, signed=True)
    read = Decimal(text.replace(",", "").replace(words.MINUS, "-"))
    assert abs(read - value) <= Decimal(5) / Decimal(10) ** (decimals + 1)
    assert (text[0] in "+−") == bool(read)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.42, "0.4 s"), (12, "12 s"), (61, "1 m"), (7_200, "2 h"), (200_000, "2 d"), (None, "–")]
)
def test_ages(seconds: float | None, text: str) -> None:
    assert words.age_text(seconds) == text


def test_u246_times_are_utc_in_both_forms() -> None:
    ts = 1_767_268_800_412_000_000
    assert words.time_text(ts) == "12:00:00.412"
    assert words.iso_time(ts) == "2026-01-01T12:00:00.412Z"
    assert words.date_text(ts) == "01 Jan 2026"
    assert (words.time_text(0), words.iso_time(0)) == ("–", "")
