"""A paper venue: the matching exchange fed by any data source."""

from __future__ import annotations

from collections.abc import Iterable

from bidmere.kernel.clock import Clock
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.account import Account
from bidmere.model.instrument import Instrument
from bidmere.model.market import MarketDatum
from bidmere.simulation.client import ExchangeServer, SimulatedExecution
from bidmere.simulation.exchange import Costs, Exchange
from bidmere.simulation.latency import LatencyModel, no_latency


class PaperVenue:
    """Match one paper account's orders against whatever is fed.

    Feed every datum before anyone else sees it. The same data and orders give the same fills when there is no latency
    or `latency` itself is seeded; ids are numbered within the venue and carry `prefix`.
    """

    def __init__(
        self,
        clock: Clock,
        tasks: TaskOwner,
        account: Account,
        instruments: Iterable[Instrument],
        seed: int | None = None,
        latency: LatencyModel = no_latency,
        *,
        costs: Costs | None = None,
    ) -> None:
        self.tasks = tasks
        # A seeded venue numbers its trades alike in every run; otherwise no two runs may share an id.
        prefix = f"P{seed:x}-" if seed is not None else f"{clock.now_ns():x}-"
        self.exchange = Exchange(instruments, [account], costs=costs, prefix=prefix)
        self.server = ExchangeServer(self.exchange, clock)
        self.execution = SimulatedExecution(self.server, account.id, latency)

    def start(self) -> None:
        """Begin to keep time: expiries and funding."""
        self.server.start()

    def stop(self) -> None:
        """Keep time no longer and drop what is under way."""
        self.server.stop()
        self.execution.close()

    def feed(self, datum: MarketDatum) -> None:
        """Give the exchange a quote, trade or book; its reports go out before this returns."""
        self.server.feed(datum)
