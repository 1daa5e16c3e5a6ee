"""Replay controls as the operator speaks them."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Protocol

from bidmere.desk.api import ReplayState
from bidmere.errors import InvalidInput


class Replayable(Protocol):
    """What a replay session can do; `settle` returns when no order is in flight."""

    settle: Callable[[], Awaitable[None]] | None

    def play(self) -> None:
        """Go on."""

    def pause(self) -> None:
        """Hold."""

    def set_speed(self, speed: float) -> None:
        """Set how many times faster than recorded; inf for as fast as possible."""

    async def step(self, count: int) -> None:
        """Play a number of data and hold."""

    async def seek(self, ts_ns: int) -> None:
        """Play to a later time as fast as possible."""

    async def wait_finished(self) -> None:
        """Return when the data have been played to their end."""

    def state(self) -> ReplayState:
        """Say where it stands."""


class ReplayControl:
    """Check what was asked for and pass it on."""

    def __init__(self, session: Replayable) -> None:
        self.session = session

    def state(self) -> ReplayState:
        """Return where the replay stands."""
        return self.session.state()

    async def do(self, command: str, value: float) -> ReplayState:
        """Do one command. Raises InvalidInput for one that does not exist or a value that makes no sense."""
        match command:
            case "play":
                self.session.play()
            case "pause":
                self.session.pause()
            case "step":
                await self.session.step(max(1, int(value)))
            case "speed":
                if not (math.isinf(value) or 0.25 <= value <= 1000) or value < 0:
                    raise InvalidInput(f"Replay speed {value:g} is outside 0.25 to 1000 (or max).")
                self.session.set_speed(value)
            case "seek":
                if value < self.session.state().position_ns:
                    raise InvalidInput("A replay cannot go back: start it again to see the past.")
                await self.session.seek(int(value))
            case _:
                raise InvalidInput(f"A replay knows play, pause, step, speed and seek, not {command!r}.")
        return self.session.state()
