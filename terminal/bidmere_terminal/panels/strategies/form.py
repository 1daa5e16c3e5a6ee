"""The form that starts a strategy: parameters from its schema, with their ranges checked as typed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QFormLayout,
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from bidmere.desk.api import StrategySpec
from bidmere.errors import InvalidInput
from bidmere.model.account import Account
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.money import plain, to_decimal
from bidmere.model.timeframe import TIMEFRAMES, Timeframe
from bidmere_terminal.widgets.labels import plain_label, set_tone

_COMPACT = "QLineEdit, QComboBox { padding: 1px 6px; min-height: 20px; }"


@dataclass(frozen=True, slots=True)
class StartWish:
    """A start as filled in; `qty` None leaves the size to the strategy."""

    name: str
    instrument: InstrumentId
    timeframe: Timeframe
    account: str
    params: dict[str, float]
    qty: Decimal | None


def number_words(value: float) -> str:
    """Return a parameter without needless digits."""
    return f"{value:.10g}"


def read_param(text: str, title: str, low: float, high: float) -> float:
    """Read one parameter. Raises InvalidInput with what is wrong."""
    try:
        value = float(to_decimal(text.strip()))
    except InvalidInput:
        raise InvalidInput(f"{title}: {text.strip() or 'nothing'} is not a number, write for example 20.") from None
    if not low <= value <= high:
        raise InvalidInput(f"{title} must lie between {number_words(low)} and {number_words(high)}.")
    return value


class StartForm(QWidget):
    """Ask for a start through `wanted`; a wrong value is named before anything is sent."""

    wanted = Signal(object)  # StartWish

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(f"{name}.form")
        self._name = name
        self._specs: tuple[StrategySpec, ...] = ()
        self._instruments: dict[str, Instrument] = {}
        self.strategy = QComboBox()
        self.symbol = QLineEdit()
        self.timeframe = QComboBox()
        self.account = QComboBox()
        self.quantity = QLineEdit()
        self.params: dict[str, QLineEdit] = {}
        self.start = QPushButton("Start")
        self.message = plain_label("", "caption", f"{name}.form.message")
        self.summary = plain_label("", "caption", f"{name}.form.summary")
        self._lay_out(name)

    def _lay_out(self, name: str) -> None:
        for widget, part, title in (
            (self.strategy, "strategy", "Strategy"),
            (self.symbol, "symbol", "Symbol"),
            (self.timeframe, "timeframe", "Timeframe"),
            (self.account, "account", "Account"),
            (self.quantity, "size", "Size"),
        ):
            widget.setObjectName(f"{name}.form.{part}")
            widget.setAccessibleName(title)
        for timeframe in TIMEFRAMES:
            self.timeframe.addItem(str(timeframe))
        self.timeframe.setCurrentText("1m")
        self.quantity.setPlaceholderText("by the strategy")
        self.start.setObjectName(f"{name}.form.start")
        self.start.setProperty("kind", "primary")
        for label in (self.summary, self.message):
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.form = QFormLayout()
        self.form.setSpacing(4)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.form.addRow(self._caption("Strategy"), self.strategy)
        self.form.addRow(self.summary)
        self.form.addRow(self._caption("Symbol"), self.symbol)
        self.form.addRow(self._caption("Bars"), self.timeframe)
        self.form.addRow(self._caption("Account"), self.account)
        self.form.addRow(self._caption("Size"), self.quantity)
        self.form.setContentsMargins(10, 6, 10, 6)
        for box in (self.strategy, self.timeframe, self.account):
            box.setMinimumContentsLength(4)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        inside = QWidget()
        inside.setLayout(self.form)
        scroll = QScrollArea()
        scroll.setObjectName(f"{name}.form.scroll")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        foot = QVBoxLayout()
        foot.setContentsMargins(10, 2, 10, 6)
        foot.setSpacing(4)
        foot.addWidget(self.message)
        foot.addWidget(self.start)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scroll, 1)
        column.addLayout(foot)
        self.setMinimumWidth(230)
        self.setStyleSheet(_COMPACT)
        self.message.hide()
        self.strategy.activated.connect(self._build_params)
        self.start.clicked.connect(self._pressed)
        self.symbol.returnPressed.connect(self._pressed)
        self.quantity.returnPressed.connect(self._pressed)

    @staticmethod
    def _caption(text: str) -> QLabel:
        return plain_label(text, "caption")

    # ---- choices
    def offer(
        self, specs: Sequence[StrategySpec], instruments: Sequence[Instrument], accounts: Sequence[Account]
    ) -> None:
        """Fill the choices."""
        self._instruments = {str(one.id): one for one in instruments}
        completer = QCompleter(sorted(self._instruments), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.symbol.setCompleter(completer)
        chosen_account = self.account.currentData()
        self.account.clear()
        for account in accounts:
            self.account.addItem(f"{account.name} · {account.mode.value.upper()}", account.id)
        if chosen_account is not None:
            self.account.setCurrentIndex(max(0, self.account.findData(chosen_account)))
        if tuple(specs) != self._specs:
            self._specs = tuple(specs)
            self.strategy.clear()
            for spec in self._specs:
                self.strategy.addItem(spec.title, spec.name)
            self._build_params()
        self.start.setEnabled(bool(self._specs))

    def set_symbol(self, instrument: InstrumentId) -> None:
        """Offer a symbol, unless one is being typed."""
        if not self.symbol.hasFocus():
            self.symbol.setText(str(instrument))

    def say(self, text: str, tone: str = "") -> None:
        """Show a sentence below the fields."""
        self.message.setText(text)
        self.message.setVisible(bool(text))
        set_tone(self.message, tone)

    def _spec(self) -> StrategySpec | None:
        name = self.strategy.currentData()
        return next((spec for spec in self._specs if spec.name == name), None)

    def _build_params(self) -> None:
        for field in self.params.values():
            self.form.removeRow(field)
        self.params = {}
        spec = self._spec()
        self.summary.setText(spec.summary if spec is not None else "")
        for name, default, low, high, title in spec.params if spec is not None else ():
            field = QLineEdit(number_words(default))
            field.setObjectName(f"{self._name}.form.param.{name}")
            field.setAccessibleName(title)
            if math.isfinite(low) and math.isfinite(high):
                field.setToolTip(f"{title}: {number_words(low)} to {number_words(high)}")
            field.returnPressed.connect(self._pressed)
            self.params[name] = field
            self.form.addRow(self._caption(title), field)

    # ---- reading
    def read(self) -> StartWish:
        """Return what is filled in. Raises InvalidInput naming the first wrong field."""
        spec = self._spec()
        if spec is None:
            raise InvalidInput("There is no strategy to start.")
        typed = self.symbol.text().strip().upper()
        matches = [one for key, one in self._instruments.items() if typed in (key, one.id.symbol)]
        if len(matches) != 1:
            raise InvalidInput(f"No instrument is called {typed or 'nothing'}: choose one from the list.")
        params = {
            name: read_param(self.params[name].text(), title, low, high) for name, _, low, high, title in spec.params
        }
        size = self.quantity.text().strip()
        qty = to_decimal(size) if size else None
        if qty is not None and (qty <= 0 or not matches[0].on_lot(qty)):
            raise InvalidInput(f"Size must be a multiple of the lot {plain(matches[0].lot)}.")
        return StartWish(
            name=spec.name,
            instrument=matches[0].id,
            timeframe=Timeframe.parse(self.timeframe.currentText()),
            account=str(self.account.currentData() or ""),
            params=params,
            qty=qty,
        )

    def _pressed(self) -> None:
        try:
            wish = self.read()
        except InvalidInput as error:
            self.say(str(error), "danger")
            return
        self.wanted.emit(wish)
