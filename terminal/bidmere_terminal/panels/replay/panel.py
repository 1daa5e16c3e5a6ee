"""The replay bar: play, step, speed, where it stands, and jump ahead (UX §16)."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSlider, QStackedLayout, QVBoxLayout, QWidget

from bidmere.desk.api import ReplayState
from bidmere.desk.words import date_text, time_text
from bidmere.errors import BidmereError
from bidmere_terminal.panels.spec import Panel, PanelContext
from bidmere_terminal.tables.empty_state import EmptyState
from bidmere_terminal.theme import bind_icon
from bidmere_terminal.widgets.labels import ElidedLabel, plain_label, set_tone

SPEEDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 25.0, 60.0, 100.0, 500.0, 1_000.0, math.inf)
POLL_MS = 200
_STEPS = 1_000
_MINUTE_NS = 60_000_000_000
_HOW = (
    "Nothing is replayed now. Start the desk on recorded data with bidmere --replay FILE, "
    "or run bidmere-cli replay without a window."
)


def speed_words(speed: float) -> str:
    """Return `0.25×`, `10×` or `max`."""
    return "max" if math.isinf(speed) else f"{speed:g}×"


def moment_words(ts_ns: int) -> str:
    """Return `12 Mar 2025 09:31:07 UTC`."""
    return f"{date_text(ts_ns)} {time_text(ts_ns, millis=False)} UTC"


class ReplayPanel(Panel):
    """Steer the one replay of the engine; a replay goes forward only."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        name = context.instance
        self.state: ReplayState | None = None
        self._asking = False
        self._acting = False
        self.to_minute = QPushButton()
        self.play = QPushButton()
        self.step = QPushButton()
        self.to_end = QPushButton()
        self.speed = QComboBox()
        self.moment = plain_label("", "figure", f"{name}.moment")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.begins = plain_label("", "caption", f"{name}.begins")
        self.ends = plain_label("", "caption", f"{name}.ends")
        self.words = ElidedLabel("", f"{name}.words")
        self._lay_out(name)
        self._timer = QTimer(self)
        self._timer.setObjectName(f"{name}.poll")
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.poll)
        self.play.clicked.connect(self._toggle)
        self.step.clicked.connect(self._step)
        self.to_minute.clicked.connect(self._minute)
        self.to_end.clicked.connect(self._end)
        self.speed.activated.connect(self._speed_picked)
        self.slider.sliderReleased.connect(self._seek)
        self.model.ready_changed.connect(self._on_ready)
        self.show_state(None)

    def _lay_out(self, name: str) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(4)
        for button, part, icon, words in (
            (self.play, "play", "play", "Play (Space)"),
            (self.step, "step", "chevron-right", "One step and hold"),
            (self.to_minute, "minute", "clock", "Ahead to the next minute"),
            (self.to_end, "end", "zap", "Ahead to the end"),
        ):
            button.setObjectName(f"{name}.{part}")
            button.setProperty("kind", "primary" if button is self.play else "flat")
            button.setToolTip(words)
            button.setAccessibleName(words)
            button.setFixedHeight(26)
            bind_icon(button, icon, "on_fill" if button is self.play else "text_muted")
            bar.addWidget(button)
        self.play.setFixedWidth(84)
        self.speed.setObjectName(f"{name}.speed")
        self.speed.setAccessibleName("Speed")
        self.speed.setFixedWidth(84)
        for speed in SPEEDS:
            self.speed.addItem(speed_words(speed))
        bar.addWidget(self.speed)
        bar.addStretch(1)
        where = QHBoxLayout()
        where.setSpacing(8)
        where.addWidget(self.moment)
        where.addWidget(self.words, 1)
        line = QHBoxLayout()
        line.setSpacing(8)
        self.slider.setObjectName(f"{name}.position")
        self.slider.setAccessibleName("Where the replay stands; drag ahead to jump")
        self.slider.setRange(0, _STEPS)
        line.addWidget(self.begins)
        line.addWidget(self.slider, 1)
        line.addWidget(self.ends)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(4)
        column.addLayout(bar)
        column.addLayout(where)
        column.addLayout(line)
        column.addStretch(1)
        self.empty = EmptyState(name, self)
        self.stack = QStackedLayout(self)
        self.stack.addWidget(body)
        self.stack.addWidget(self.empty)
        self.setFocusProxy(self.play)

    # ---- what is shown
    def show_state(self, state: ReplayState | None) -> None:
        """Show where the replay stands, or how to start one."""
        self.state = state
        if state is None:
            self.empty.say(_HOW if self.model.ready else "The engine is starting…")
            self.stack.setCurrentIndex(1)
            return
        self.stack.setCurrentIndex(0)
        self.play.setText("Pause" if state.playing else "Play")
        bind_icon(self.play, "pause" if state.playing else "play", "on_fill")
        for button in (self.play, self.step, self.to_minute, self.to_end):
            button.setEnabled(not state.finished)
        nearest = min(range(len(SPEEDS)), key=lambda number: _distance(SPEEDS[number], state.speed))
        if not self.speed.view().isVisible():
            self.speed.setCurrentIndex(nearest)
        self.moment.setText(moment_words(state.position_ns))
        for label, ts_ns in ((self.begins, state.start_ns), (self.ends, state.end_ns)):
            label.setText(date_text(ts_ns))
            label.setToolTip(moment_words(ts_ns))
        if not self.slider.isSliderDown():
            length = max(1, state.end_ns - state.start_ns)
            self.slider.setValue(round((state.position_ns - state.start_ns) / length * _STEPS))
        how = "at the end" if state.finished else "playing" if state.playing else "paused"
        self.say(f"{state.symbol} · {how}")
        self.title_changed.emit(f"Replay {state.symbol}")

    def say(self, text: str, tone: str = "") -> None:
        """Show a sentence beside the time."""
        self.words.setText(text)
        set_tone(self.words, tone)

    def poll(self) -> None:
        """Ask where the replay stands; one question at a time."""
        if self._asking or self._acting or not self.isVisible() or not self.model.ready:
            return
        self._asking = True
        self.context.bridge.spawn(self._fetch(), f"{self.context.instance}.poll")

    async def _fetch(self) -> None:
        try:
            state = await self.context.bridge.call(lambda desk: desk.replay())
        finally:
            self._asking = False
        if not self._acting:
            self.show_state(state)

    # ---- what the user does
    def _toggle(self) -> None:
        if self.state is not None:
            self._do("pause" if self.state.playing else "play")

    def _step(self) -> None:
        self._do("step", 1.0)

    def _minute(self) -> None:
        if self.state is not None:
            after = (self.state.position_ns // _MINUTE_NS + 1) * _MINUTE_NS
            self._do("seek", float(min(after, self.state.end_ns)))

    def _end(self) -> None:
        if self.state is not None:
            self._do("seek", float(self.state.end_ns))

    def _speed_picked(self, index: int) -> None:
        self._do("speed", SPEEDS[index])

    def _seek(self) -> None:
        if self.state is None:
            return
        length = self.state.end_ns - self.state.start_ns
        wanted = self.state.start_ns + round(self.slider.value() / _STEPS * length)
        if wanted > self.state.position_ns:
            self._do("seek", float(wanted))
        else:
            self.show_state(self.state)
            self.say("A replay goes forward only: start it again to see the past.", "warn")

    def _do(self, command: str, value: float = 0.0) -> None:
        self._acting = True
        self.context.bridge.spawn(self._run(command, value), f"{self.context.instance}.{command}")

    async def _run(self, command: str, value: float) -> None:
        try:
            state = await self.context.bridge.call(lambda desk: desk.replay_control(command, value))
        except BidmereError as error:
            self.say(str(error), "danger")
            return
        finally:
            self._acting = False
        self.show_state(state)

    # ---- life
    def _on_ready(self, _ready: bool) -> None:
        self.show_state(None)
        self.poll()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()
        self.poll()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def dump(self) -> dict[str, Any]:
        """Return where the replay stands."""
        if self.state is None:
            return {"state": self.empty.label.text()}
        return {
            "symbol": self.state.symbol,
            "moment": self.moment.text(),
            "speed": self.speed.currentText(),
            "playing": self.state.playing,
            "words": self.words.text(),
        }

    def shutdown(self) -> None:
        """Stop asking."""
        self._timer.stop()
        self.model.ready_changed.disconnect(self._on_ready)


def _distance(one: float, other: float) -> float:
    """Return how far two speeds are apart by ratio; infinite speeds are equal."""
    if math.isinf(one) or math.isinf(other):
        return 0.0 if one == other else math.inf
    return abs(math.log(one / other)) if other > 0 else math.inf
