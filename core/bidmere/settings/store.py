"""Load and save a frozen dataclass of settings: unknown keys are kept out, wrong values fall back one by one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import Field, fields, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from bidmere.errors import InvalidInput
from bidmere.kernel.files import keep_aside, write_atomic

T = TypeVar("T")
VERSION = 1
MAX_BYTES = 4_000_000


class SettingsStore(Generic[T]):
    """Hold one settings value and its file; every change is saved at once (U-233).

    `problems` are the sentences about what could not be read; the caller shows them once.
    """

    def __init__(self, path: Path, defaults: T) -> None:
        self.path = path
        self.problems: list[str] = []
        self._defaults = defaults
        self._listeners: list[Callable[[str, Any], None]] = []
        self.value: T = self._load()

    def get(self, name: str) -> Any:
        """Return one setting. Raises InvalidInput for a name that does not exist."""
        return getattr(self.value, self._field(name).name)

    def set(self, name: str, value: Any) -> None:
        """Check, keep and save one setting, and tell the listeners. Raises InvalidInput, StorageError."""
        wanted = checked(self._field(name), value, getattr(self._defaults, name))
        if wanted == getattr(self.value, name):
            return
        self.value = replace(self.value, **{name: wanted})  # type: ignore[type-var]
        for listener in self._listeners:
            listener(name, wanted)
        self.save()

    def subscribe(self, listener: Callable[[str, Any], None]) -> None:
        """Call `listener(name, value)` after each change."""
        self._listeners.append(listener)

    def save(self) -> None:
        """Write what differs from the defaults. Raises StorageError."""
        changed = {
            one.name: getattr(self.value, one.name)
            for one in fields(self.value)  # type: ignore[arg-type]
            if getattr(self.value, one.name) != getattr(self._defaults, one.name)
        }
        text = json.dumps({"version": VERSION, "settings": changed}, indent=1, sort_keys=True)
        write_atomic(self.path, text.encode())

    def _field(self, name: str) -> Field[Any]:
        for one in fields(self._defaults):  # type: ignore[arg-type]
            if one.name == name:
                return one
        raise InvalidInput(f"There is no setting named {name!r}.")

    def _load(self) -> T:
        try:
            if not self.path.exists():
                return self._defaults
            if self.path.stat().st_size > MAX_BYTES:
                raise ValueError
            document = json.loads(self.path.read_bytes().decode("utf-8"))
            found = document["settings"]
            if not isinstance(found, dict):
                raise TypeError
        except (ValueError, TypeError, KeyError, RecursionError):
            aside = keep_aside(self.path)
            where = f" (the damaged file is kept as {aside.name})" if aside else ""
            self.problems.append(f"{self.path.name} could not be read, so the defaults are used{where}.")
            return self._defaults
        except OSError as error:
            self.problems.append(f"{self.path.name} could not be opened ({error.strerror}); the defaults are used.")
            return self._defaults
        return self._merged(found)

    def _merged(self, found: dict[str, Any]) -> T:
        taken: dict[str, Any] = {}
        for one in fields(self._defaults):  # type: ignore[arg-type]
            if one.name in found:
                try:
                    taken[one.name] = checked(one, found[one.name], getattr(self._defaults, one.name))
                except InvalidInput as error:
                    self.problems.append(f"{self.path.name}: {error} The default is used.")
        return replace(self._defaults, **taken)  # type: ignore[type-var]


def checked(one: Field[Any], value: Any, default: Any) -> Any:
    """Return `value` in the type of the default. Raises InvalidInput with one sentence."""
    if isinstance(default, tuple) and isinstance(value, list | tuple):
        if all(isinstance(item, str) for item in value):
            return tuple(value)
        raise InvalidInput(f"{one.name} takes a list of words.")
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not type(default):
        raise InvalidInput(f"{one.name} cannot be {value!r}.")
    options = one.metadata.get("options")
    if options and value not in options:
        raise InvalidInput(f"{one.name} cannot be {value!r}: choose one of {', '.join(options)}.")
    low, high = one.metadata.get("low"), one.metadata.get("high")
    if low is not None and not low <= value <= high:
        raise InvalidInput(f"{one.name} must be from {low} to {high}, not {value}.")
    return value
