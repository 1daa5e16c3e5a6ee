"""A session on the simulated venue: its market, its exchange and one paper account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bidmere.brokerage.data_port import HistoryPort, InstrumentPort, MarketDataPort
from bidmere.brokerage.execution_port import ExecutionClient
from bidmere.brokerage.plugin import SessionContext
from bidmere.kernel.lifecycle import Health, Level
from bidmere.model.account import Account, AccountMode
from bidmere.model.instrument import Instrument
from bidmere.simulation.catalogue import VENUE, catalogue, synthetic
from bidmere.simulation.client import ExchangeServer, SimulatedExecution
from bidmere.simulation.exchange import Addressed, Exchange
from bidmere.simulation.latency import LatencyModel, lognormal_latency, no_latency
from bidmere.simulation.market import SimulatedMarket
from bidmere_brokers.simulated.feed import SimulatedFeed
from bidmere_brokers.simulated.record import VenueRecord

MARKET_SEED = 20_261
"""The market everyone meets who sets no seed: the same after a restart, so that charts and positions go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedConfig:
    """Say what the simulated venue is like.

    `updates_per_s` per instrument (0.1 to 10); `synthetic` more instruments for load; `latency_ms` the median of one
    way, with a long tail, 0 for none; `seed` of the market (None: the engine's, else the usual market); `persist`
    keeps account and orders in the profile.
    """

    updates_per_s: float = 5.0
    synthetic: int = 0
    latency_ms: float = 0.0
    seed: int | None = None
    account: str = "Paper-1"
    currency: str = "USD"
    balance: Decimal = Decimal(100_000)
    persist: bool = True


class SimulatedSession:
    """Offer the simulated market and an account to trade it with."""

    name = "Simulated venue"

    def __init__(self, context: SessionContext, config: SimulatedConfig) -> None:
        clock = context.clock
        seed = next((one for one in (config.seed, context.seed) if one is not None), MARKET_SEED)
        self.market = SimulatedMarket([*catalogue(), *synthetic(config.synthetic)], seed, clock.now_ns())
        self.account: Account | None = Account(
            id=config.account,
            name=config.account,
            venue=VENUE,
            mode=AccountMode.PAPER,
            currency=config.currency,
            balances=((config.currency, config.balance),),
        )
        self.exchange = Exchange(
            self.market.instruments(),
            [self.account],
            prefix=f"{clock.now_ns():x}-",
            fallback_mark=self._mark,
        )
        self._clock = clock
        self._feed = SimulatedFeed(self.market, clock, config.updates_per_s)
        self._server = ExchangeServer(self.exchange, clock, self._record_reports, self._feed.refresh)
        self._feed.connect(self._server)
        latency: LatencyModel = no_latency
        if config.latency_ms > 0:
            latency = lognormal_latency(config.latency_ms, 0.4, context.rng("simulated latency"))
        self._client = SimulatedExecution(self._server, config.account, latency)
        opening = {"account": config.account, "currency": config.currency, "balance": str(config.balance)}
        file = context.profile_dir / "simulated" / "venue.jsonl"
        self._record = VenueRecord(file, opening) if config.persist else None
        self._running = False
        self.instruments: InstrumentPort = self._feed
        self.market_data: MarketDataPort | None = self._feed
        self.history: HistoryPort | None = self._feed
        self.execution: ExecutionClient | None = self._client

    async def start(self) -> None:
        """Restore the account, then let the market run."""
        if self._record is not None:
            self._record.load(self.exchange, self._clock.now_ns())
        self._server.start()
        self._feed.orders_changed()
        self._feed.start()
        self._running = True

    async def stop(self) -> None:
        """Stop the market; working orders stay at the venue."""
        self._running = False
        self._feed.stop()
        self._server.stop()
        self._client.close()
        if self._record is not None:
            self._record.close()

    def health(self) -> Health:
        """Say whether the market runs and is being recorded."""
        if not self._running:
            return Health(level=Level.OFF, text="The simulated venue is stopped.")
        if self._record is not None and self._record.failure:
            return Health(level=Level.WARN, text=self._record.failure)
        return Health(level=Level.OK, text="The simulated venue is open.")

    def _mark(self, instrument: Instrument) -> Decimal:
        return self.market.mark(instrument.id, self._clock.now_ns())

    def _record_reports(self, reports: Sequence[Addressed]) -> None:
        self._feed.orders_changed()
        if self._record is not None:
            self._record.write(self.exchange, reports)
