"""Replay as a broker."""

from __future__ import annotations

from typing import Any

from bidmere.brokerage.plugin import BrokerPlugin, BrokerSession, SessionContext
from bidmere.errors import ContractViolation
from bidmere_brokers.replay.session import ReplayConfig, ReplaySession


def open_session(context: SessionContext, config: Any) -> BrokerSession:
    """Read the recorded data and open a session; `config` is a ReplayConfig. Raises UnreadableData."""
    if not isinstance(config, ReplayConfig):
        raise ContractViolation("A replay is opened with a ReplayConfig.")
    return ReplaySession(context, config)


PLUGIN = BrokerPlugin(
    name="replay",
    title="Replay of recorded data",
    config=ReplayConfig,
    open=open_session,
    capabilities=frozenset({"instruments", "market-data", "history", "execution", "replay"}),
)
