"""Profit arithmetic against a ledger that keeps every lot apart."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.model.account import Account, AccountMode
from bidmere.model.fills import Fill, Liquidity
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.market import Side
from bidmere.model.money import use_money_context
from bidmere.model.position import Position

D = Decimal


@pytest.fixture(autouse=True)
def _money() -> None:
    use_money_context()


def contract(kind: InstrumentKind = InstrumentKind.FUTURE, multiplier: str = "1", inverse: bool = False) -> Instrument:
    return Instrument(
        id=InstrumentId("XYZ", "SIM"),
        kind=kind,
        base="BTC",
        quote="USD",
        tick=D("0.01"),
        lot=D("0.01"),
        multiplier=D(multiplier),
        inverse=inverse,
    )


def fill(signed: Decimal, price: Decimal, number: int = 0, fee: str = "0") -> Fill:
    return Fill(
        trade_id=f"t{number}",
        client_id="T",
        venue_id="V",
        instrument=InstrumentId("XYZ", "SIM"),
        account="A",
        side=Side.BUY if signed > 0 else Side.SELL,
        qty=abs(signed),
        price=price,
        fee=D(fee),
        fee_currency="USD",
        liquidity=Liquidity.TAKER,
        ts_event=number + 1,
    )


class Ledger:
    """Average cost in exact fractions, written as plainly as can be: cost pool in, cost pool out."""

    def __init__(self, instrument: Instrument) -> None:
        self.value = (lambda p: -1 / p) if instrument.inverse else (lambda p: p)
        self.multiplier = Fraction(instrument.multiplier)
        self.qty = self.pool = self.realised = Fraction(0)

    def apply(self, signed: Fraction, price: Fraction) -> None:
        worth = self.value(price)
        if self.qty * signed < 0:
            closed = min(abs(self.qty), abs(signed)) * (1 if self.qty > 0 else -1)
            cost = self.pool * closed / self.qty
            self.realised += (closed * worth - cost) * self.multiplier
            self.pool -= cost
            self.qty -= closed
            signed += closed
        self.pool += signed * worth
        self.qty += signed


sizes = st.integers(-500, 500).filter(bool).map(lambda value: D(value) / 100)
prices = st.integers(100, 1_000_000).map(lambda value: D(value) / 100)


@given(st.lists(st.tuples(sizes, prices), max_size=25), st.booleans(), st.sampled_from(["1", "50", "0.1"]))
def test_positions_agree_with_the_ledger(trades: list[tuple[Decimal, Decimal]], inverse: bool, multiplier: str) -> None:
    instrument = contract(multiplier=multiplier, inverse=inverse)
    position, ledger = Position(instrument=instrument, account="A"), Ledger(instrument)
    for number, (signed, price) in enumerate(trades):
        position = position.apply(fill(signed, price, number))
        ledger.apply(Fraction(signed), Fraction(price))
        assert position.qty == D(ledger.qty.numerator) / D(ledger.qty.denominator)
        assert abs(Fraction(position.realised) - ledger.realised) <= Fraction(1, 10**18)
        if ledger.qty:
            worth = ledger.pool / ledger.qty
            average = -1 / worth if inverse else worth
            assert abs(Fraction(position.avg_price) - average) <= Fraction(1, 10**18)
        else:
            assert (position.avg_price, position.opened_ns) == (0, 0)


@given(st.lists(st.tuples(sizes, prices), min_size=1, max_size=15), prices)
def test_profit_so_far_is_what_closing_now_would_realise(trades: list[tuple[Decimal, Decimal]], mark: Decimal) -> None:
    position = Position(instrument=contract(), account="A")
    for number, (signed, price) in enumerate(trades):
        position = position.apply(fill(signed, price, number))
    total = position.realised + position.unrealised(mark)
    closed = position if position.is_flat else position.apply(fill(-position.qty, mark, 99))
    assert abs(closed.realised - total) <= D("1e-18")


def test_a_flip_realises_and_opens_anew_at_the_fill() -> None:
    position = Position(instrument=contract(), account="A").apply(fill(D(3), D(100), 0))
    flipped = position.apply(fill(D(-5), D(110), 1))
    assert (flipped.qty, flipped.avg_price, flipped.realised, flipped.opened_ns) == (-2, 110, 30, 2)


def test_an_inverse_contract_earns_coin() -> None:
    # 10 contracts of 100 USD from 50,000 to 40,000, short: 1,000 × (1/40,000 − 1/50,000) = 0.005
    position = Position(instrument=contract(multiplier="100", inverse=True), account="A").apply(fill(D(-10), D(50_000)))
    assert position.apply(fill(D(10), D(40_000), 1)).realised == D("0.005")
    assert position.unrealised(D(40_000)) == D("0.005")
    assert position.notional(D(40_000)) == D("-0.025")


def test_an_inverse_average_is_harmonic() -> None:
    position = Position(instrument=contract(inverse=True), account="A")
    for number, price in enumerate((D(20_000), D(60_000))):
        position = position.apply(fill(D(1), price, number))
    assert position.avg_price == 30_000


def test_fees_are_kept_by_currency_and_out_of_realised() -> None:
    position = Position(instrument=contract(), account="A").apply(fill(D(1), D(100), 0, "0.25"))
    position = position.apply(fill(D(-1), D(110), 1, "0.5"))
    assert (position.realised, position.fees) == (10, (("USD", D("0.75")),))


@given(st.lists(st.tuples(sizes, prices), max_size=15), prices, st.booleans())
def test_equity_is_the_same_for_cash_and_margin_booking(
    trades: list[tuple[Decimal, Decimal]], mark: Decimal, is_cash: bool
) -> None:
    instrument = contract(InstrumentKind.EQUITY if is_cash else InstrumentKind.FUTURE)
    account = Account(id="A", name="A", venue="SIM", mode=AccountMode.PAPER, currency="USD")
    position, expected = Position(instrument=instrument, account="A"), D(0)
    for number, (signed, price) in enumerate(trades):
        made = fill(signed, price, number, "1")
        after = position.apply(made)
        account = account.booked(made, instrument, after.realised - position.realised)
        position = after
        expected += signed * (mark - price) - 1
    held = position.notional(mark) if is_cash else position.unrealised(mark)
    assert abs(account.balance("USD") + held - expected) <= D("1e-18")
