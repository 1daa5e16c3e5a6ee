"""The order ticket: a draft, its what-if and one button that says exactly what it will send (UX §6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QLocale, Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QVBoxLayout

from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import Side
from bidmere.model.money import plain
from bidmere.model.orders import OrderIntent, TimeInForce
from bidmere_terminal.panels.feed_state import feed_pill
from bidmere_terminal.panels.spec import Panel, PanelContext
from bidmere_terminal.panels.ticket.account_menu import AccountMenu
from bidmere_terminal.panels.ticket.draft import Draft, Resolution, resolve
from bidmere_terminal.panels.ticket.filling import Filler
from bidmere_terminal.panels.ticket.order_types import SHAPES, TicketType, lacks, tif_fits, tif_lacks
from bidmere_terminal.panels.ticket.previewing import Previewer
from bidmere_terminal.panels.ticket.scene import Scene
from bidmere_terminal.panels.ticket.sending import GUARD_S, Sender, Staged
from bidmere_terminal.panels.ticket.sizing import SizeUnit
from bidmere_terminal.panels.ticket.staging import draft_of
from bidmere_terminal.panels.ticket.view import TicketView
from bidmere_terminal.panels.ticket.whatif import position_words
from bidmere_terminal.panels.ticket.wording import spell

_TICK_MS = 250
_DAY_NS = 86_400_000_000_000
_PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)


class TicketPanel(Panel):
    """Stage, check and send orders of one instrument."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self.scene = Scene(context.model, context.account)
        self.draft = Draft(account=self.scene.account_id, decimal_mark=QLocale().decimalPoint())
        self.resolution = Resolution()
        self._wanted: InstrumentId | None = None
        self._review = False
        self._pill = ("", "")
        self.view = TicketView()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.sending = Sender(context.bridge, context.model, context.instance, self)
        self.previewer = Previewer(context.bridge, f"{context.instance}.preview", self)
        self.filler = Filler(self.view, self.scene, self.previewer, self)
        self._tick_timer = self._timer(_TICK_MS, self._on_tick)
        self._guard_timer = self._timer(int(GUARD_S * 1_000) + 10, self._refresh_button)
        self._account_menu = AccountMenu(self)
        self._connect()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFocusProxy(self.view.sides[Side.BUY])
        self._show_shape()
        saved = str(context.state.get("instrument", ""))
        self._wanted = InstrumentId.parse(saved) if saved and context.group is None else None
        self._adopt()
        self.set_group(context.group)

    @property
    def instrument(self) -> Instrument | None:
        """The instrument on the ticket, None before one is chosen and known."""
        return self.scene.instrument

    def _timer(self, ms: int, slot: Any) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(ms)
        timer.timeout.connect(slot)
        return timer

    def _connect(self) -> None:
        view, model = self.view, self.model
        view.edited.connect(self._edited)
        view.side_chosen.connect(self.choose_side)
        view.kind_chosen.connect(self.choose_type)
        view.unit_chosen.connect(self._unit_chosen)
        view.submit.pressed.connect(self._pressed)
        view.submit.clicked.connect(self.sending.release)
        view.account.clicked.connect(self._open_accounts)
        self.filler.filled.connect(self._edited)
        self.filler.limit_wanted.connect(self._to_limit)
        self.sending.told.connect(view.show_result)
        self.sending.sent.connect(self._after_sending)
        self.previewer.changed.connect(self._show_preview)
        self._account_menu.picked.connect(self._account_picked)
        model.quotes_changed.connect(self._on_quotes)
        model.positions_changed.connect(self._on_positions)
        model.accounts_changed.connect(self._on_account)
        model.feeds_changed.connect(self._on_account)
        model.ready_changed.connect(self._on_ready)

    # ---- what others call
    def set_instrument(self, instrument: InstrumentId) -> None:
        """Turn to a symbol: prices are cleared and sending rests for 400 ms (U-85)."""
        self._wanted = instrument
        self._adopt()

    def stage_intent(self, intent: OrderIntent) -> None:
        """Put an intent into the fields as a draft; nothing is sent (class S)."""
        self.set_instrument(intent.instrument)
        if self.instrument is not None and self.instrument.id == intent.instrument:
            if intent.side is not self.draft.side:
                self.sending.note_change()
                self._guard_timer.start()
            self._put_draft(draft_of(intent, self.draft))
            self.view.show_result("info", "Staged: nothing is sent until you press the button.")

    def draft_intent(self) -> OrderIntent | None:
        """Return the intent the button would send (the first leg of a pair), None while something is wrong."""
        return self.resolution.intents[0] if self.resolution.intents else None

    def submit(self) -> None:
        """Do what a press on the button does."""
        if self.view.submit.isEnabled():
            self._pressed()
            self.sending.release()

    def choose_side(self, side: Side) -> None:
        """Choose buy or sell; prices that belong to the other side are put anew."""
        if side is not self.draft.side:
            self.sending.note_change()
            self._guard_timer.start()
            self.draft = replace(self.draft, side=side)
            on_the_other_side = ("sl", "tp", "trigger", "price") if SHAPES[self.draft.kind].trigger else ("sl", "tp")
            for name in on_the_other_side:
                self.view.fields[name].clear()
            self.filler.seed_prices(self.draft)
            held = self.scene.position
            if held is not None and held.qty * side.sign < 0:
                # An order that makes a position smaller opens nothing that would need exits.
                self.view.bracket.setChecked(False)
            elif self.draft.bracket:
                self._resolve()
                self.filler.offer_exits(self.draft)
        self._show_shape()
        self._edited()

    def choose_type(self, kind: TicketType | None) -> None:
        """Choose an order type; None shows the chosen one again."""
        if kind is not None and kind is not self.draft.kind:
            self.draft = replace(self.draft, kind=kind)
            for name in ("price", "trigger", "offset", "display"):
                self.view.fields[name].clear()
            self._fit_tif()
            self.filler.seed_prices(self.draft)
        self._show_shape()
        self._edited()

    def clear(self) -> None:
        """Take prices and exits out and go back to the preset size (Esc)."""
        for field in self.view.fields.values():
            field.clear()
        self.view.bracket.setChecked(False)
        self.filler.preset_size()
        self._show_shape()
        self._edited()

    # ---- the draft
    def _adopt(self) -> None:
        """Take the wanted instrument over once the engine knows it."""
        instrument = self.model.instruments.get(self._wanted) if self._wanted is not None else None
        if instrument is None or (self.instrument is not None and instrument.id == self.instrument.id):
            self._refresh()
            return
        self.scene.instrument = instrument
        self.previewer.forget()
        for name, field in self.view.fields.items():
            field.clear()
            field.step = instrument.lot if name in ("size", "display") else instrument.tick
        self.view.bracket.setChecked(False)
        self.sending.note_change()
        self._guard_timer.start()
        if lacks(instrument, self.draft.kind):
            self.draft = replace(self.draft, kind=TicketType.MARKET)
        self._fit_tif()
        self.filler.preset_size()
        self.filler.seed_prices(self.draft)
        self._show_shape()
        self._edited()
        self._say_title()

    def _put_draft(self, draft: Draft) -> None:
        view = self.view
        self.draft = draft
        for name, field in view.fields.items():
            field.setText(getattr(draft, name))
        view.unit.setCurrentIndex(list(SizeUnit).index(draft.unit))
        view.tif.setCurrentIndex(list(TimeInForce).index(draft.tif))
        view.post_only.setChecked(draft.post_only)
        view.reduce_only.setChecked(draft.reduce_only)
        view.bracket.setChecked(draft.bracket)
        if draft.expire_ns is not None:
            view.set_until(draft.expire_ns)
        self._show_shape()
        self._edited()

    def _fit_tif(self) -> None:
        """Keep the chosen time in force where it is possible, else take the first that is."""
        instrument = self.instrument
        fits = [
            tif
            for tif in TimeInForce
            if tif_fits(self.draft.kind, tif) and not (instrument is not None and tif_lacks(instrument, tif))
        ]
        if fits and self.draft.tif not in fits:
            self.view.tif.setCurrentIndex(list(TimeInForce).index(fits[0]))
            self.draft = replace(self.draft, tif=fits[0])

    def _edited(self) -> None:
        """Work the draft out after any change: fields, echo and button now, the what-if in a moment."""
        before = self.draft
        self.draft = replace(self.view.read(self.draft), account=self.scene.account_id)
        if self.draft.bracket and not before.bracket:
            self.filler.offer_exits(self.draft)
        if self.draft.tif is TimeInForce.GTD and before.tif is not TimeInForce.GTD and before.expire_ns is None:
            quote = self.scene.quote
            self.view.set_until((quote.ts_event if quote is not None else 0) + _DAY_NS)
        if (self.draft.bracket, self.draft.tif) != (before.bracket, before.tif):
            self._show_shape()
            self.draft = replace(self.view.read(self.draft), account=self.scene.account_id)
        if self._review:
            self._leave_review()
        self._refresh()
        self._want_preview()

    def _resolve(self) -> None:
        if self.instrument is not None:
            self.resolution = resolve(self.draft, self.instrument, self.scene.surroundings())
        self.filler.know(self.draft, self.resolution)

    def _refresh(self) -> None:
        """Resolve again and show it."""
        self._resolve()
        view = self.view
        view.quote.put(self.instrument, self.scene.quote, fresh=not self.scene.feed_problem())
        view.show_problems(self.resolution)
        view.echo.setText(self.resolution.echo)
        self.filler.show_distances()
        self._show_pill()
        self._show_position()
        self._show_preview()

    def _say_title(self) -> None:
        if self.instrument is not None:
            self.title_changed.emit(f"Order ticket {self.instrument.id.symbol}·{self.instrument.id.venue}")

    def _show_pill(self) -> None:
        known = self.instrument is not None and self.model.ready
        pill = (
            feed_pill(self.model, {self.instrument.id.venue}) if known and self.instrument else ("loading", "loading")
        )
        if pill != self._pill:
            self._pill = pill
            self.state_pill_changed.emit(*pill)

    def _want_preview(self) -> None:
        self.previewer.want(self.resolution.intents if self.isVisible() and self.model.ready else ())

    def _show_shape(self) -> None:
        account = self.scene.account
        self.view.show_shape(self.draft, self.instrument, account.currency if account is not None else "")

    def _show_position(self) -> None:
        self.view.show_account(self.scene.account)
        if self.instrument is None:
            self.view.position.setText("")
            return
        held = self.scene.position
        words = position_words(self.instrument, held.qty, held.avg_price) if held is not None else "Flat"
        self.view.position.setText(f"{self.instrument.id.symbol}  {words}")

    # ---- the button
    def _refresh_button(self) -> None:
        reason = self._why_not()
        if reason or self.instrument is None:
            self.view.submit.put(reason, self.draft.side, enabled=False)
            return
        text = spell(self.resolution.intents, self.instrument, self.scene.mode)
        if self._review and self.scene.mode == "LIVE":
            text = f"Confirm {text}"
        blocked = self.previewer.refuses(self.resolution.intents) or self.sending.guard_left() > 0
        self.view.submit.put(text, self.draft.side, enabled=not blocked)

    def _why_not(self) -> str:
        """Return why nothing can be sent, empty when it can."""
        if reason := self.scene.why_not():
            return reason
        if self.resolution.problems:
            return self.resolution.problems[0].text
        if not self.resolution.intents:
            return "Size is missing."
        if self.scene.quote is None:
            return "Waiting for the first quote"
        # Whatever only makes a position smaller is never held back by this terminal (U-6).
        return "" if self.draft.reduce_only else self.scene.feed_problem()

    def _pressed(self) -> None:
        if self.scene.mode == "LIVE" and not self._review:
            self._start_review()
        else:
            self.sending.press(self._staged())

    def _staged(self) -> Staged | None:
        """Return what the button spells, None while it may not go out."""
        if self.instrument is None or self._why_not() or self.previewer.refuses(self.resolution.intents):
            return None
        quote = self.scene.quote
        decided = quote.ts_event if quote is not None else 0
        intents = tuple(replace(intent, decided_ns=decided) for intent in self.resolution.intents)
        return Staged(intents, self.instrument, self.view.submit.text())

    def _start_review(self) -> None:
        self._review = True
        self.view.submit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._refresh_button()
        self.view.show_result("info", "Enter sends this order · Esc goes back")

    def _leave_review(self) -> None:
        self._review = False
        self.view.show_result("info", "")
        self._refresh_button()

    def _enter(self) -> None:
        if not self.view.submit.isEnabled():
            self.sending.tell("warning", self._why_not() or self.view.whatif.failure() or "Not sent: just changed.")
        elif self._review or self.view.submit.hasFocus():
            self._pressed()
            self.sending.release()
            self._review = False
        else:
            self._start_review()

    def _after_sending(self) -> None:
        """Go back to the preset size; type, side and prices stay (U-99)."""
        self.filler.preset_size()
        self.draft = replace(self.view.read(self.draft), account=self.scene.account_id)
        self._refresh()
        self._want_preview()

    def _show_preview(self) -> None:
        """Show the newest what-if, or why there is none."""
        whatif, found = self.view.whatif, self.previewer
        if self.instrument is None or not self.resolution.intents:
            whatif.put_words("The what-if appears as soon as the order is complete.")
        elif found.error:
            whatif.put_words(f"Not computed: {found.error}")
        elif found.preview is not None:
            whatif.put(found.preview, self.instrument, self.resolution.entry, self.resolution.intents[0])
        else:
            whatif.put_words("Working out what this order would do…")
        self._refresh_button()

    # ---- slots
    def _to_limit(self) -> None:
        self.choose_type(TicketType.LIMIT)

    def _unit_chosen(self, unit: SizeUnit) -> None:
        """Start the size anew in another unit; back in base units keep the quantity."""
        if unit is not SizeUnit.BASE:
            self.view.fields["size"].clear()
        elif self.resolution.qty > 0:
            self.view.fields["size"].setText(plain(self.resolution.qty))
        self._edited()

    def _open_accounts(self) -> None:
        self._account_menu.open_below(self.view.account, self.model.accounts.values())

    def _account_picked(self, account: str) -> None:
        self.scene.picked_account = account
        self._show_shape()
        self._edited()

    def _on_quotes(self, changed: Any) -> None:
        if self.instrument is None:
            self._adopt()
        if self.instrument is None or self.instrument.id not in changed or not self.isVisible():
            return
        self.view.quote.put(self.instrument, self.scene.quote, fresh=not self.scene.feed_problem())
        if not self._tick_timer.isActive():
            self._tick_timer.start()

    def _on_tick(self) -> None:
        """Follow the market at most four times a second; the preset size comes when it first can be worked out."""
        self.filler.complete()
        self.draft = replace(self.view.read(self.draft), account=self.scene.account_id)
        self._refresh()
        self._want_preview()

    def _on_positions(self, _changed: Any) -> None:
        self._on_account()

    def _on_account(self) -> None:
        if not self.isVisible():
            return
        if self.draft.account != self.scene.account_id:
            self._show_shape()
            self._edited()
            return
        if not self._tick_timer.isActive():
            self._tick_timer.start()
        self._show_position()
        self._refresh_button()

    def _on_ready(self, _ready: bool) -> None:
        self._adopt()
        if self.instrument is not None:
            self._show_shape()
            self._edited()

    # ---- events
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        typing = isinstance(QApplication.focusWidget(), QLineEdit | QComboBox)
        if event.modifiers() not in _PLAIN:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self._enter()
        elif key == Qt.Key.Key_Escape:
            self._escape()
        elif key in (Qt.Key.Key_B, Qt.Key.Key_S) and not typing:
            self.choose_side(Side.BUY if key == Qt.Key.Key_B else Side.SELL)
            self.view.sides[self.draft.side].setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            super().keyPressEvent(event)

    def _escape(self) -> None:
        if self._review:
            self._leave_review()
            self.view.fields["size"].setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self.clear()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._adopt()
        self._say_title()
        self._on_tick()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tick_timer.stop()
        self.previewer.want(())

    # ---- state
    def save_state(self) -> dict[str, Any]:
        """Return symbol, side and type; prices are never saved."""
        wanted = str(self._wanted) if self._wanted is not None else ""
        return {"instrument": wanted, "side": self.draft.side.value, "type": self.draft.kind.value}

    def dump(self) -> dict[str, Any]:
        """Return what is on the ticket."""
        return self.view.dump() | {
            "instrument": str(self.instrument.id) if self.instrument is not None else "",
            "side": self.draft.side.value,
            "type": self.draft.kind.value,
            "problems": [problem.text for problem in self.resolution.problems],
        }

    def shutdown(self) -> None:
        """End timers and let go of model and group."""
        self._tick_timer.stop()
        self._guard_timer.stop()
        self.previewer.stop()
        self.sending.stop()
        self.set_group(None)
        model = self.model
        model.quotes_changed.disconnect(self._on_quotes)
        model.positions_changed.disconnect(self._on_positions)
        model.accounts_changed.disconnect(self._on_account)
        model.feeds_changed.disconnect(self._on_account)
        model.ready_changed.disconnect(self._on_ready)
