"""A broker is a value; opening it gives a session with the ports it has."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bidmere.brokerage.data_port import HistoryPort, InstrumentPort, MarketDataPort
from bidmere.brokerage.execution_port import ExecutionClient
from bidmere.kernel.clock import Clock
from bidmere.kernel.lifecycle import Health
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.account import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionContext:
    """What the engine gives a session to work with; `seed` None means: take one from the system."""

    clock: Clock
    tasks: TaskOwner
    profile_dir: Path
    seed: int | None = None

    def rng(self, purpose: str) -> random.Random:
        """Return a random source of its own for one purpose, reproducible when the engine is seeded."""
        return random.Random() if self.seed is None else random.Random(f"{self.seed}/{purpose}")


class BrokerSession(Protocol):
    """An open broker: a service with small ports, any of which may be None."""

    name: str
    instruments: InstrumentPort
    market_data: MarketDataPort | None
    history: HistoryPort | None
    execution: ExecutionClient | None
    account: Account | None

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Disconnect and leave nothing behind."""

    def health(self) -> Health:
        """Say how it goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPlugin:
    """Describe a broker: its configuration class and how to open it."""

    name: str
    title: str
    config: type
    open: Callable[[SessionContext, Any], BrokerSession]
    capabilities: frozenset[str] = field(default=frozenset())
