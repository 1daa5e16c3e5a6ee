"""The columns of the strategies that run, and the words of their states."""

from __future__ import annotations

from dataclasses import dataclass

from bidmere.desk.api import StrategyRun
from bidmere.desk.words import iso_time, time_text
from bidmere_terminal.panels.strategies.form import number_words
from bidmere_terminal.tables.columns import Align, Cell, Column

_STATES = {
    "stopped": ("○ stopped", "text_muted"),
    "warming": ("◐ warming", "text_muted"),
    "running": ("● running", "ok"),
    "paused": ("‖ paused", "warn"),
    "halted": ("■ halted", "danger"),
    "error": ("✖ error", "danger"),
    "starting": ("… starting", "text_muted"),
    "stopping": ("… stopping", "text_muted"),
}
OFF = frozenset({"stopped", "error", "halted"})


@dataclass(slots=True)
class RunRow:
    """A run as the engine reports it, `asked` while a start or stop is not confirmed, and the account's mode."""

    run: StrategyRun
    asked: str = ""
    mode: str = ""

    @property
    def state(self) -> str:
        """The state to show: what was asked for until the engine confirms it."""
        return self.asked or self.run.state

    @property
    def is_on(self) -> bool:
        """The engine runs it."""
        return self.run.state not in OFF


def _state_cell(row: RunRow) -> Cell:
    words, role = _STATES.get(row.state, (row.state, "text"))
    return Cell(words, role, f" {row.run.detail}" if row.run.detail else "")


def _params(row: RunRow) -> str:
    return ", ".join(f"{name} {number_words(value)}" for name, value in row.run.params.items())


def _button(row: RunRow) -> Cell:
    if row.asked:
        return Cell("")
    return Cell("Stop" if row.is_on else "Start", "text")


def run_columns() -> list[Column]:
    """Return the columns; a row is a RunRow."""
    return [
        Column(id="switch", title="", width=58, cell=_button, button=True, sortable=False),
        Column(id="name", title="Strategy", width=110, min_width=70, live=False, stretch=1,
               cell=lambda r: Cell(r.run.strategy), value=lambda r: r.run.strategy),
        Column(id="state", title="State", width=110, value=lambda r: r.state, cell=_state_cell,
               detail=lambda r: r.run.detail),
        Column(id="symbol", title="Symbol", width=110, live=False, value=lambda r: str(r.run.instrument),
               cell=lambda r: Cell(str(r.run.instrument))),
        Column(id="timeframe", title="Bars", width=48, live=False, value=lambda r: r.run.timeframe.ns,
               cell=lambda r: Cell(str(r.run.timeframe), "text_muted"), canonical=lambda r: str(r.run.timeframe)),
        Column(id="mode", title="Mode", width=60, live=False, value=lambda r: r.mode,
               cell=lambda r: Cell(r.mode, "text_muted")),
        Column(id="orders", title="Orders", width=56, align=Align.RIGHT, value=lambda r: r.run.orders,
               cell=lambda r: Cell(f"{r.run.orders:,}")),
        Column(id="signal", title="Last signal", width=84, value=lambda r: r.run.last_signal_ns, hint="UTC",
               cell=lambda r: Cell(time_text(r.run.last_signal_ns, millis=False), "text_muted"),
               canonical=lambda r: iso_time(r.run.last_signal_ns)),
        Column(id="params", title="Parameters", width=140, live=False, value=_params,
               cell=lambda r: Cell(_params(r), "text_muted")),
        Column(id="account", title="Account", width=90, live=False, visible=False, value=lambda r: r.run.account,
               cell=lambda r: Cell(r.run.account, "text_muted")),
    ]  # fmt: skip
