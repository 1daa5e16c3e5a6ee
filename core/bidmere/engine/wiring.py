"""A mode is a wiring: clock × feed × execution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bidmere.brokerage.execution_port import ExecutionClient
from bidmere.brokerage.plugin import BrokerSession, SessionContext
from bidmere.brokerage.registry import load_broker
from bidmere.engine.config import EngineConfig, Mode
from bidmere.errors import InvalidInput
from bidmere.kernel.clock import Clock, LiveClock, SimClock
from bidmere.model.account import Account
from bidmere.risk.limits import RiskLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What differs between modes."""

    clock: Clock
    open_session: Callable[[SessionContext], BrokerSession]
    modes: tuple[str, str]
    is_replay: bool
    limits: Callable[[BrokerSession, RiskLimits], RiskLimits]

    @staticmethod
    def account(session: BrokerSession) -> tuple[Account, ExecutionClient]:
        """Return the session's account and its door. Raises InvalidInput when it only has data."""
        if session.account is None or session.execution is None:
            raise InvalidInput(f"{session.name} offers data but takes no orders.")
        return session.account, session.execution


def wire(config: EngineConfig) -> Wiring:
    """Return the wiring of a mode."""
    if config.mode is Mode.REPLAY:
        return _replay(config)
    plugin = load_broker("simulated")
    settings = plugin.config(synthetic=config.synthetic, updates_per_s=config.updates_per_s)
    return Wiring(
        clock=LiveClock(),
        open_session=lambda context: plugin.open(context, settings),
        modes=("SIM", "PAPER"),
        is_replay=False,
        limits=lambda _session, limits: limits,
    )


def _replay(config: EngineConfig) -> Wiring:
    plugin = load_broker("replay")
    settings = plugin.config(
        data=config.data, symbol=config.symbol, tz=config.tz, speed=config.speed, paused=config.start_paused
    )
    return Wiring(
        clock=SimClock(),
        open_session=lambda context: plugin.open(context, settings),
        modes=("REPLAY", "PAPER"),
        is_replay=True,
        limits=_recorded_limits,
    )


def _recorded_limits(session: BrokerSession, limits: RiskLimits) -> RiskLimits:
    """Judge the age of a recorded quote by how often these data speak: between two bars a price is not stale."""
    quiet_ns = int(getattr(session, "quiet_ns", 0))
    return replace(limits, max_data_age_ns=max(limits.max_data_age_ns, quiet_ns))
