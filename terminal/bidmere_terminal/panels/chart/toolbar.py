"""The slim line over a chart: symbol, timeframe, kind, indicators, what is shared with the link group."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import QEvent, QObject, QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QMenu, QPushButton, QToolButton, QWidget

from bidmere.errors import InvalidInput
from bidmere.model.instrument import Instrument
from bidmere.model.timeframe import Timeframe
from bidmere_terminal.theme import bind_icon

FAVOURITES = tuple(Timeframe.parse(text) for text in ("1m", "5m", "15m", "1h", "4h", "1d", "1w"))
KINDS = (
    ("candles", "Candles"),
    ("hollow", "Hollow candles"),
    ("bars", "Bars"),
    ("line", "Line"),
    ("area", "Area"),
    ("heikin-ashi", "Heikin-Ashi"),
)


def read_timeframe(text: str) -> Timeframe:
    """Read what a trader types: `5` and `90` are minutes, `1h`, `4H`, `1D`, `1w`, `1M`. Raises InvalidInput."""
    text = text.strip()
    if text.isdigit():
        text += "m"
    if text[-1:] in ("H", "D", "W", "S"):
        text = text[:-1] + text[-1].lower()
    return Timeframe.parse(text)


def timeframe_title(timeframe: Timeframe) -> str:
    """Return a timeframe as its button shows it: days and weeks in capitals."""
    text = str(timeframe)
    return text.upper() if text[-1] in "dw" else text


class ChartToolbar(QWidget):
    """Report what was chosen; it never changes the chart itself."""

    symbol_chosen = Signal(str)
    timeframe_chosen = Signal(object)
    kind_chosen = Signal(str)
    refused = Signal(str)
    left = Signal()

    def __init__(self, name: str, instruments: Callable[[], Iterable[Instrument]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(f"{name}.toolbar")
        self._instruments = instruments
        self._symbol_text = ""
        self.symbol = self._line(f"{name}.symbol", "Symbol", 108)
        self._offers = QStringListModel(self)
        completer = QCompleter(self._offers, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.activated.connect(self._symbol_entered)
        self.symbol.setCompleter(completer)
        self.symbol.returnPressed.connect(lambda: self._symbol_entered(self.symbol.text()))
        self.timeframe = self._line(f"{name}.timeframe", "Timeframe, for example 5, 90, 1h or 1d", 44)
        self.timeframe.setPlaceholderText("…")
        self.timeframe.returnPressed.connect(self._timeframe_entered)
        self.favourites = {one: self._favourite(name, one) for one in FAVOURITES}
        self.kind = self._tool(f"{name}.kind", "Chart type", "chart-candlestick")
        self.kind.clicked.connect(self._open_kinds)
        self.indicators = self._tool(f"{name}.indicators", "Indicators", "activity")
        self.share = self._tool(f"{name}.share", "Share timeframe and crosshair with the link group", "link")
        self.share.setCheckable(True)
        self._kind = "candles"
        self._lay_out()

    def _line(self, name: str, title: str, width: int) -> QLineEdit:
        edit = QLineEdit(self)
        edit.setObjectName(name)
        edit.setAccessibleName(title)
        edit.setToolTip(title)
        edit.setFixedWidth(width)
        edit.installEventFilter(self)
        return edit

    def _favourite(self, name: str, timeframe: Timeframe) -> QPushButton:
        button = QPushButton(timeframe_title(timeframe), self)
        button.setObjectName(f"{name}.timeframe.{timeframe}")
        button.setProperty("kind", "seg")
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda _on=False: self.timeframe_chosen.emit(timeframe))
        return button

    def _tool(self, name: str, title: str, icon_name: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setAccessibleName(title)
        button.setToolTip(title)
        bind_icon(button, icon_name)
        return button

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 2, 6, 2)
        layout.setSpacing(2)
        layout.addWidget(self.symbol)
        layout.addSpacing(6)
        for button in self.favourites.values():
            layout.addWidget(button)
        layout.addWidget(self.timeframe)
        layout.addSpacing(6)
        for tool in (self.kind, self.indicators, self.share):
            layout.addWidget(tool)
        layout.addStretch(1)

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────

    def show_symbol(self, text: str) -> None:
        """Show the symbol of the chart."""
        self._symbol_text = text
        if not self.symbol.hasFocus():
            self.symbol.setText(text)
            self.symbol.setCursorPosition(0)

    def show_timeframe(self, timeframe: Timeframe) -> None:
        """Mark the timeframe of the chart."""
        for one, button in self.favourites.items():
            button.setChecked(one == timeframe)
        if not self.timeframe.hasFocus():
            self.timeframe.setText("" if timeframe in self.favourites else timeframe_title(timeframe))

    def show_kind(self, kind: str) -> None:
        """Remember which kind is ticked in the menu."""
        self._kind = kind

    def fit_width(self, width: int) -> None:
        """Leave out favourites that do not fit, the longest timeframes first."""
        room = width - 108 - 44 - 3 * 30 - 40
        for button in self.favourites.values():
            room -= button.sizeHint().width() + 2
            button.setVisible(room >= 0)

    # ── what is typed ────────────────────────────────────────────────────────────────────────────────────────────────

    def type_symbol(self, text: str) -> None:
        """Begin to type a symbol."""
        self._offers.setStringList([str(one.id) for one in self._instruments()])
        self.symbol.setFocus()
        self.symbol.setText(text)
        self.symbol.completer().setCompletionPrefix(text)
        self.symbol.completer().complete()

    def type_timeframe(self, text: str) -> None:
        """Begin to type a timeframe."""
        self.timeframe.setFocus()
        self.timeframe.setText(text)

    def _symbol_entered(self, text: str) -> None:
        if text.strip() and text.strip() != self._symbol_text:
            self.symbol_chosen.emit(text.strip())
        self._leave()

    def _timeframe_entered(self) -> None:
        try:
            timeframe = read_timeframe(self.timeframe.text())
        except InvalidInput as error:
            self.refused.emit(str(error))
            self.timeframe.selectAll()
            return
        self._leave()
        self.timeframe_chosen.emit(timeframe)

    def _leave(self) -> None:
        self.left.emit()
        self.symbol.setText(self._symbol_text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Select all when entered, restore on Escape."""
        if event.type() == QEvent.Type.FocusIn and watched is self.symbol:
            self._offers.setStringList([str(one.id) for one in self._instruments()])
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self._leave()
            return True
        return super().eventFilter(watched, event)

    def _open_kinds(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_kinds(menu)
        menu.popup(self.kind.mapToGlobal(self.kind.rect().bottomLeft()))

    def fill_kinds(self, menu: QMenu) -> None:
        """Offer the kinds of chart."""
        for kind, title in KINDS:
            action = menu.addAction(title, partial(self.kind_chosen.emit, kind))
            action.setCheckable(True)
            action.setChecked(kind == self._kind)
