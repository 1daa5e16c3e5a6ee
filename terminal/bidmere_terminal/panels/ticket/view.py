"""The ticket's widgets and how they stand; what they mean is decided elsewhere."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QDateTime, QSize, Qt, QTimeZone, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDateTimeEdit,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from bidmere.model.account import Account, AccountMode
from bidmere.model.instrument import Instrument
from bidmere.model.market import Side
from bidmere.model.orders import TimeInForce
from bidmere_terminal.panels.ticket.draft import FIELDS, Draft, Resolution
from bidmere_terminal.panels.ticket.fields import HintLine, NumberField, caption, chip, set_property
from bidmere_terminal.panels.ticket.order_types import FIRST_ROW, MORE, SHAPES, TicketType, lacks, tif_fits, tif_lacks
from bidmere_terminal.panels.ticket.quote_strip import QuoteStrip
from bidmere_terminal.panels.ticket.sizing import SizeUnit, unit_word
from bidmere_terminal.panels.ticket.submit_button import SubmitButton
from bidmere_terminal.panels.ticket.whatif import WhatIf
from bidmere_terminal.theme.apply import ui_font
from bidmere_terminal.theme.tokens import METRICS

_TITLES = {
    "size": "Size",
    "price": "Limit price",
    "trigger": "Trigger price",
    "offset": "Distance to follow at",
    "display": "Shown size",
    "sl": "Stop-loss",
    "tp": "Take-profit",
}
_COMPACT = """
QLineEdit, QComboBox, QDateTimeEdit { padding: 1px 6px; min-height: 20px; }
QComboBox { padding-right: 18px; }
QCheckBox { spacing: 4px; padding: 1px; }
QComboBox::drop-down { width: 18px; }
QPushButton[kind="chip"] { padding: 0 6px; min-height: 18px; }
QPushButton[kind="seg"] { padding: 1px 3px; min-height: 20px; }
QPushButton[kind="buy"], QPushButton[kind="sell"] { min-height: 24px; }
"""
_LABEL_PX = 46
_FRACTIONS = (
    ("quarter", "¼", "A quarter of the largest size that passes"),
    ("half", "½", "Half of the largest size that passes"),
    ("three", "¾", "Three quarters of the largest size that passes"),
    ("max", "Max", "The largest size that passes"),
)


def _segment(name: str, text: str, tip: str = "") -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setProperty("kind", "seg")
    button.setCheckable(True)
    button.setToolTip(tip)
    button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
    button.setFont(ui_font(METRICS.caption_px))
    return button


class TicketView(QWidget):
    """Hold the controls; `edited` follows anything a person changed."""

    edited = Signal()
    side_chosen = Signal(object)
    kind_chosen = Signal(object)
    unit_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("ticket.view")
        self.setStyleSheet(_COMPACT)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(8, 4, 8, 4)
        self.column.setSpacing(4)
        self.fields = {
            name: NumberField(f"ticket.{name}.input", _TITLES[name]) for name in FIELDS if name not in ("sl", "tp")
        }
        self.fields |= {name: NumberField(f"ticket.bracket.{name}", _TITLES[name]) for name in ("sl", "tp")}
        self.hints = {name: HintLine(f"ticket.{name}.hint") for name in FIELDS}
        self.quote = QuoteStrip()
        self.column.addWidget(self.quote)
        self._build_sides()
        self._build_types()
        self._build_size()
        self._build_prices()
        self._build_terms()
        self._build_bracket()
        self.whatif = WhatIf()
        self.column.addWidget(self.whatif, 1)
        self.submit = SubmitButton("ticket.submit")
        self.column.addWidget(self.submit)
        self.result = caption("", "ticket.result")
        self.result.setMinimumHeight(15)
        self.result.setWordWrap(True)
        self.result.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.column.addWidget(self.result)
        self._connect()
        self._order_tabs()

    # ---- building
    def _build_sides(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        self.side_group = QButtonGroup(self)
        self.sides: dict[Side, QPushButton] = {}
        for side in Side:
            button = QPushButton(side.value.upper())
            button.setObjectName(f"ticket.side.{side.value}")
            button.setAccessibleName(f"Side: {side.value}")
            button.setToolTip(f"{side.value.title()} ({side.value[0].upper()})")
            button.setCheckable(True)
            self.side_group.addButton(button)
            self.sides[side] = button
            row.addWidget(button, 1)
        self.column.addLayout(row)
        line = QHBoxLayout()
        line.setSpacing(4)
        self.position = caption("", "ticket.position")
        self.position.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.account = chip("ticket.account", "", tip="The account this order goes to")
        line.addWidget(self.position, 1)
        line.addWidget(self.account)
        self.column.addLayout(line)

    def _build_types(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(0)
        self.kind_group = QButtonGroup(self)
        self.kinds: dict[TicketType, QPushButton] = {}
        for kind in FIRST_ROW:
            button = _segment(f"ticket.type.{kind.value}", SHAPES[kind].short, SHAPES[kind].summary)
            self.kind_group.addButton(button)
            self.kinds[kind] = button
            row.addWidget(button)
        self.more = _segment("ticket.type.more", "More ▾", "More order types")
        self.kind_group.addButton(self.more)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.more_actions: dict[TicketType, QAction] = {}
        for kind in MORE:
            action = menu.addAction(SHAPES[kind].title)
            action.setObjectName(f"ticket.type.{kind.value}")
            action.setToolTip(SHAPES[kind].summary)
            action.setData(kind.value)
            self.more_actions[kind] = action
        self.more_menu = menu
        row.addWidget(self.more)
        row.addStretch(1)
        self.column.addLayout(row)

    def _build_size(self) -> None:
        self.unit = QComboBox()
        self.unit.setObjectName("ticket.size.unit")
        self.unit.setAccessibleName("Unit of the size")
        self.unit.setFixedWidth(96)
        for unit in SizeUnit:
            self.unit.addItem(unit.value, unit.value)
        self._row("size", "Size", self.unit)
        chips = QHBoxLayout()
        chips.setSpacing(3)
        self.fractions: dict[str, QPushButton] = {}
        for name, text, tip in _FRACTIONS:
            button = chip(f"ticket.size.{name}", text, tip=tip)
            self.fractions[text] = button
            chips.addWidget(button)
        chips.addStretch(1)
        self.presets = [chip(f"ticket.size.preset{number}", "", tip="Preset size") for number in range(1, 5)]
        for button in self.presets:
            chips.addWidget(button)
        self.column.addLayout(chips)
        self.echo = caption("", "ticket.size.echo")
        self.echo.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.echo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.column.addWidget(self.echo)
        self.column.addWidget(self.hints["size"])

    def _build_prices(self) -> None:
        self.near = {
            word: chip(f"ticket.price.{word.lower()}", word, tip=tip)
            for word, tip in (
                ("Join", "Join the best price of your own side"),
                ("Mid", "Half way between bid and ask, on the tick"),
                ("Cross", "The best price of the other side: fills now"),
            )
        }
        self.away = {name: caption("", f"ticket.{name}.away") for name in ("trigger", "offset")}
        self.rows = {
            "trigger": self._row("trigger", "Trigger", self.away["trigger"]),
            "price": self._row("price", "Price", *self.near.values()),
            "offset": self._row("offset", "Distance", self.away["offset"]),
            "display": self._row("display", "Show", caption("of the size")),
        }
        for name in ("trigger", "price", "offset", "display"):
            self.column.addWidget(self.hints[name])

    def _build_terms(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        self.tif = QComboBox()
        self.tif.setObjectName("ticket.tif.combo")
        self.tif.setAccessibleName("Time in force")
        self.tif.setFixedWidth(70)
        for tif in TimeInForce:
            self.tif.addItem(tif.value, tif.value)
        self.post_only = QCheckBox("Post-only")
        self.post_only.setObjectName("ticket.flag.postonly")
        self.post_only.setToolTip("Only rest in the book: refused when it would trade at once")
        self.reduce_only = QCheckBox("Reduce-only")
        self.reduce_only.setObjectName("ticket.flag.reduceonly")
        self.reduce_only.setToolTip("Only make the position smaller, never larger or reversed")
        row.addWidget(self.tif)
        row.addStretch(1)
        row.addWidget(self.post_only)
        row.addWidget(self.reduce_only)
        self.column.addLayout(row)
        self.until = QDateTimeEdit()
        self.until.setObjectName("ticket.tif.until")
        self.until.setAccessibleName("Ends at, UTC")
        self.until.setTimeZone(QTimeZone(QTimeZone.Initialization.UTC))
        self.until.setDisplayFormat("dd MMM yyyy HH:mm 'UTC'")
        self.until.setCalendarPopup(True)
        self.until.hide()
        self.column.addWidget(self.until)

    def _build_bracket(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        self.bracket = QCheckBox("Bracket")
        self.bracket.setObjectName("ticket.bracket.on")
        self.bracket.setToolTip("Attach a stop-loss and a take-profit to this order")
        self.fields["sl"].setPlaceholderText("SL")
        self.fields["tp"].setPlaceholderText("TP")
        row.addWidget(self.bracket)
        row.addWidget(self.fields["sl"], 1)
        row.addWidget(self.fields["tp"], 1)
        self.column.addLayout(row)
        self.exits = caption("", "ticket.bracket.away")
        self.exits.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.exits.hide()
        self.column.addWidget(self.exits)
        self.column.addWidget(self.hints["sl"])
        self.column.addWidget(self.hints["tp"])

    def _row(self, name: str, label: str, *after: QWidget) -> QWidget:
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        word = caption(label)
        word.setFixedWidth(_LABEL_PX)
        word.setBuddy(self.fields[name])
        row.addWidget(word)
        row.addWidget(self.fields[name], 1)
        for widget in after:
            row.addWidget(widget)
        self.column.addWidget(box)
        return box

    def _connect(self) -> None:
        for field in self.fields.values():
            field.textEdited.connect(self._any_edit)
        for box in (self.post_only, self.reduce_only, self.bracket):
            box.clicked.connect(self._any_edit)
        self.tif.activated.connect(self._any_edit)
        self.until.dateTimeChanged.connect(self._any_edit)
        self.unit.activated.connect(self._unit_picked)
        self.side_group.buttonClicked.connect(self._side_clicked)
        self.kind_group.buttonClicked.connect(self._kind_clicked)
        self.more_menu.triggered.connect(self._more_picked)

    def _order_tabs(self) -> None:
        chain: list[QWidget] = [self.sides[Side.BUY], self.sides[Side.SELL]]
        chain += [self.fields[name] for name in ("size", "trigger", "price", "offset", "display")]
        chain += [self.tif, self.until, self.post_only, self.reduce_only, self.bracket]
        chain += [self.fields["sl"], self.fields["tp"], self.unit, *self.kinds.values(), self.more, self.submit]
        for first, second in pairwise(chain):
            QWidget.setTabOrder(first, second)

    # ---- reading and showing
    def read(self, draft: Draft) -> Draft:
        """Return the draft with everything the controls say (side, type and account are the caller's)."""
        tif = TimeInForce(self.tif.currentData())
        expire = self.until.dateTime().toMSecsSinceEpoch() * 1_000_000
        text = {name: field.text() for name, field in self.fields.items()}
        return replace(
            draft,
            unit=SizeUnit(self.unit.currentData()),
            tif=tif,
            expire_ns=expire if tif is TimeInForce.GTD else None,
            post_only=self.post_only.isChecked() and self.post_only.isEnabled(),
            reduce_only=self.reduce_only.isChecked(),
            bracket=self.bracket.isChecked() and self.bracket.isEnabled(),
            size=text["size"],
            price=text["price"],
            trigger=text["trigger"],
            offset=text["offset"],
            display=text["display"],
            sl=text["sl"],
            tp=text["tp"],
        )

    def show_shape(self, draft: Draft, instrument: Instrument | None, currency: str) -> None:
        """Show the controls that the side, type and instrument ask for, with the reasons of what is off."""
        shape = SHAPES[draft.kind]
        for side, button in self.sides.items():
            button.setChecked(side is draft.side)
            set_property(button, "kind", side.value if side is draft.side else "side")
        for kind, button in self.kinds.items():
            button.setChecked(kind is draft.kind)
            why = lacks(instrument, kind) if instrument is not None else ""
            button.setEnabled(not why)
            button.setToolTip(why or SHAPES[kind].summary)
        self.more.setText(f"{shape.short} ▾" if draft.kind in MORE else "More ▾")
        self.more.setChecked(draft.kind in MORE)
        for kind, action in self.more_actions.items():
            why = lacks(instrument, kind) if instrument is not None else ""
            action.setEnabled(not why)
            action.setText(f"{SHAPES[kind].title} — {why}" if why else SHAPES[kind].title)
        for name, row in self.rows.items():
            row.setVisible(bool(getattr(shape, name)))
        self.post_only.setEnabled(draft.kind in (TicketType.LIMIT, TicketType.ICEBERG))
        self.bracket.setEnabled(draft.kind is not TicketType.OCO)
        on = self.bracket.isChecked() and self.bracket.isEnabled()
        for name in ("sl", "tp"):
            self.fields[name].setEnabled(on)
        self.exits.setVisible(on)
        self.until.setVisible(draft.tif is TimeInForce.GTD)
        self._show_tifs(draft, instrument)
        if instrument is not None:
            for number, unit in enumerate(SizeUnit):
                self.unit.setItemText(number, unit_word(instrument, unit, currency))

    def _show_tifs(self, draft: Draft, instrument: Instrument | None) -> None:
        for number, tif in enumerate(TimeInForce):
            why = tif_lacks(instrument, tif) if instrument is not None else ""
            if not why and not tif_fits(draft.kind, tif):
                why = f"{tif.value} has no meaning for a {SHAPES[draft.kind].title.lower()} order."
            item = self.tif.model().index(number, 0)
            self.tif.setItemData(number, why or None, Qt.ItemDataRole.ToolTipRole)
            flags = 0 if why else Qt.ItemFlag.ItemIsEnabled.value | Qt.ItemFlag.ItemIsSelectable.value
            self.tif.model().setData(item, flags, Qt.ItemDataRole.UserRole - 1)

    def show_problems(self, resolution: Resolution) -> None:
        """Mark fields and say what is wrong below them; a field left empty is not marked."""
        for name, field in self.fields.items():
            problem = resolution.problem(name) if field.text().strip() else None
            field.show_problem(problem)
            self.hints[name].show_problem(problem)

    def show_result(self, kind: str, text: str) -> None:
        """Show the line below the button."""
        tones = {"error": "danger", "warning": "warn", "order": "ok"}
        set_property(self.result, "tone", tones.get(kind, ""))
        self.result.setText(text)
        self.result.setToolTip(text)

    def show_account(self, account: Account | None) -> None:
        """Show the account and its mode in words and tone."""
        text = f"{account.name} · {account.mode.value.upper()}" if account is not None else "No account"
        if text != self.account.text():
            self.account.setText(text)
        live = account is not None and account.mode is AccountMode.LIVE
        set_property(self.account, "tone", "live" if live else "paper")

    def dump(self) -> dict[str, Any]:
        """Return what is shown as plain values."""
        return {
            "bid": self.quote.bid.text(),
            "ask": self.quote.ask.text(),
            "fields": {name: field.text() for name, field in self.fields.items()},
            "unit": self.unit.currentText(),
            "tif": self.tif.currentText(),
            "position": self.position.text(),
            "account": self.account.text(),
            "echo": self.echo.text(),
            "checks": self.whatif.head(),
            "what_if": [" ".join(part for part in row[:2] if part) for row in self.whatif.rows()],
            "failure": self.whatif.failure(),
            "submit": self.submit.text(),
            "submit_enabled": self.submit.isEnabled(),
            "result": self.result.text(),
        }

    def set_until(self, ts_ns: int) -> None:
        """Set when a GTD order ends, ns UTC."""
        zone = QTimeZone(QTimeZone.Initialization.UTC)
        self.until.setDateTime(QDateTime.fromMSecsSinceEpoch(ts_ns // 1_000_000, zone))

    def minimumSizeHint(self) -> QSize:
        return QSize(280, 330)

    # ---- slots
    def _any_edit(self, *_ignored: object) -> None:
        self.edited.emit()

    def _unit_picked(self, index: int) -> None:
        self.unit_chosen.emit(SizeUnit(self.unit.itemData(index)))

    def _side_clicked(self, button: QPushButton) -> None:
        self.side_chosen.emit(Side.BUY if button is self.sides[Side.BUY] else Side.SELL)

    def _kind_clicked(self, button: QPushButton) -> None:
        if button is self.more:
            self.more_menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))
            self.kind_chosen.emit(None)
            return
        self.kind_chosen.emit(next(kind for kind, one in self.kinds.items() if one is button))

    def _more_picked(self, action: QAction) -> None:
        self.kind_chosen.emit(TicketType(action.data()))
