"""How a panel is declared, and everything it is given: it never sees the window or another panel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeVar, overload

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from bidmere.desk.api import DeskApi
from bidmere.model.ids import InstrumentId
from bidmere.model.timeframe import Timeframe
from bidmere_terminal.bridge.desk_model import DeskModel

T = TypeVar("T")


class Area(StrEnum):
    """Where a panel opens in the default workspace."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelSpec:
    """Declare a panel: `factory` is `module:Class`, imported when first shown; the class takes a PanelContext."""

    id: str
    title: str
    icon: str
    area: Area
    factory: str
    many: bool = False
    linked: bool = True
    key: str = ""


class LinkGroup(QObject):
    """A colour group: panels in it follow one symbol, one timeframe and one crosshair (UX §9)."""

    instrument_changed = Signal(object)
    timeframe_changed = Signal(object)
    crosshair_changed = Signal(object)

    def __init__(self, letter: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.letter = letter
        self.instrument: InstrumentId | None = None
        self.timeframe: Timeframe | None = None

    def set_instrument(self, instrument: InstrumentId) -> None:
        """Send a symbol to every panel of the group."""
        if instrument != self.instrument:
            self.instrument = instrument
            self.instrument_changed.emit(instrument)

    def set_timeframe(self, timeframe: Timeframe) -> None:
        """Send a timeframe to the charts of the group."""
        if timeframe != self.timeframe:
            self.timeframe = timeframe
            self.timeframe_changed.emit(timeframe)

    def set_crosshair(self, ts_ns: int | None) -> None:
        """Send a crosshair instant (ns UTC), None when the mouse left."""
        self.crosshair_changed.emit(ts_ns)


class Bridge(Protocol):
    """The way to the engine."""

    @overload
    async def call(self, ask: Callable[[DeskApi], Awaitable[T]]) -> T: ...
    @overload
    async def call(self, ask: Callable[[DeskApi], T]) -> T: ...
    async def call(self, ask: Callable[[DeskApi], Awaitable[T] | T]) -> T:
        """Run `ask(desk)` on the engine's loop and return its answer; raises what it raises."""
        ...

    def spawn(self, job: Awaitable[Any], name: str) -> None:
        """Run a coroutine of a panel on the GUI's loop; a BidmereError becomes a notice, others are reported."""
        ...


class Notify(Protocol):
    """Tell the user something without a dialog: toast and message centre."""

    def __call__(self, text: str, *, level: str = "info", detail: str = "", key: str = "") -> None:
        """Show `text`; level is info, order, warning or error; a repeat with the same key replaces the first."""
        ...


@dataclass(slots=True, kw_only=True)
class PanelContext:
    """Everything one panel instance is given.

    `instance` is unique in the workspace (`chart-2`); `state` is what `save_state` returned last time; `account` gives
    the account chosen in the header; `run_command` runs a command of the table by id; `open_link` sets the panel's
    group. `group` is the current link group, None when unlinked: `group_changed` of the Panel tells when it changes.
    """

    instance: str
    bridge: Bridge
    model: DeskModel
    notify: Notify
    account: Callable[[], str]
    run_command: Callable[..., None]
    setting: Callable[[str], Any]
    set_setting: Callable[[str, Any], None]
    group: LinkGroup | None = None
    state: Mapping[str, Any] = field(default_factory=dict)


class Panel(QWidget):
    """Base of every panel: a widget with a context, a title, saved state and a dump of what it shows.

    A subclass builds its widgets in `__init__`, connects to `context.model` signals (bound methods of itself only),
    and repaints only while visible.
    """

    title_changed = Signal(str)
    state_pill_changed = Signal(str, str)
    """(kind, text): ready, quiet, stale, offline, loading, error — shown in the title bar."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__()
        self.context = context
        self._followed: LinkGroup | None = None
        self.setObjectName(context.instance)

    @property
    def model(self) -> DeskModel:
        """The GUI's copy of the desk."""
        return self.context.model

    def set_group(self, group: LinkGroup | None) -> None:
        """Join a link group and follow its symbol, or leave; panels call it once at their start."""
        if self._followed is not None:
            self._followed.instrument_changed.disconnect(self.set_instrument)
        self.context.group = self._followed = group
        if group is not None:
            group.instrument_changed.connect(self.set_instrument)
            if group.instrument is not None:
                self.set_instrument(group.instrument)

    def set_instrument(self, instrument: InstrumentId) -> None:
        """Show another symbol; does nothing in panels without one."""

    def save_state(self) -> dict[str, Any]:
        """Return JSON-able state (symbol, columns, indicators…) for the workspace."""
        return {}

    def dump(self) -> dict[str, Any]:
        """Return what is visible as JSON-able values, for `--ui-dump` (U-252)."""
        return {}

    def shutdown(self) -> None:
        """Release subscriptions; called before the panel is deleted."""
