"""Every command with its key, its class and what it does: menus, keymap and palette are projections of this table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bidmere.errors import InvalidInput


class ActionClass(StrEnum):
    """What a command may do (UX §2.2)."""

    NONE = "N"
    STAGE = "S"
    REDUCE = "R"
    RISK = "X"
    AUTHORITY = "A"


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One row of the table.

    `keys` is a portable key sequence or empty; `go_key` a letter after Ctrl+G; `hold_s` how long the key must be held;
    `group` is the menu it appears in (empty: palette only); `words` help the search; `run` takes keyword arguments
    only when a panel passes some.
    """

    id: str
    title: str
    action_class: ActionClass
    run: Callable[..., None]
    keys: str = ""
    go_key: str = ""
    hold_s: float = 0.0
    group: str = ""
    scope: str = "global"
    words: str = ""
    enabled_when: Callable[[], bool] = _always
    checked_when: Callable[[], bool] | None = None
    why_not: str = "This is not possible now."


class CommandTable:
    """Hold the commands and run them: R and X never by key repeat, X never twice within the window (U-142)."""

    def __init__(
        self, say: Callable[[str], None], window_ms: Callable[[], int], now: Callable[[], float] = time.perf_counter
    ) -> None:
        self._commands: dict[str, Command] = {}
        self._say = say
        self._window_ms = window_ms
        self._now = now
        self._last: dict[str, float] = {}
        self.used: list[str] = []

    def add(self, *commands: Command) -> None:
        """Add rows. Raises InvalidInput for an id or a key of the same scope that is taken."""
        for command in commands:
            if command.id in self._commands:
                raise InvalidInput(f"There are two commands {command.id}.")
            for other in self._commands.values():
                same = overlapping(command.scope, other.scope)
                if command.keys and command.keys == other.keys and same:
                    raise InvalidInput(f"{command.keys} is the key of {other.id} and of {command.id}.")
                if command.go_key and command.go_key == other.go_key:
                    raise InvalidInput(f"Ctrl+G {command.go_key} leads to {other.id} and to {command.id}.")
            self._commands[command.id] = command

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def __len__(self) -> int:
        return len(self._commands)

    def get(self, command_id: str) -> Command:
        """Return a command. Raises InvalidInput."""
        found = self._commands.get(command_id)
        if found is None:
            raise InvalidInput(f"There is no command {command_id}.")
        return found

    def has(self, command_id: str) -> bool:
        """Say whether there is such a command."""
        return command_id in self._commands

    def run(self, command_id: str, *, repeated: bool = False, **details: Any) -> bool:
        """Run a command; False when it was dropped or not possible, which is said."""
        command = self.get(command_id)
        acts = command.action_class in (ActionClass.REDUCE, ActionClass.RISK)
        if repeated and acts:
            return False
        if not command.enabled_when():
            self._say(f"{command.title}: {command.why_not}")
            return False
        if command.action_class is ActionClass.RISK:
            key = f"{command_id} {details.get('instrument', '')}"
            now = self._now()
            if (now - self._last.get(key, float("-inf"))) * 1e3 < self._window_ms():
                self._say(f"{command.title}: duplicate ignored.")
                return False
            self._last[key] = now
        self.used = [command_id, *(one for one in self.used if one != command_id)][:20]
        command.run(**details)
        return True

    def groups(self) -> dict[str, list[Command]]:
        """Return the commands of every menu, in the order they were added."""
        found: dict[str, list[Command]] = {}
        for command in self._commands.values():
            if command.group:
                found.setdefault(command.group, []).append(command)
        return found


def overlapping(one: str, other: str) -> bool:
    """Say whether two scopes can hold the keyboard at the same time; global overlaps with everything."""
    return one == other or "global" in (one, other)
