"""Services and their supervisor: started in order, stopped in reverse, asked for their health."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

log = logging.getLogger(__name__)


class Level(StrEnum):
    """Word, shape and colour of a health item: OK ●, WARN ▲, BAD ■, OFF ○."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a service says of itself, in one short sentence."""

    level: Level
    text: str


class Service(Protocol):
    """Something that is started once and stopped once."""

    name: str

    async def start(self) -> None:
        """Be ready when this returns."""

    async def stop(self) -> None:
        """Leave nothing behind when this returns."""

    def health(self) -> Health:
        """Say how it goes."""


class Supervisor:
    """Start services in order; on failure stop those already started; stop in reverse, each within a limit."""

    def __init__(self, stop_limit_s: float = 5.0) -> None:
        self._services: list[Service] = []
        self._stop_limit_s = stop_limit_s

    async def start(self, service: Service) -> None:
        """Start one more service. Whatever its start raises comes through after the others were stopped."""
        try:
            await service.start()
        except BaseException:
            await self.stop()
            raise
        self._services.append(service)

    async def stop(self) -> None:
        """Stop all services, the last started first; a failing or slow one is reported and passed over."""
        while self._services:
            service = self._services.pop()
            try:
                await asyncio.wait_for(service.stop(), self._stop_limit_s)
            except Exception:
                log.exception("Service %s did not stop cleanly.", service.name)

    def health(self) -> dict[str, Health]:
        """Return every service's own word by its name."""
        return {service.name: service.health() for service in self._services}
