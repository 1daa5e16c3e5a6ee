"""Paper trading on any data source, as a broker."""

from __future__ import annotations

from typing import Any

from bidmere.brokerage.plugin import BrokerPlugin, BrokerSession, SessionContext
from bidmere_brokers.paper.session import PaperConfig, PaperSession


def open_session(context: SessionContext, config: Any) -> BrokerSession:
    """Open a session; `config` is a PaperConfig with its source. Raises InvalidInput without one."""
    return PaperSession(context, config if isinstance(config, PaperConfig) else PaperConfig())


PLUGIN = BrokerPlugin(
    name="paper",
    title="Paper trading",
    config=PaperConfig,
    open=open_session,
    capabilities=frozenset({"execution", "brackets", "oco", "iceberg"}),
)
