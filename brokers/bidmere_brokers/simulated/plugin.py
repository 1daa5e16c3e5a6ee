"""The simulated venue as a broker."""

from __future__ import annotations

from typing import Any

from bidmere.brokerage.plugin import BrokerPlugin, BrokerSession, SessionContext
from bidmere_brokers.simulated.session import SimulatedConfig, SimulatedSession


def open_session(context: SessionContext, config: Any) -> BrokerSession:
    """Open a session; `config` is a SimulatedConfig."""
    return SimulatedSession(context, config if isinstance(config, SimulatedConfig) else SimulatedConfig())


PLUGIN = BrokerPlugin(
    name="simulated",
    title="Simulated venue",
    config=SimulatedConfig,
    open=open_session,
    capabilities=frozenset({"instruments", "market-data", "history", "execution", "brackets", "oco", "iceberg"}),
)
