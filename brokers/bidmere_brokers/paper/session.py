"""Trade any data source on paper: its data reaches the paper venue first, then everyone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from bidmere.brokerage.data_port import HistoryPort, InstrumentPort, MarketDataPort, Sink, StatusSink
from bidmere.brokerage.execution_port import ExecutionClient
from bidmere.brokerage.plugin import BrokerSession, SessionContext
from bidmere.errors import InvalidInput
from bidmere.kernel.lifecycle import Health
from bidmere.model.account import Account, AccountMode
from bidmere.model.ids import InstrumentId
from bidmere.model.market import MarketDatum
from bidmere.simulation.latency import lognormal_latency, no_latency
from bidmere_brokers.paper.venue import PaperVenue

__all__ = ["PaperConfig", "PaperSession", "PaperVenue", "TeedData"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperConfig:
    """Say whose data is traded on paper, with which account; `latency_ms` is the median of one way, 0 for none."""

    source: BrokerSession | None = None
    account: str = "Paper-1"
    currency: str = "USD"
    balance: Decimal = Decimal(100_000)
    latency_ms: float = 0.0
    more_balances: tuple[tuple[str, Decimal], ...] = field(default=())


class TeedData:
    """Pass a source's data on, through the paper venue."""

    def __init__(self, source: MarketDataPort) -> None:
        self.venue = source.venue
        self.paper: PaperVenue | None = None
        self._source = source
        self._sink: Sink | None = None

    def set_sink(self, sink: Sink, status: StatusSink) -> None:
        """Set who receives data and status after the paper venue."""
        self._sink = sink
        self._source.set_sink(self._pass_on, status)

    async def subscribe(self, instruments: Iterable[InstrumentId]) -> None:
        """Add instruments at the source."""
        await self._source.subscribe(instruments)

    async def unsubscribe(self, instruments: Iterable[InstrumentId]) -> None:
        """Take instruments off at the source, but for those an order or a position needs prices of."""
        needed = self.paper.exchange.active_instruments() if self.paper is not None else set()
        await self._source.unsubscribe(one for one in instruments if one not in needed)

    def _pass_on(self, datum: MarketDatum) -> None:
        if self.paper is not None:
            self.paper.feed(datum)
        if self._sink is not None:
            self._sink(datum)


class PaperSession:
    """Wrap a source session: its instruments, data and history, and an execution on paper."""

    def __init__(self, context: SessionContext, config: PaperConfig) -> None:
        source = config.source
        if source is None or source.market_data is None:
            raise InvalidInput("Paper trading needs a data source: name a connection that has market data.")
        self.name = f"Paper on {source.name}"
        self.instruments: InstrumentPort = source.instruments
        self.history: HistoryPort | None = source.history
        self._source = source
        self._data = TeedData(source.market_data)
        self.market_data: MarketDataPort | None = self._data
        self.account: Account | None = Account(
            id=config.account,
            name=config.account,
            venue=source.market_data.venue,
            mode=AccountMode.PAPER,
            currency=config.currency,
            balances=tuple(sorted({config.currency: config.balance, **dict(config.more_balances)}.items())),
        )
        latency = no_latency
        if config.latency_ms > 0:
            latency = lognormal_latency(config.latency_ms, 0.4, context.rng("paper latency"))
        # The exchange lists the source's instruments once they are known, in `start`.
        self._venue = PaperVenue(context.clock, context.tasks, self.account, (), context.seed, latency)
        self._data.paper = self._venue
        self.execution: ExecutionClient | None = self._venue.execution

    async def start(self) -> None:
        """Start the source, list its instruments, and keep time."""
        await self._source.start()
        self._venue.exchange.list_instruments(await self.instruments.load())
        self._venue.start()

    async def stop(self) -> None:
        """Stop the venue, then the source."""
        self._venue.stop()
        await self._source.stop()

    def health(self) -> Health:
        """Say what the source says."""
        return self._source.health()
