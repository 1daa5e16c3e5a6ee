"""What fills the ticket's fields besides typing: presets, chips, clicked prices, one-click fixes, first exits."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QPushButton

from bidmere.model.money import plain, to_decimal
from bidmere_terminal.panels.ticket.draft import Draft, Fix, Resolution
from bidmere_terminal.panels.ticket.order_types import SHAPES
from bidmere_terminal.panels.ticket.previewing import Previewer
from bidmere_terminal.panels.ticket.scene import Scene
from bidmere_terminal.panels.ticket.sizing import SizeUnit, affordable, fraction, presets
from bidmere_terminal.panels.ticket.staging import away_words, digits, exits_words, first_exits, near_price, seed_prices
from bidmere_terminal.panels.ticket.view import TicketView

_SHARES = {"¼": Decimal("0.25"), "½": Decimal("0.5"), "¾": Decimal("0.75"), "Max": Decimal(1)}


class Filler(QObject):
    """Write into the view's fields; `filled` asks the panel to work the draft out again."""

    filled = Signal()
    limit_wanted = Signal()

    def __init__(self, view: TicketView, scene: Scene, previewer: Previewer, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._scene, self._previewer = view, scene, previewer
        self.draft = Draft()
        self.resolution = Resolution()
        self._guessed = True
        self._preset = ""
        view.quote.price_taken.connect(self._take_price)
        view.whatif.largest_wanted.connect(self.use_qty)
        for hint in view.hints.values():
            hint.fixed.connect(self._apply_fix)
        for button in (*view.fractions.values(), *view.presets):
            button.clicked.connect(self._size_clicked)
        for button in view.near.values():
            button.clicked.connect(self._near_clicked)

    def know(self, draft: Draft, resolution: Resolution) -> None:
        """Take over what the ticket stands at."""
        self.draft, self.resolution = draft, resolution

    def preset_size(self) -> None:
        """Write the usual preset into the size, in units of the instrument."""
        instrument, basis = self._scene.instrument, self._scene.basis()
        if instrument is None:
            return
        self._view.unit.setCurrentIndex(0)
        self._guessed = basis.price is None or basis.equity is None or basis.rate is None
        offered = presets(instrument, basis)
        for number, button in enumerate(self._view.presets):
            button.setVisible(number < len(offered))
            if number < len(offered):
                button.setText(plain(offered[number]))
        self._preset = digits(offered[min(1, len(offered) - 1)])
        self._view.fields["size"].setText(self._preset)

    def complete(self) -> None:
        """Work presets and prices out again when they were put before price and equity were known."""
        basis = self._scene.basis()
        if not self._guessed or basis.price is None or basis.equity is None or basis.rate is None:
            return
        self._guessed = False
        if self._view.fields["size"].text() == self._preset:
            self.preset_size()
        self.seed_prices(self.draft)

    def seed_prices(self, draft: Draft) -> None:
        """Write prices from the market into the empty fields of a type."""
        if self._scene.instrument is None:
            return
        found = seed_prices(draft, self._scene.instrument, self._scene.quote, self.resolution.qty)
        self._fill_empty(found)

    def offer_exits(self, draft: Draft) -> None:
        """Write a first stop and target when the bracket is switched on."""
        entry = self.resolution.entry
        if self._scene.instrument is not None and entry is not None:
            self._fill_empty(first_exits(draft.side, self._scene.instrument, entry))

    def show_distances(self) -> None:
        """Say how far triggers and exits are."""
        quote, instrument, view = self._scene.quote, self._scene.instrument, self._view
        view.exits.setText(exits_words(self.draft, self.resolution.entry))
        if instrument is not None and quote is not None and quote.mid > 0:
            view.away["trigger"].setText(away_words(self.draft.trigger, instrument.to_price(quote.mid)))
            view.away["offset"].setText(instrument.quote)

    def use_qty(self, qty: Decimal) -> None:
        """Write a quantity in units of the instrument."""
        self._view.unit.setCurrentIndex(list(SizeUnit).index(SizeUnit.BASE))
        self._view.fields["size"].setText(digits(qty))
        self.filled.emit()

    def _fill_empty(self, texts: dict[str, str]) -> None:
        for name, text in texts.items():
            if not self._view.fields[name].text().strip():
                self._view.fields[name].setText(text)

    def _largest(self) -> Decimal:
        """Return the largest size that passes: the position when only reducing, else what the gate last said."""
        if self._scene.instrument is None:
            return Decimal(0)
        if self.draft.reduce_only:
            held = self._scene.position
            return abs(held.qty) if held is not None else Decimal(0)
        found = self._previewer.preview
        if found is not None and found.report.largest_qty is not None:
            return found.report.largest_qty
        return affordable(self._scene.instrument, self._scene.buying_power(), self._scene.basis())

    def _size_clicked(self) -> None:
        button = self.sender()
        if not isinstance(button, QPushButton) or self._scene.instrument is None:
            return
        share = _SHARES.get(button.text())
        if share is None:
            self.use_qty(to_decimal(button.text()))
        else:
            self.use_qty(fraction(self._scene.instrument, self._largest(), share))

    def _near_clicked(self) -> None:
        button, quote, instrument = self.sender(), self._scene.quote, self._scene.instrument
        if isinstance(button, QPushButton) and quote is not None and instrument is not None:
            self._view.fields["price"].put(near_price(button.text(), self.draft.side, quote, instrument))

    def _apply_fix(self, fix: Fix) -> None:
        self._view.fields[fix.field].put(fix.text)

    def _take_price(self, text: str) -> None:
        """Use a clicked price: in the price field that has the focus, else as limit or trigger."""
        fields = self._view.fields
        for name in ("trigger", "price", "sl", "tp"):
            if fields[name].hasFocus():
                fields[name].put(text)
                return
        shape = SHAPES[self.draft.kind]
        if not shape.price and not shape.trigger:
            self.limit_wanted.emit()
            fields["price"].put(text)
        else:
            fields["price" if shape.price else "trigger"].put(text)
