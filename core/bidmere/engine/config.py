"""What an engine is started with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bidmere.risk.limits import RiskLimits
from bidmere.simulation.catalogue import catalogue


class Mode(StrEnum):
    """The wiring: which clock, which data, which execution."""

    SIM = "sim"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """Say what to start.

    `profile_dir` holds everything written; `seed` makes the run reproducible (None: not); `data`, `symbol`, `tz`,
    `speed` (inf: as fast as possible) are for replay; `synthetic` adds that many generated instruments to the
    simulated venue; `updates_per_s` is the simulated venue's rate per instrument; `limits` are the
    risk limits of every account (None: the usual ones).
    """

    profile_dir: Path
    mode: Mode = Mode.SIM
    seed: int | None = None
    data: tuple[Path, ...] = ()
    symbol: str | None = None
    tz: str | None = None
    speed: float = 1.0
    start_paused: bool = False
    synthetic: int = 0
    updates_per_s: float = 5.0
    limits: RiskLimits | None = None


def simulated_count() -> int:
    """Return how many instruments the simulated venue has before generated ones are added."""
    return len(catalogue())
