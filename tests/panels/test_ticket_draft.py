"""From a draft to intents: sizes rounded down, off-grid values flagged with a fix, every type built as asked."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.panels.fakes import AAPL, BTC, ES, ETH, INVERSE, quote_of

from bidmere.model.instrument import Instrument
from bidmere.model.market import Side
from bidmere.model.money import plain
from bidmere.model.orders import (
    Limit,
    LimitIfTouched,
    Market,
    MarketIfTouched,
    OrderSpec,
    Stop,
    StopLimit,
    TimeInForce,
    TrailingStop,
)
from bidmere_terminal.panels.ticket.draft import Draft, Surroundings, resolve
from bidmere_terminal.panels.ticket.order_types import TicketType
from bidmere_terminal.panels.ticket.sizing import Basis, SizeUnit, loss_per_unit, presets, size
from bidmere_terminal.panels.ticket.staging import draft_of, seed_prices
from bidmere_terminal.panels.ticket.wording import spell

D = Decimal
AROUND = Surroundings(quote=quote_of(BTC, 65_000.0), equity=D(100_000), currency="USD", rate=D(1))
LIMIT = Draft(kind=TicketType.LIMIT, size="0.1", price="64980.0", account="paper-1")


def test_limit_intent_carries_every_choice() -> None:
    draft = replace(LIMIT, tif=TimeInForce.IOC, post_only=True, reduce_only=True, bracket=True, sl="64500", tp="65940")
    (intent,) = resolve(draft, BTC, AROUND).intents
    assert intent.instrument == BTC.id
    assert (intent.side, intent.qty, intent.spec) == (Side.BUY, D("0.1"), Limit(price=D("64980.0"), post_only=True))
    assert (intent.tif, intent.reduce_only, intent.source, intent.reason) == (TimeInForce.IOC, True, "ticket", "Ticket")
    assert intent.bracket is not None
    assert (intent.bracket.stop_loss, intent.bracket.take_profit) == (D(64500), D(65940))


@pytest.mark.parametrize(
    ("kind", "fields", "specs"),
    [
        (TicketType.MARKET, {}, (Market(),)),
        (TicketType.STOP, {"trigger": "65100"}, (Stop(trigger=D(65100)),)),
        (
            TicketType.STOP_LIMIT,
            {"trigger": "65100", "price": "65120"},
            (StopLimit(trigger=D(65100), price=D(65120)),),
        ),
        (TicketType.TRAILING, {"offset": "150"}, (TrailingStop(offset=D(150)),)),
        (TicketType.MIT, {"trigger": "64900"}, (MarketIfTouched(trigger=D(64900)),)),
        (
            TicketType.LIT,
            {"trigger": "64900", "price": "64890"},
            (LimitIfTouched(trigger=D(64900), price=D(64890)),),
        ),
        (TicketType.OCO, {"price": "64500", "trigger": "65500"}, (Limit(price=D(64500)), Stop(trigger=D(65500)))),
        (TicketType.ICEBERG, {"price": "64980", "display": "0.01"}, (Limit(price=D(64980), display_qty=D("0.01")),)),
    ],
)
def test_every_type_of_the_ticket_becomes_its_spec(
    kind: TicketType, fields: dict[str, str], specs: tuple[OrderSpec, ...]
) -> None:
    found = resolve(Draft(kind=kind, size="0.1", account="paper-1", **fields), BTC, AROUND)
    assert not found.problems
    assert tuple(intent.spec for intent in found.intents) == specs
    staged = draft_of(found.intents[0], Draft(account="paper-1"))
    if kind is not TicketType.OCO:
        assert resolve(staged, BTC, AROUND).intents == found.intents


@pytest.mark.parametrize("kind", list(TicketType))
@pytest.mark.parametrize("side", list(Side))
def test_seeded_prices_make_a_complete_order(kind: TicketType, side: Side) -> None:
    for instrument, mid in ((BTC, 65_000.0), (ES, 5_912.375), (ETH, 3_521.4), (INVERSE, 65_010.25)):
        quote = quote_of(instrument, mid)
        draft = Draft(kind=kind, side=side, size="2" if instrument.lot == 1 else "0.1", account="paper-1")
        seeded = seed_prices(draft, instrument, quote, D(2) if instrument.lot == 1 else D("0.1"))
        found = resolve(replace(draft, **seeded), instrument, replace(AROUND, quote=quote))
        assert not found.problems, (instrument.id, found.problems)


def test_u89_off_tick_price_is_flagged_with_a_fix() -> None:
    problem = resolve(replace(LIMIT, price="64980.3"), BTC, AROUND).problem("price")
    assert problem is not None
    assert problem.text == "Price is not a multiple of the tick 0.5."
    assert [(fix.label, fix.text) for fix in problem.fixes] == [("Round to 64,980.5", "64980.5")]


def test_u89_off_lot_size_rounds_down_and_below_minimum_offers_the_smallest() -> None:
    problem = resolve(replace(LIMIT, size="0.10059"), BTC, AROUND).problem("size")
    assert problem is not None
    assert problem.fixes[0].text == "0.1"
    small = resolve(replace(LIMIT, kind=TicketType.MARKET, size="0.01"), ETH, replace(AROUND, quote=quote_of(ETH, 3.0)))
    assert small.problem("size") is not None
    fix = small.problems[0].fixes[0]
    assert D(fix.text) * D("3.01") >= ETH.min_notional


def test_u88_thousands_comma_never_becomes_an_order() -> None:
    found = resolve(replace(LIMIT, size="1,000"), BTC, AROUND)
    assert not found.intents
    problem = found.problem("size")
    assert problem is not None
    assert [fix.text for fix in problem.fixes] == ["1", "1000"]


@pytest.mark.parametrize("kind", [TicketType.TRAILING, TicketType.MIT, TicketType.LIT])
def test_a_type_the_venue_lacks_is_refused_with_words(kind: TicketType) -> None:
    found = resolve(Draft(kind=kind, size="1", account="x", trigger="200", price="200", offset="1"), AAPL, AROUND)
    assert found.problem("kind") is not None
    assert "takes no" in found.problems[0].text


def test_bracket_on_the_wrong_side_is_refused() -> None:
    found = resolve(replace(LIMIT, bracket=True, sl="65500", tp="64000"), BTC, AROUND)
    assert found.problem("sl") is not None
    assert found.problem("tp") is not None


def test_oco_legs_must_stand_around_the_market() -> None:
    draft = Draft(kind=TicketType.OCO, side=Side.SELL, size="0.1", price="64500", trigger="65500", account="x")
    assert resolve(draft, BTC, AROUND).problem("trigger") is not None
    assert not resolve(replace(draft, price="65500", trigger="64500"), BTC, AROUND).problems


# ---- sizes

prices = st.decimals(min_value="0.5", max_value="200000", places=1).map(BTC.to_price).filter(lambda p: p > 0)
amounts = st.decimals(min_value="0.01", max_value="1000000", places=2)
instruments = st.sampled_from([BTC, ES, INVERSE, AAPL])


def basis(price: Decimal, stop: Decimal | None = None, rate: str = "1") -> Basis:
    return Basis(price=price, stop=stop, equity=D(100_000), rate=D(rate), currency="USD")


@given(instruments, prices, amounts, st.sampled_from([SizeUnit.QUOTE, SizeUnit.EQUITY]))
def test_u87_size_by_value_never_exceeds_the_value(one: Instrument, price: D, amount: D, unit: SizeUnit) -> None:
    sized = size(one, unit, amount, basis(price))
    value = amount if unit is SizeUnit.QUOTE else D(1000) * amount
    assert one.on_lot(sized.qty)
    assert one.notional(sized.qty, price) <= value * (1 + D("1e-20"))
    assert one.notional(sized.qty + one.lot, price) > value * (1 - D("1e-20"))


@given(instruments, prices, st.decimals(min_value="0.5", max_value="0.999", places=3), amounts)
def test_u87_size_by_risk_never_loses_more_than_the_risk(one: Instrument, price: D, share: D, risk: D) -> None:
    stop = one.to_price(price * share)
    if stop <= 0 or stop == price:
        return
    sized = size(one, SizeUnit.RISK, risk, basis(price, stop))
    lost = loss_per_unit(one, price, stop)
    assert one.on_lot(sized.qty)
    assert sized.qty * lost <= risk * (1 + D("1e-20"))
    assert (sized.qty + one.lot) * lost > risk * (1 - D("1e-20"))


def test_u87_changing_the_stop_changes_the_size_not_the_risk() -> None:
    wide = Draft(unit=SizeUnit.RISK, size="500", bracket=True, sl="64000", account="x")
    first = resolve(wide, BTC, AROUND)
    second = resolve(replace(wide, sl="64500"), BTC, AROUND)
    assert not first.problems
    assert second.qty > first.qty > 0


def test_u87_risk_without_a_stop_says_what_it_needs() -> None:
    problem = resolve(Draft(unit=SizeUnit.RISK, size="500", account="x"), BTC, AROUND).problem("size")
    assert problem is not None
    assert "needs a stop" in problem.text


def test_u87_a_size_in_another_currency_needs_a_rate() -> None:
    found = resolve(Draft(unit=SizeUnit.EQUITY, size="5", account="x"), INVERSE, replace(AROUND, rate=None))
    assert found.problem("size") is not None
    assert "BTC" in found.problems[0].text


def test_presets_are_round_ascending_and_within_a_tenth_of_equity() -> None:
    for one, price in ((BTC, D(65_000)), (ES, D(5_912)), (AAPL, D(228)), (INVERSE, D(65_000))):
        found = presets(one, basis(price, rate="65000" if one is INVERSE else "1"))
        assert list(found) == sorted(set(found))
        assert all(one.on_lot(qty) and qty > 0 for qty in found)
        assert {plain(qty).strip("0.")[:1] for qty in found} <= {"1", "2", "5"}


def test_u84_words_of_the_button() -> None:
    def words(draft: Draft) -> str:
        return spell(resolve(draft, BTC, AROUND).intents, BTC, "PAPER")

    assert words(LIMIT) == "BUY 0.100 BTCUSDT LIMIT 64,980.0 — PAPER"
    assert words(replace(LIMIT, kind=TicketType.MARKET, side=Side.SELL)) == "SELL 0.100 BTCUSDT MARKET — PAPER"
    stop = replace(LIMIT, kind=TicketType.STOP_LIMIT, trigger="65000", tif=TimeInForce.DAY)
    assert words(stop) == "BUY 0.100 BTCUSDT STOP 65,000.0 LIMIT 64,980.0 DAY — PAPER"
    pair = replace(LIMIT, kind=TicketType.OCO, price="64000", trigger="66000")
    assert words(pair) == "BUY 0.100 BTCUSDT OCO LIMIT 64,000.0 / STOP 66,000.0 — PAPER"
    ice = replace(LIMIT, kind=TicketType.ICEBERG, display="0.01", reduce_only=True)
    assert words(ice) == "BUY 0.100 BTCUSDT ICEBERG 64,980.0 SHOW 0.010 REDUCE-ONLY — PAPER"
