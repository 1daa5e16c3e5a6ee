"""A small exchange to trade at: one linear instrument, accounts A, B and C, no feed until a test brings one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bidmere.brokerage.execution_port import Outcome
from bidmere.model.account import Account, AccountMode
from bidmere.model.events import FundingPaid, OrderEvent, OrderFilled
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.market import Book, Quote, Side, Trade
from bidmere.model.money import use_money_context
from bidmere.model.orders import Limit, OrderIntent, OrderSpec
from bidmere.simulation.exchange import Addressed, Costs, Exchange
from bidmere.simulation.slippage import no_slippage

T0 = 1_795_219_200_000_000_000  # midnight UTC
SECOND = 1_000_000_000


@pytest.fixture(autouse=True)
def _money() -> None:
    use_money_context()


def instrument(symbol: str = "XYZ", **changes: Any) -> Instrument:
    plain = Instrument(
        id=InstrumentId(symbol, "SIM"),
        kind=InstrumentKind.EQUITY,
        base=symbol,
        quote="USD",
        tick=Decimal("0.5"),
        lot=Decimal(1),
        min_qty=Decimal(1),
        maker_fee=Decimal("0.001"),
        taker_fee=Decimal("0.002"),
        margin_initial=Decimal("0.5"),
        margin_maintenance=Decimal("0.25"),
    )
    return replace(plain, **changes)


def account(name: str, cash: str = "1000000", currency: str = "USD") -> Account:
    return Account(
        id=name,
        name=name,
        venue="SIM",
        mode=AccountMode.PAPER,
        currency=currency,
        balances=((currency, Decimal(cash)),),
    )


class Floor:
    """An exchange with a clock and short words for what tests do at it."""

    def __init__(self, *instruments: Instrument, accounts: Sequence[Account] = (), costs: Costs | None = None) -> None:
        self.instrument = instruments[0] if instruments else instrument()
        owners = accounts or [account(name) for name in "ABC"]
        self.exchange = Exchange(instruments or [self.instrument], owners, costs=costs or Costs(slippage=no_slippage))
        self.now = T0
        self.reports: list[Addressed] = []
        self._ids = itertools.count(1)

    def send(
        self, side: str, qty: object, spec: OrderSpec | object, who: str = "A", name: str = "", **more: Any
    ) -> tuple[str, Outcome]:
        kind = spec if isinstance(spec, OrderSpec) else Limit(price=Decimal(str(spec)))
        which = more.pop("instrument", self.instrument)
        client_id = name or f"{who}{next(self._ids)}"
        intent = OrderIntent(
            instrument=which.id, side=Side(side), qty=Decimal(str(qty)), spec=kind, account=who, source="api", **more
        )
        answer, reports = self.exchange.submit(client_id, intent, intent.qty, kind, self.now)
        self.reports += reports
        return client_id, answer

    def buy(self, qty: object, spec: object, who: str = "A", **more: Any) -> str:
        return self.send("buy", qty, spec, who, **more)[0]

    def sell(self, qty: object, spec: object, who: str = "A", **more: Any) -> str:
        return self.send("sell", qty, spec, who, **more)[0]

    def cancel(self, client_id: str) -> Outcome:
        answer, reports = self.exchange.cancel(client_id, self.now)
        self.reports += reports
        return answer

    def amend(self, client_id: str, qty: object, price: object) -> Outcome:
        spec = price if isinstance(price, OrderSpec) else Limit(price=Decimal(str(price)))
        answer, reports = self.exchange.replace(client_id, Decimal(str(qty)), spec, self.now)
        self.reports += reports
        return answer

    def at(self, ts: int) -> None:
        self.now = ts
        self.reports += self.exchange.on_time(ts)

    def later(self, ns: int = SECOND) -> None:
        self.at(self.now + ns)

    def outside(self, bids: dict[float, float], asks: dict[float, float], which: Instrument | None = None) -> None:
        book = Book(
            (which or self.instrument).id,
            tuple(sorted(bids.items(), reverse=True)),
            tuple(sorted(asks.items())),
            self.now,
            self.now,
        )
        self.reports += self.exchange.on_datum(book)

    def quote(self, bid: float, ask: float, bid_size: float = 100, ask_size: float = 100) -> None:
        found = Quote(self.instrument.id, bid, ask, bid_size, ask_size, self.now, self.now)
        self.reports += self.exchange.on_datum(found)

    def tape(self, price: float, size: float = 1, side: Side | None = None) -> None:
        self.reports += self.exchange.on_datum(Trade(self.instrument.id, price, size, side, self.now, self.now))

    def events(self, client_id: str) -> list[OrderEvent]:
        return [event for _, event in self.reports if isinstance(event, OrderEvent) and event.client_id == client_id]

    def said(self, client_id: str) -> list[str]:
        return [type(event).__name__.removeprefix("Order") for event in self.events(client_id)]

    def last(self, client_id: str) -> OrderEvent:
        return self.events(client_id)[-1]

    def fills(self, client_id: str) -> list[tuple[Decimal, Decimal]]:
        return [(one.fill.qty, one.fill.price) for one in self.events(client_id) if isinstance(one, OrderFilled)]

    def filled(self, client_id: str) -> Decimal:
        return sum((qty for qty, _ in self.fills(client_id)), Decimal(0))

    def paid(self) -> list[FundingPaid]:
        return [event for _, event in self.reports if isinstance(event, FundingPaid)]

    def position(self, who: str = "A", which: Instrument | None = None) -> int:
        return self.exchange.books[who].lots((which or self.instrument).id)

    def cash(self, who: str = "A", currency: str = "USD") -> Decimal:
        return self.exchange.books[who].account.balance(currency)


@pytest.fixture
def floor() -> Floor:
    return Floor()


@pytest.fixture
def make_floor() -> Callable[..., Floor]:
    return Floor


@pytest.fixture
def make_instrument() -> Callable[..., Instrument]:
    return instrument


@pytest.fixture
def make_account() -> Callable[..., Account]:
    return account
