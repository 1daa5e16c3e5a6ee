"""Executions: the only thing that changes a position."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side


class Liquidity(StrEnum):
    """Whether the order rested (maker) or crossed (taker)."""

    MAKER = "maker"
    TAKER = "taker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution; (venue, account, instrument, trade_id) is unique for ever (R-4). A rebate is a negative fee."""

    trade_id: str
    client_id: str
    venue_id: str
    instrument: InstrumentId
    account: str
    side: Side
    qty: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    liquidity: Liquidity
    ts_event: int
    ts_recv: int = 0

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The economic key that deduplicates fills from every channel."""
        return (self.instrument.venue, self.account, self.instrument.symbol, self.trade_id)
