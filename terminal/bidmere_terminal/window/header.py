"""The header: menu, search, workspaces, market, account, modes, trading state, messages, settings, flatten (UX §3)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from bidmere.desk.words import fixed, money_text, pct_text
from bidmere.model.account import Account, Valuation
from bidmere_terminal.theme.apply import current
from bidmere_terminal.theme.icons import bind_icon
from bidmere_terminal.widgets.confirm_button import ConfirmButton
from bidmere_terminal.widgets.labels import Figure
from bidmere_terminal.widgets.pills import Pill
from bidmere_terminal.window.mode_badges import ModeBadges

HEADER_PX = 44
WIDE_PX, MEDIUM_PX, NARROW_PX = 1680, 1400, 1180
_STATES = {
    "ACTIVE": ("Trading on", "ok", "circle"),
    "REDUCING": ("Reduce only", "warn", "triangle"),
    "HALTED": ("Trading halted", "danger", "square"),
    "": ("Not running", "text_muted", "ring"),
}


def tool_button(name: str, icon: str, tip: str) -> QToolButton:
    """Return an icon button of the header."""
    button = QToolButton()
    button.setObjectName(name)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFixedSize(30, 30)
    button.setIconSize(QSize(17, 17))
    bind_icon(button, icon, "text_muted", 17)
    return button


class SearchBox(QPushButton):
    """Looks like a field and opens the palette, so that there is one place to type."""

    def __init__(self) -> None:
        super().__init__("Symbol, command or order…")
        self.setObjectName("header.search.button")
        self.setAccessibleName("Search or type a command, Ctrl+K")
        self.setProperty("kind", "field")
        self.setIconSize(QSize(15, 15))
        bind_icon(self, "search", "text_faint", 15)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QColor(theme.focus if self.hasFocus() else theme.border_strong))
            painter.setBrush(QColor(theme.hover if self.underMouse() else theme.field))
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)
            icon = self.icon().pixmap(QSize(15, 15))
            painter.drawPixmap(9, (self.height() - 15) // 2, icon)
            painter.setPen(QColor(theme.text_faint))
            middle = int(Qt.AlignmentFlag.AlignVCenter)
            room = self.width() - 32
            key = "Ctrl+K"
            key_px = painter.fontMetrics().horizontalAdvance(key)
            text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room - key_px - 16)
            painter.drawText(self.rect().adjusted(32, 0, 0, 0), middle, text)
            painter.drawText(self.rect().adjusted(0, 0, -10, 0), middle | int(Qt.AlignmentFlag.AlignRight), key)
        finally:
            painter.end()


class Header(QWidget):
    """Hold the header's controls; the window connects them and feeds them."""

    workspace_chosen = Signal(str)
    account_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("header")
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEADER_PX)
        self.menu_button = tool_button("header.menu.button", "list", "Menu (every command)")
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.search = SearchBox()
        self._workspaces = QWidget()
        self._workspace_row = QHBoxLayout(self._workspaces)
        self._workspace_row.setContentsMargins(0, 0, 0, 0)
        self._workspace_row.setSpacing(2)
        self.market = Pill("header.market")
        self.account_button = QPushButton("No account")
        self.account_button.setObjectName("header.account.button")
        self.account_button.setAccessibleName("Account")
        self._account_menu = QMenu(self.account_button)
        self._account_menu.setObjectName("header.account.menu")
        self.account_button.setMenu(self._account_menu)
        self.figures = {
            part: Figure(caption, f"header.{part}")
            for part, caption in (
                ("equity", "Equity"),
                ("day", "Day P&L"),
                ("margin", "Margin"),
                ("power", "Buying power"),
            )
        }
        self.modes = ModeBadges("header.mode")
        self.keys = Pill("header.keys")
        self.trading_button = QToolButton()
        self.trading_button.setObjectName("header.trading.button")
        self.trading_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.trading = Pill("header.trading")
        self.bell = tool_button("header.messages.button", "bell", "Messages")
        self.settings_button = tool_button("header.settings.button", "settings", "Appearance")
        self.settings_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.flatten = ConfirmButton("Flatten all", "Press again: close everything", "header.flatten.button")
        self._accounts: tuple[str, ...] = ()
        self._short = ""
        self._account_name = ""
        self._lay_out()

    def _lay_out(self) -> None:
        trading = QHBoxLayout(self.trading_button)
        trading.setContentsMargins(3, 0, 3, 0)
        trading.addWidget(self.trading)
        self.trading.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        bind_icon(self.flatten, "circle-x", "danger", 15)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 10, 0)
        row.setSpacing(8)
        row.addWidget(self.menu_button)
        row.addWidget(self.search, 0)
        row.addWidget(self._workspaces)
        row.addStretch(1)
        row.addWidget(self.market)
        for figure in self.figures.values():
            row.addSpacing(4)
            row.addWidget(figure)
        row.addSpacing(4)
        for widget in (self.account_button, self.modes, self.keys, self.trading_button, self.bell):
            row.addWidget(widget)
        row.addWidget(self.settings_button)
        row.addWidget(self.flatten)
        self.search.setFixedHeight(30)
        self.show_trading("", 0)

    # ---- what the window shows in it
    def show_workspaces(self, names: Sequence[str], current_name: str) -> None:
        """Show a button for every workspace."""
        while (item := self._workspace_row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for number, name in enumerate(names, 1):
            button = QPushButton(name)
            button.setObjectName(f"header.workspace.{number}")
            button.setProperty("kind", "seg")
            button.setCheckable(True)
            button.setChecked(name == current_name)
            button.setToolTip(f"Workspace {name} (Ctrl+{number})")
            button.clicked.connect(lambda _checked=False, name=name: self.workspace_chosen.emit(name))
            self._workspace_row.addWidget(button)

    def show_market(self, text: str, level: str) -> None:
        """Show whether the market of the active symbol trades."""
        colour, shape = {"ok": ("ok", "circle"), "warn": ("warn", "triangle")}.get(level, ("text_muted", "ring"))
        self.market.show_text(text, colour=colour, shape=shape)
        self._fit()

    def show_accounts(self, accounts: Sequence[Account], chosen: str) -> None:
        """Fill the account menu."""
        names = tuple(f"{one.id}/{one.name}/{one.mode}/{one.id == chosen}" for one in accounts)
        if names == self._accounts:
            return
        self._accounts = names
        self._account_menu.clear()
        for account in accounts:
            action = self._account_menu.addAction(f"{account.name} · {str(account.mode).upper()} · {account.currency}")
            action.setCheckable(True)
            action.setChecked(account.id == chosen)
            action.triggered.connect(lambda _checked=False, one=account.id: self.account_chosen.emit(one))
            if account.id == chosen:
                self._account_name = account.name

    def show_valuation(self, account: Account | None, value: Valuation | None) -> None:
        """Show the account's figures; without a valuation all are dashes."""
        if account is None or value is None:
            for figure in self.figures.values():
                figure.show_value("–")
            self._short = ""
            self._show_account()
            return
        day = value.equity - account.day_start_equity if account.day_start_equity else None
        tone = "" if not day else "profit" if day > 0 else "loss"
        share = value.margin_used / value.equity * 100 if value.equity > 0 else None
        self.figures["equity"].show_value(money_text(value.equity, value.currency))
        self.figures["day"].show_value(money_text(day, value.currency, signed=True), tone)
        self.figures["margin"].show_value(pct_text(share, 1, signed=False), "warn" if share and share > 80 else "")
        self.figures["power"].show_value(money_text(value.buying_power, value.currency))
        parts = (money_text(value.realised, value.currency, signed=True), money_text(value.unrealised, value.currency))
        self.figures["day"].setToolTip(f"Since 00:00 UTC: realised {parts[0]}, open {parts[1]}")
        if value.missing:
            self.figures["equity"].setToolTip(f"Not counted, no rate: {', '.join(value.missing)}")
        self._short = f"{fixed(value.equity, 0)}  {fixed(day, 0, signed=True)}"
        self._show_account()

    def _show_account(self) -> None:
        narrow = self.width() < MEDIUM_PX
        name = self._account_name or "No account"
        text = f"{name}  {self._short}" if narrow and self._short and self.width() >= NARROW_PX - 120 else name
        if text != self.account_button.text():
            self.account_button.setText(text)
        self.account_button.setToolTip(f"{name}: equity and day P&L {self._short}".strip())

    def show_trading(self, state: str, kill_level: int) -> None:
        """Show whether new orders leave."""
        if kill_level:
            self.trading.show_text(
                f"KILL K{kill_level}", colour="on_fill", back="danger_fill", border="danger_fill", shape="square"
            )
        else:
            words, colour, shape = _STATES.get(state.upper(), (state, "text_muted", "ring"))
            soft = {"warn": "warn_soft", "danger": "danger_soft"}.get(colour, "")
            self.trading.show_text(words, colour=colour, back=soft, shape=shape)
        self.trading_button.setAccessibleName(f"Trading state: {self.trading.text}")
        self.trading_button.setToolTip("What the order gate lets through; press to change it")
        self.trading_button.setFixedSize(self.trading.sizeHint() + QSize(8, 6))

    def show_keys(self, on: bool) -> None:
        """Show the badge of the trade keys while they are on (U-141)."""
        text = "TRADE KEYS ON" if on else ""
        self.keys.show_text(text, colour="on_warn", back="warn_fill", border="warn_fill")

    def show_unread(self, count: int) -> None:
        """Show how many messages nobody has read."""
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if count else Qt.ToolButtonStyle.ToolButtonIconOnly
        self.bell.setToolButtonStyle(style)
        self.bell.setText(f" {min(count, 99)}" if count else "")
        self.bell.setFixedWidth(max(30, self.bell.minimumSizeHint().width()) if count else 30)
        self.bell.setAccessibleName(f"Messages, {count} unread")

    def texts(self) -> dict[str, object]:
        """Return everything shown, for the dump."""
        return {
            "badges": self.modes.texts(),
            "trading": self.trading.text,
            "trade_keys": self.keys.text,
            "market": self.market.text,
            "account": self.account_button.text(),
            "figures": {part: figure.text for part, figure in self.figures.items()},
            "figures_visible": [part for part, figure in self.figures.items() if figure.isVisible()],
            "unread": self.bell.text().strip(),
            "flatten": self.flatten.text(),
        }

    # ---- width
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Collapse what may collapse; modes, trading state and flatten never do (U-17)."""
        width = self.width()
        for part in ("equity", "day"):
            self.figures[part].setVisible(width >= MEDIUM_PX)
        for part in ("margin", "power"):
            self.figures[part].setVisible(width >= WIDE_PX)
        self.market.setVisible(width >= NARROW_PX and bool(self.market.text))
        search = 300 if width >= WIDE_PX else 230 if width >= MEDIUM_PX else 190 if width >= NARROW_PX else 110
        self.search.setFixedWidth(search)
        self._workspaces.setVisible(width >= 900)
        self._show_account()
