"""The what-if block: what the order costs, fills at, leaves behind, and every check in words (U-91 to U-93)."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from bidmere.desk.words import fixed, money_text, pct_text, price_text, qty_text
from bidmere.model.instrument import Instrument
from bidmere.model.orders import OrderIntent
from bidmere.risk.decision import CheckResult, GateReport, Preview, Verdict
from bidmere_terminal.panels.ticket.fields import caption, chip, set_property
from bidmere_terminal.panels.ticket.wording import short_qty

_MARKS = {Verdict.PASS: "✔", Verdict.WARN: "⚠", Verdict.FAIL: "✖"}
_TONES = {Verdict.PASS: "", Verdict.WARN: "warn", Verdict.FAIL: "danger"}
Row = tuple[str, str, str]  # label, value, tone


def whatif_rows(
    preview: Preview, instrument: Instrument, entry: Decimal | None, cap: Decimal | None = None
) -> list[Row]:
    """Return the lines of the block, the most wanted first; `cap` is the slippage cap as a fraction."""
    rows: list[Row] = []
    currency = preview.currency
    if preview.notional is not None:
        rows.append(("Value", money_text(preview.notional, currency), ""))
    if preview.fee is not None:
        rate = pct_text(preview.fee_rate * 100, signed=False)
        rows.append(("Fee", f"{money_text(preview.fee, currency)} · {preview.fee_kind} {rate}", ""))
    if preview.fill_price is not None:
        slip = f" · slippage {pct_text(preview.slippage * 100, signed=False)}" if preview.slippage is not None else ""
        most = f" ≤ {pct_text(cap * 100, signed=False)}" if cap is not None and slip else ""
        rows.append(("Fill", f"≈ {price_text(instrument, preview.fill_price)}{slip}{most}", ""))
    rows.append(("After", position_words(instrument, preview.position_after, preview.avg_after), ""))
    if preview.loss_at_stop is not None:
        share = f" ({pct_text(preview.loss_at_stop_pct)})" if preview.loss_at_stop_pct is not None else ""
        rows.append(("At stop", f"{money_text(preview.loss_at_stop, currency, signed=True)}{share}", "loss"))
    if preview.reward_at_target is not None:
        ratio = ""
        if preview.loss_at_stop is not None and preview.loss_at_stop < 0:
            ratio = f" ({fixed(preview.reward_at_target / -preview.loss_at_stop, 1)} R)"
        rows.append(("At target", f"{money_text(preview.reward_at_target, currency, signed=True)}{ratio}", "profit"))
    if preview.margin_change is not None:
        rows.append(("Margin", money_text(preview.margin_change, currency, signed=True), ""))
    if preview.buying_power_after is not None:
        rows.append(("Power left", money_text(preview.buying_power_after, currency), ""))
    if preview.day_loss_room is not None:
        rows.append(("Day room", f"{money_text(preview.day_loss_room, currency)} to the daily loss limit", ""))
    if preview.liquidation_price is not None:
        away = ""
        if entry:
            away = f" ({pct_text((preview.liquidation_price / entry - 1) * 100)})"
        rows.append(("Liquidation", f"{price_text(instrument, preview.liquidation_price)}{away}", "warn"))
    if preview.loss_at_stop is not None or preview.reward_at_target is not None:
        where = "at the venue" if preview.residence == "venue" else "in this terminal: it must keep running"
        rows.append(("Exits", f"held {where}", ""))
    if preview.missing:
        rows.append(("Unknown", f"not computed without {', '.join(preview.missing)}", "warn"))
    return rows


def position_words(instrument: Instrument, qty: Decimal, average: Decimal) -> str:
    """Return `Long 0.4 @ 64,320.0`, or Flat."""
    if qty == 0:
        return "Flat"
    side = "Long" if qty > 0 else "Short"
    return f"{side} {short_qty(instrument, abs(qty))} @ {price_text(instrument, average)}"


def check_words(check: CheckResult) -> str:
    """Return one check as a sentence with its mark."""
    mark = _MARKS[check.verdict]
    if check.verdict is not Verdict.PASS and check.message:
        return f"{mark} {check.message}"
    figures = f": {check.after or check.now} of {check.limit}" if check.limit and (check.after or check.now) else ""
    return f"{mark} {check.title}{figures}"


def counts(report: GateReport) -> str:
    """Return `Checks ✔ 9 ⚠ 0 ✖ 0`."""
    passed = len(report.checks) - len(report.failed) - len(report.warnings)
    return f"Checks  ✔ {passed}  ⚠ {len(report.warnings)}  ✖ {len(report.failed)}"


class _Line(QWidget):
    """One line with a quiet label and a value."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.label = caption("")
        self.label.setFixedWidth(62)
        self.label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.value = QLabel()
        self.value.setTextFormat(Qt.TextFormat.PlainText)
        self.value.setWordWrap(True)
        self.value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self.label)
        row.addWidget(self.value, 1)

    def put(self, label: str, value: str, tone: str) -> None:
        """Show a line; an empty label gives the value the whole width."""
        self.label.setVisible(bool(label))
        self.label.setText(label)
        self.value.setText(value)
        set_property(self.value, "role", "" if label else "caption")
        set_property(self.value, "tone", tone)


