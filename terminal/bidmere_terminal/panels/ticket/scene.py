"""What the ticket knows of market and account at this moment, read from the model without waiting."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from bidmere.brokerage.data_port import FeedState
from bidmere.model.account import Account, rates_from_marks
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.market import Quote
from bidmere.model.money import to_decimal
from bidmere.model.position import Position
from bidmere_terminal.bridge.desk_model import DeskModel
from bidmere_terminal.panels.ticket.draft import Surroundings
from bidmere_terminal.panels.ticket.sizing import Basis

_PEGS = {"USDT": "USD", "USDC": "USD"}
_BAD_FEEDS = {FeedState.STALE: "stale", FeedState.OFFLINE: "offline", FeedState.CONNECTING: "not connected yet"}


class Scene:
    """Answer questions about one instrument and one account; the account is the header's unless one was picked."""

    def __init__(self, model: DeskModel, header_account: Callable[[], str]) -> None:
        self._model = model
        self._header_account = header_account
        self.picked_account = ""
        self.instrument: Instrument | None = None

    @property
    def account_id(self) -> str:
        """The account orders go to."""
        return self.picked_account or self._header_account()

    @property
    def account(self) -> Account | None:
        """The same, as the engine knows it."""
        return self._model.accounts.get(self.account_id)

    @property
    def mode(self) -> str:
        """PAPER or LIVE, of the account."""
        account = self.account
        return account.mode.value.upper() if account is not None else self._model.execution_mode

    @property
    def quote(self) -> Quote | None:
        """The newest quote, None before there is one."""
        return self._model.quotes.get(self.instrument.id) if self.instrument is not None else None

    @property
    def position(self) -> Position | None:
        """The position in the instrument on the account."""
        return self._model.positions.get((self.account_id, self.instrument.id)) if self.instrument is not None else None

    def feed_problem(self) -> str:
        """Return why prices cannot be traded on, empty when they are fresh."""
        if self.instrument is None:
            return ""
        status = self._model.feeds.get(self.instrument.id.venue)
        word = _BAD_FEEDS.get(status.state) if status is not None else None
        return f"Prices of {self.instrument.id.venue} are {word}: no order is sent on them" if word else ""

    def surroundings(self) -> Surroundings:
        """Return what a draft is resolved with."""
        account, valuation = self.account, self._model.valuations.get(self.account_id)
        return Surroundings(
            quote=self.quote,
            equity=valuation.equity if valuation is not None else None,
            currency=account.currency if account is not None else "",
            rate=self._rate(account),
        )

    def basis(self) -> Basis:
        """Return what sizes are worked out with at the middle of the market."""
        found = self.surroundings()
        price = None
        if found.quote is not None and self.instrument is not None and found.quote.mid > 0:
            price = self.instrument.to_price(found.quote.mid)
        return Basis(price=price, stop=None, equity=found.equity, rate=found.rate, currency=found.currency)

    def buying_power(self) -> Decimal:
        """Return the account's buying power, 0 when not known."""
        valuation = self._model.valuations.get(self.account_id)
        return valuation.buying_power if valuation is not None else Decimal(0)

    def why_not(self) -> str:
        """Return why no order can go out at all, empty when one can."""
        if not self._model.ready:
            return "The engine is starting…"
        if self.instrument is None:
            return "Choose a symbol first"
        return "" if self.account is not None else "There is no account to trade on"

    def _rate(self, account: Account | None) -> Decimal | None:
        """Return how many account currency units one settle unit is worth, from the newest prices."""
        if account is None or self.instrument is None:
            return None
        marks: dict[tuple[str, str], Decimal] = {}
        for known in self._model.instruments.values():
            if known.kind not in (InstrumentKind.SPOT, InstrumentKind.FX):
                continue
            quote = self._model.quotes.get(known.id)
            if quote is not None and quote.mid > 0:
                marks[known.base, _PEGS.get(known.quote, known.quote)] = to_decimal(quote.mid)
        return rates_from_marks(marks, _PEGS)(self.instrument.settle, account.currency)
