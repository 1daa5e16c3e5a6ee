"""Strategies: what runs, how it stands by the engine's word, and a form to start one (UX §5.10)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedLayout

from bidmere.desk.api import StrategyRun
from bidmere.errors import BidmereError
from bidmere.model.ids import InstrumentId
from bidmere_terminal.panels.spec import LinkGroup, Panel, PanelContext
from bidmere_terminal.panels.strategies.columns import RunRow, run_columns
from bidmere_terminal.panels.strategies.form import StartForm, StartWish
from bidmere_terminal.tables.columns import Key
from bidmere_terminal.tables.empty_state import EmptyState
from bidmere_terminal.tables.live_table import LiveTable

ANSWER_MS = 5_000


class StrategiesPanel(Panel):
    """Show runs; a switch shows the engine's state, never the click (U-74)."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        name = context.instance
        self._asked: dict[str, str] = {}
        self.table = LiveTable(f"{name}.table", run_columns(), self)
        self.form = StartForm(name)
        self.table.empty.say("No strategy runs. Choose one on the right and press Start: it trades on paper.")
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(ANSWER_MS)
        self._late.setObjectName(f"{name}.answer")
        self._late.timeout.connect(self._no_answer)
        self._lay_out(name)
        self._connect()
        self.table.restore_state(context.state.get("table"))
        self._on_ready(self.model.ready)

    def _lay_out(self, name: str) -> None:
        self.splitter = QSplitter()
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(self.form)
        self.splitter.setStretchFactor(0, 5)
        self.splitter.setStretchFactor(1, 2)
        self.empty = EmptyState(name, self)
        self.empty.say("The engine is starting…")
        self.stack = QStackedLayout(self)
        self.stack.addWidget(self.splitter)
        self.stack.addWidget(self.empty)
        self.setFocusProxy(self.table.view)

    def _connect(self) -> None:
        self.form.wanted.connect(self._start)
        self.table.button_pressed.connect(self._switch)
        self.table.failed.connect(self._failed)
        model = self.model
        model.runs_changed.connect(self._show_runs)
        model.accounts_changed.connect(self._offer)
        model.ready_changed.connect(self._on_ready)

    # ---- what runs
    def _show_runs(self) -> None:
        rows: dict[str, RunRow] = {}
        for run_id, run in self.model.runs.items():
            asked = self._asked.get(run_id, "")
            if (asked == "stopping" and run.state == "stopped") or (asked == "starting" and run.state != "stopped"):
                del self._asked[run_id]
                asked = ""
            account = self.model.accounts.get(run.account)
            rows[run_id] = RunRow(run, asked, account.mode.value.upper() if account is not None else "")
        if not self._asked:
            self._late.stop()
        self.table.replace_all(rows)

    def _switch(self, key: Key, _column: str) -> None:
        run_id = str(key)
        run = self.model.runs.get(run_id)
        if run is None or run_id in self._asked:
            return
        if self.table.row(key).is_on:
            self._asked[run_id] = "stopping"
            self._spawn(self._stop(run_id), "stop")
        else:
            self._asked[run_id] = "starting"
            wish = StartWish(run.strategy, run.instrument, run.timeframe, run.account, dict(run.params), None)
            self._spawn(self._launch(wish, run_id), "start")
        self._late.start()
        self._show_runs()

    def _start(self, wish: StartWish) -> None:
        self.form.say("Starting…")
        self.form.start.setEnabled(False)
        self._late.start()
        self._spawn(self._launch(wish, ""), "start")

    def _spawn(self, job: Any, what: str) -> None:
        self.context.bridge.spawn(job, f"{self.context.instance}.{what}")

    async def _launch(self, wish: StartWish, run_id: str) -> None:
        try:
            run = await self.context.bridge.call(
                lambda desk: desk.start_strategy(
                    wish.name, wish.instrument, wish.timeframe, wish.account, wish.params, wish.qty
                )
            )
        except BidmereError as error:
            self.form.say(f"Not started: {error}", "danger")
        else:
            self._take(run)
            self.form.say(f"{run.strategy} on {run.instrument} is {run.state}.", "ok")
        finally:
            self._asked.pop(run_id, None)
            self.form.start.setEnabled(True)
            self._show_runs()

    async def _stop(self, run_id: str) -> None:
        try:
            await self.context.bridge.call(lambda desk: desk.stop_strategy(run_id))
            runs = await self.context.bridge.call(lambda desk: desk.strategy_runs())
        except BidmereError as error:
            self.form.say(f"Not stopped: {error}", "danger")
        else:
            for run in runs:
                self._take(run)
        finally:
            self._asked.pop(run_id, None)
            self._show_runs()

    def _take(self, run: StrategyRun) -> None:
        """Keep the engine's answer until its own report arrives."""
        self.model.runs[run.run_id] = run

    def _no_answer(self) -> None:
        """Give the switches back after five seconds: the engine's word counts, and there was none."""
        self._asked.clear()
        self.form.start.setEnabled(True)
        self.form.say("The engine did not confirm within 5 s; the table shows what it last said.", "warn")
        self._show_runs()

    def _failed(self, text: str) -> None:
        self.context.notify(text, level="error")

    # ---- the form
    def _offer(self) -> None:
        if self.model.ready:
            self._spawn(self._fetch(), "specs")

    async def _fetch(self) -> None:
        specs = await self.context.bridge.call(lambda desk: desk.strategy_specs())
        self.form.offer(specs, list(self.model.instruments.values()), list(self.model.accounts.values()))
        group = self.context.group
        if not self.form.symbol.text():
            first = next(iter(self.model.instruments), None)
            symbol = group.instrument if group is not None and group.instrument is not None else first
            if symbol is not None:
                self.form.set_symbol(symbol)

    async def _load(self) -> None:
        for run in await self.context.bridge.call(lambda desk: desk.strategy_runs()):
            self._take(replace(run))
        self._show_runs()

    def _on_ready(self, ready: bool) -> None:
        self.stack.setCurrentIndex(0 if ready else 1)
        if ready:
            self._offer()
            self._spawn(self._load(), "runs")

    def set_instrument(self, instrument: InstrumentId) -> None:
        """Offer a symbol in the form."""
        self.form.set_symbol(instrument)

    def set_group(self, group: LinkGroup | None) -> None:
        """Offer the group's symbol in the form; later changes of it are not followed while one fills it in."""
        self.context.group = group
        if group is not None and group.instrument is not None:
            self.form.set_symbol(group.instrument)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.model.ready and not self.form.params:
            self._offer()

    # ---- state
    def save_state(self) -> dict[str, Any]:
        """Return the columns of the table."""
        return {"table": self.table.save_state()}

    def dump(self) -> dict[str, Any]:
        """Return the runs and what the form says."""
        return {
            "state": self.empty.label.text() if self.stack.currentIndex() else "",
            "runs": self.table.dump(),
            "message": self.form.message.text(),
        }

    def shutdown(self) -> None:
        """Let go of the model."""
        self._late.stop()
        model = self.model
        model.runs_changed.disconnect(self._show_runs)
        model.accounts_changed.disconnect(self._offer)
        model.ready_changed.disconnect(self._on_ready)