class _Body(QScrollArea):
    """Scroll the lines when there is little room; give way to the rest of the ticket first."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("ticket.whatif.body")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.inside = QWidget()
        self.lines = QVBoxLayout(self.inside)
        self.lines.setContentsMargins(0, 2, 4, 2)
        self.lines.setSpacing(1)
        self.lines.addStretch(1)
        self.setWidget(self.inside)
        self.viewport().setAutoFillBackground(False)
        self.inside.setAutoFillBackground(False)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 0)

    def sizeHint(self) -> QSize:
        return QSize(200, self.inside.sizeHint().height())


class WhatIf(QWidget):
    """Show a preview; a failing check comes first, with a button for the largest size that passes (U-61)."""

    largest_wanted = Signal(object)  # Decimal

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("ticket.whatif")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self._head = QLabel("What if")
        self._head.setObjectName("ticket.whatif.head")
        self._head.setTextFormat(Qt.TextFormat.PlainText)
        self._head.setProperty("role", "caption")
        self._all = QPushButton("Show checks")
        self._all.setObjectName("ticket.whatif.all")
        self._all.setProperty("kind", "chip")
        self._all.setCheckable(True)
        self._all.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._all.toggled.connect(self._fill)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self._head, 1)
        head.addWidget(self._all)
        column.addLayout(head)
        self._failure = QLabel()
        self._failure.setObjectName("ticket.whatif.failure")
        self._failure.setTextFormat(Qt.TextFormat.PlainText)
        self._failure.setProperty("tone", "danger")
        self._failure.setWordWrap(True)
        self._failure.hide()
        self._fix = chip("ticket.whatif.fix", "")
        self._fix.hide()
        self._fix.clicked.connect(self._use_largest)
        column.addWidget(self._failure)
        column.addWidget(self._fix, 0, Qt.AlignmentFlag.AlignLeft)
        self._body = _Body()
        column.addWidget(self._body, 1)
        self._pool: list[_Line] = []
        self._rows: list[Row] = []
        self._checks: list[Row] = []
        self._largest: Decimal | None = None

    def put(self, preview: Preview, instrument: Instrument, entry: Decimal | None, intent: OrderIntent) -> None:
        """Show a preview of an intent."""
        report = preview.report
        self._rows = whatif_rows(preview, instrument, entry, intent.slippage_cap)
        self._checks = [("", check_words(one), _TONES[one.verdict]) for one in report.checks]
        self._head.setText(counts(report))
        failure = report.first_failure
        self._largest = report.largest_qty if failure is not None and report.largest_qty != intent.qty else None
        self._failure.setVisible(failure is not None)
        if failure is not None:
            self._failure.setText(f"✖ {failure.message or failure.title}")
        self._fix.setVisible(bool(self._largest))
        if self._largest:
            self._fix.setText(f"Use {qty_text(instrument, self._largest)}, the largest size that passes")
        self._fill()

    def put_words(self, words: str) -> None:
        """Show one sentence instead of figures: nothing to work out, or why it cannot be."""
        self._rows, self._checks, self._largest = [("", words, "")], [], None
        self._head.setText("What if")
        self._failure.hide()
        self._fix.hide()
        self._fill()

    def rows(self) -> list[Row]:
        """Return what is shown, for the dump and for tests."""
        return [*self._rows, *(self._checks if self._all.isChecked() else [])]

    def head(self) -> str:
        """Return the line with the counts."""
        return self._head.text()

    def failure(self) -> str:
        """Return the failing check's words, empty when none fails."""
        return "" if self._failure.isHidden() else self._failure.text()

    def _fill(self) -> None:
        rows = self.rows()
        self._all.setVisible(bool(self._checks))
        self._all.setText("Hide checks" if self._all.isChecked() else "Show checks")
        while len(self._pool) < len(rows):
            line = _Line()
            self._pool.append(line)
            self._body.lines.insertWidget(len(self._pool) - 1, line)
        for number, line in enumerate(self._pool):
            line.setVisible(number < len(rows))
            if number < len(rows):
                line.put(*rows[number])
        self._body.updateGeometry()

    def _use_largest(self) -> None:
        if self._largest is not None:
            self.largest_wanted.emit(self._largest)
