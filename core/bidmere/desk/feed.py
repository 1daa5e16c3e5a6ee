"""From the engine to an operator: newest market data, every order event, one batch per drain (Q-3)."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from bidmere.brokerage.data_port import FeedStatus
from bidmere.desk.api import Alarm, LogLine, StrategyRun
from bidmere.model.account import Account, Valuation
from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Bar, Book, Quote, Trade
from bidmere.model.orders import Order
from bidmere.model.position import Position
from bidmere.model.timeframe import Timeframe

_TRADES_KEPT = 200


@dataclass(slots=True)
class Batch:
    """What changed since the last drain.

    Market data is conflated: the latest quote and book per instrument, closed bars all and the latest forming bar,
    the last 200 trades per instrument. Orders (each change), fills, alarms and log lines are never conflated.
    """

    quotes: dict[InstrumentId, Quote] = field(default_factory=dict)
    books: dict[InstrumentId, Book] = field(default_factory=dict)
    trades: dict[InstrumentId, list[Trade]] = field(default_factory=dict)
    bars: dict[tuple[InstrumentId, Timeframe], list[Bar]] = field(default_factory=dict)
    statuses: dict[str, FeedStatus] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    positions: dict[tuple[str, InstrumentId], Position] = field(default_factory=dict)
    accounts: dict[str, tuple[Account, Valuation]] = field(default_factory=dict)
    runs: dict[str, StrategyRun] = field(default_factory=dict)
    alarms: list[Alarm] = field(default_factory=list)
    logs: list[LogLine] = field(default_factory=list)


class DeskFeed:
    """Collect on the engine's thread, drain on the operator's; both sides hold the lock for microseconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._batch = Batch()

    def drain(self) -> Batch:
        """Take everything collected so far."""
        with self._lock:
            batch, self._batch = self._batch, Batch()
        return batch

    def put_quote(self, quote: Quote) -> None:
        """Keep the newest quote of its instrument."""
        with self._lock:
            self._batch.quotes[quote.instrument] = quote

    def put_book(self, book: Book) -> None:
        """Keep the newest book of its instrument."""
        with self._lock:
            self._batch.books[book.instrument] = book

    def put_trade(self, trade: Trade) -> None:
        """Add a trade; only the latest are kept."""
        with self._lock:
            trades = self._batch.trades.setdefault(trade.instrument, [])
            trades.append(trade)
            if len(trades) > 2 * _TRADES_KEPT:
                del trades[:_TRADES_KEPT]

    def put_bar(self, bar: Bar) -> None:
        """Add a closed bar, or replace the forming one."""
        with self._lock:
            bars = self._batch.bars.setdefault((bar.instrument, bar.timeframe), [])
            if bars and bars[-1].ts == bar.ts:
                bars[-1] = bar
            else:
                bars.append(bar)

    def put_status(self, status: FeedStatus) -> None:
        """Keep the newest word of a feed."""
        with self._lock:
            self._batch.statuses[status.venue] = status

    def put_order(self, order: Order) -> None:
        """Add a changed order."""
        with self._lock:
            self._batch.orders.append(order)

    def put_fill(self, fill: Fill) -> None:
        """Add a fill."""
        with self._lock:
            self._batch.fills.append(fill)

    def put_position(self, position: Position) -> None:
        """Keep the newest state of a position."""
        with self._lock:
            self._batch.positions[position.account, position.instrument.id] = position

    def put_account(self, account: Account, valuation: Valuation) -> None:
        """Keep the newest state of an account."""
        with self._lock:
            self._batch.accounts[account.id] = (account, valuation)

    def put_run(self, run: StrategyRun) -> None:
        """Keep the newest state of a strategy run."""
        with self._lock:
            self._batch.runs[run.run_id] = run

    def put_alarm(self, alarm: Alarm) -> None:
        """Add an alarm."""
        with self._lock:
            self._batch.alarms.append(alarm)

    def put_log(self, line: LogLine) -> None:
        """Add a log line."""
        with self._lock:
            self._batch.logs.append(line)
