"""The price ladder: a read-only static book with own orders and traded volume (UX §7)."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from bidmere.desk.words import fixed, price_text
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import Book
from bidmere_terminal.panels.feed_state import feed_pill
from bidmere_terminal.panels.ladder.imbalance import ImbalanceBar
from bidmere_terminal.panels.ladder.rows import GROUPS, own_tags
from bidmere_terminal.panels.ladder.view import LadderView
from bidmere_terminal.panels.spec import Panel, PanelContext
from bidmere_terminal.tables.empty_state import EmptyState
from bidmere_terminal.theme import bind_icon
from bidmere_terminal.widgets.labels import plain_label, set_tone

_BAD = {
    "stale": "Prices are stale: the feed sends no heartbeat",
    "offline": "Not connected: these are the last prices",
    "connecting": "Connecting to the feed",
}


class LadderPanel(Panel):
    """Follow one instrument's book while visible."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        name = context.instance
        self._instrument: Instrument | None = None
        self._wanted: InstrumentId | None = None
        self._watched: InstrumentId | None = None
        self._pill = ("", "")
        self.view = LadderView(f"{name}.rows")
        self.spread = plain_label("", "muted", f"{name}.spread")
        self.imbalance = ImbalanceBar(f"{name}.imbalance")
        self.trouble = plain_label("", "", f"{name}.trouble")
        self.group_button = QPushButton("×1")
        self.recentre_button = QPushButton()
        self.position = plain_label("", "muted", f"{name}.position")
        self._lay_out(name)
        self._connect()
        group = context.state.get("group")
        self.view.set_group(group if group in GROUPS else 1)
        saved = str(context.state.get("instrument", ""))
        if saved and (context.group is None or context.group.instrument is None):
            self._wanted = InstrumentId.parse(saved)
        self._adopt()
        self.set_group(context.group)

    def _lay_out(self, name: str) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(8, 3, 6, 3)
        head.setSpacing(8)
        self.group_button.setObjectName(f"{name}.group")
        self.group_button.setProperty("kind", "chip")
        for button in (self.group_button, self.recentre_button):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.group_button.setToolTip("Ticks in one row (Ctrl+wheel, + and −)")
        self.group_button.setAccessibleName("Ticks in one row")
        self.recentre_button.setObjectName(f"{name}.recentre")
        self.recentre_button.setProperty("kind", "flat")
        self.recentre_button.setFixedSize(24, 20)
        self.recentre_button.setToolTip("Recentre (Space or middle click)")
        self.recentre_button.setAccessibleName("Recentre")
        bind_icon(self.recentre_button, "crosshair")
        head.addWidget(self.spread)
        head.addWidget(self.imbalance, 1)
        head.addWidget(self.group_button)
        head.addWidget(self.recentre_button)
        self.trouble.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.trouble.setWordWrap(True)
        self.trouble.setContentsMargins(8, 2, 8, 2)
        set_tone(self.trouble, "warn")
        self.trouble.hide()
        self.position.setContentsMargins(8, 2, 8, 3)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.trouble)
        column.addWidget(self.view, 1)
        column.addWidget(self.position)
        self.empty = EmptyState(name, self)
        self.stack = QStackedLayout(self)
        self.stack.addWidget(body)
        self.stack.addWidget(self.empty)
        self.setFocusProxy(self.view)

    def _connect(self) -> None:
        model = self.model
        self.group_button.clicked.connect(self._next_group)
        self.recentre_button.clicked.connect(self.view.recentre)
        self.view.group_changed.connect(self._group_size_changed)
        model.books_changed.connect(self._on_books)
        model.quotes_changed.connect(self._on_quotes)
        model.trades_changed.connect(self._on_trades)
        model.orders_changed.connect(self._on_orders)
        model.positions_changed.connect(self._on_orders)
        model.feeds_changed.connect(self._show_state)
        model.ready_changed.connect(self._on_ready)

    # ---- the instrument
    def set_instrument(self, instrument: InstrumentId) -> None:
        """Show another book."""
        self._wanted = instrument
        self._adopt()

    def _adopt(self) -> None:
        found = self.model.instruments.get(self._wanted) if self._wanted is not None else None
        if found is not None and found is not self._instrument:
            self._instrument = found
            self.view.show_instrument(found)
            self.title_changed.emit(f"Ladder {found.id.symbol}·{found.id.venue}")
            self._take_book()
            self._show_own()
        self._follow_watch()
        self._show_state()

    def _follow_watch(self) -> None:
        """Hold exactly one subscription: of the instrument, while the engine answers and the ladder is visible."""
        wanted = self._instrument.id if self._instrument is not None and self.model.ready and self.isVisible() else None
        before, self._watched = self._watched, wanted
        if before != wanted:
            self.context.bridge.spawn(self._rewatch(before, wanted), f"{self.context.instance}.watch")

    async def _rewatch(self, before: InstrumentId | None, wanted: InstrumentId | None) -> None:
        if wanted is not None:
            await self.context.bridge.call(lambda desk: desk.watch([wanted]))
        if before is not None:
            await self.context.bridge.call(lambda desk: desk.unwatch([before]))

    # ---- what arrives
    def _on_books(self, changed: Any) -> None:
        if self._instrument is not None and self._instrument.id in changed and self.isVisible():
            self._take_book()

    def _take_book(self) -> None:
        one, book = self._instrument, self._book()
        if one is None or book is None:
            return
        was_empty = self.view.content is not None and self.view.content.depth.inside is None
        was_empty = was_empty or (one.id in self.model.books and self.trouble.isVisible())
        self.view.put_book(book)
        assert self.view.content is not None
        depth = self.view.content.depth
        mid = (book.bids[0][0] + book.asks[0][0]) / 2 if book.bids and book.asks else 0.0
        points = f" · {depth.spread / mid * 1e4:.1f} bp" if mid else ""
        self.spread.setText(f"Spread {fixed(depth.spread, one.price_decimals)}{points}")
        self.imbalance.put(depth.imbalance)
        if was_empty:
            self._show_state()

    def _book(self) -> Book | None:
        """Return the book; where the data has none, the best prices as a book of one level."""
        if self._instrument is None:
            return None
        found = self.model.books.get(self._instrument.id)
        quote = self.model.quotes.get(self._instrument.id)
        if found is not None or quote is None:
            return found
        return Book(
            instrument=quote.instrument,
            bids=((quote.bid, quote.bid_size),),
            asks=((quote.ask, quote.ask_size),),
            ts_event=quote.ts_event,
            ts_recv=quote.ts_recv,
        )

    def _on_quotes(self, changed: Any) -> None:
        one = self._instrument
        if one is not None and one.id in changed and one.id not in self.model.books and self.isVisible():
            self._take_book()

    def _on_trades(self, trades: Any) -> None:
        if self._instrument is not None and self._instrument.id in trades:
            self.view.put_trades(trades[self._instrument.id])

    def _on_orders(self, _changed: Any) -> None:
        self._show_own()

    def _show_own(self) -> None:
        one = self._instrument
        if one is None:
            return
        held = self.model.positions.get((self.context.account(), one.id))
        entry = None
        if held is None or held.is_flat:
            self.position.setText("Flat")
        else:
            side = "Long" if held.qty > 0 else "Short"
            size = f"{abs(held.qty).normalize():f}"
            self.position.setText(f"{side} {size} @ {price_text(one, held.avg_price)}")
            entry = one.ticks(held.avg_price) // self.view.group
        self.view.put_own(own_tags(self.model.orders.values(), one, self.view.group), entry)

    def _show_state(self) -> None:
        """Show the ladder, or one sentence why there is none; a feed in trouble is named above the rows (U-108)."""
        one = self._instrument
        if not self.model.ready:
            self._say("The engine is starting…", "loading")
        elif one is None:
            self._say("No symbol yet. Choose one in the watchlist or type it with Ctrl+K.", "ready")
        elif self._book() is None:
            self._say(f"Waiting for the book of {one.id} from the feed…", "loading")
        else:
            self.stack.setCurrentIndex(0)
            status = self.model.feeds.get(one.id.venue)
            words = _BAD.get(status.state.value, "") if status is not None else ""
            if words and status is not None and status.detail:
                words = f"{words}. {status.detail}"
            self.view.set_dim(bool(words))
            if not words and one.id not in self.model.books:
                words = "This data has no book: only the best prices are shown"
            self.trouble.setText(words)
            self.trouble.setVisible(bool(words))
            self._set_pill(*feed_pill(self.model, {one.id.venue}))

    def _say(self, words: str, pill: str) -> None:
        self.empty.say(words)
        self.stack.setCurrentIndex(1)
        self._set_pill(pill, "loading" if pill == "loading" else "")

    def _set_pill(self, kind: str, text: str) -> None:
        if (kind, text) != self._pill:
            self._pill = (kind, text)
            self.state_pill_changed.emit(kind, text)

    # ---- slots
    def _next_group(self) -> None:
        self.view.set_group(GROUPS[(GROUPS.index(self.view.group) + 1) % len(GROUPS)])

    def _group_size_changed(self, group: int) -> None:
        self.group_button.setText(f"×{group}")
        self._take_book()
        self._show_own()

    def _on_ready(self, _ready: bool) -> None:
        self._adopt()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._adopt()
        if self._instrument is not None:
            self.title_changed.emit(f"Ladder {self._instrument.id.symbol}·{self._instrument.id.venue}")
        self._take_book()
        self._show_own()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._follow_watch()

    # ---- state
    def save_state(self) -> dict[str, Any]:
        """Return the symbol and the price grouping."""
        return {"instrument": str(self._wanted) if self._wanted is not None else "", "group": self.view.group}

    def dump(self) -> dict[str, Any]:
        """Return the rows on the screen."""
        content = self.view.content
        return {
            "instrument": str(self._instrument.id) if self._instrument is not None else "",
            "spread": self.spread.text(),
            "imbalance": self.imbalance.text(),
            "group": self.view.group,
            "position": self.position.text(),
            "state": self.empty.label.text() if self.stack.currentIndex() else self.trouble.text(),
            "rows": [list(row) for row in self.view.shown_rows()],
            "own": [f"{tag.side.value} {tag.qty}" for tag in content.tags.values()] if content is not None else [],
            "paint_ms": round(self.view.paint_ms, 3),
        }

    def shutdown(self) -> None:
        """Give the subscription back and let go of model and group."""
        self.view.stop()
        before, self._watched = self._watched, None
        if before is not None:
            self.context.bridge.spawn(self._rewatch(before, None), f"{self.context.instance}.unwatch")
        self.set_group(None)
        model = self.model
        model.books_changed.disconnect(self._on_books)
        model.quotes_changed.disconnect(self._on_quotes)
        model.trades_changed.disconnect(self._on_trades)
        model.orders_changed.disconnect(self._on_orders)
        model.positions_changed.disconnect(self._on_orders)
        model.feeds_changed.disconnect(self._show_state)
        model.ready_changed.disconnect(self._on_ready)
