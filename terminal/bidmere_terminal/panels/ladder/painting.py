"""How the ladder looks: colours and fonts made once a theme, column edges once a size, one pass over the rows."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QStaticText

from bidmere.model.instrument import Instrument
from bidmere.model.market import Side
from bidmere_terminal.panels.ladder.rows import Depth, OwnTag, StaticRows, Traded, size_text
from bidmere_terminal.theme import METRICS, Theme, ui_font

HEAD_PX = 20
ROW_PX = 18
_PAD = 6
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignCenter


class Colours:
    """The theme's colours as Qt objects."""

    def __init__(self, theme: Theme) -> None:
        self.panel, self.raised, self.hover = QColor(theme.panel), QColor(theme.raised), QColor(theme.hover)
        self.line = QColor(theme.border)
        self.text, self.muted, self.faint = QColor(theme.text), QColor(theme.text_muted), QColor(theme.text_faint)
        self.on_fill = QColor(theme.on_fill)
        self.bid, self.ask = QColor(theme.buy), QColor(theme.sell)
        self.bid_bar, self.ask_bar = QColor(theme.buy_soft), QColor(theme.sell_soft)
        self.up_fill, self.down_fill = QColor(theme.up_fill), QColor(theme.down_fill)
        self.buy_fill, self.sell_fill = QColor(theme.buy_fill), QColor(theme.sell_fill)
        self.volume = QColor(theme.border_strong)
        self.warn, self.warn_soft = QColor(theme.warn), QColor(theme.warn_soft)


@dataclass(frozen=True, slots=True)
class Columns:
    """Left edge and width of each column; they always add up to the widget's width."""

    mine: tuple[int, int]
    bid: tuple[int, int]
    price: tuple[int, int]
    ask: tuple[int, int]
    volume: tuple[int, int]

    @classmethod
    def fit(cls, width: int, price_px: int, mine_px: int) -> Columns:
        """Share a width out: prices get what they need, sizes the rest."""
        volume = 64 if width >= 280 else 46
        price = price_px + 2 * _PAD + 4
        mine = min(mine_px, max(40, width // 5))
        rest = max(60, width - volume - price - mine)
        bid = rest // 2
        left = mine
        return cls(
            (0, mine),
            (left, bid),
            (left + bid, price),
            (left + bid + price, rest - bid),
            (left + rest + price, volume),
        )


@dataclass(slots=True)
class Scene:
    """Everything one paint needs."""

    instrument: Instrument
    group: int
    rows: StaticRows
    depth: Depth
    traded: Traded
    tags: dict[tuple[int, Side], OwnTag]
    hovered: int | None
    entry: int | None
    dim: bool


class LadderPainter:
    """Paint a scene; holds fonts, colours and the prepared price texts."""

    def __init__(self, theme: Theme) -> None:
        self.font = ui_font(METRICS.text_px)
        self.small = ui_font(METRICS.caption_px)
        self.metrics = QFontMetrics(self.font)
        self.use(theme)

    def use(self, theme: Theme) -> None:
        """Take another theme's colours."""
        self.colours = Colours(theme)
        self._prices: dict[tuple[int, int, int], QStaticText] = {}
        self._sizes: dict[str, tuple[QStaticText, float]] = {}

    def forget(self) -> None:
        """Drop prepared texts (another instrument)."""
        self._prices.clear()

    def columns(self, width: int, instrument: Instrument, sample: float) -> Columns:
        """Return the columns for a width; `sample` is a price of the usual length."""
        price = self.metrics.horizontalAdvance(f"{sample:,.{instrument.price_decimals}f}")
        return Columns.fit(width, price, 62)

    def paint(self, painter: QPainter, scene: Scene, columns: Columns, width: int, height: int) -> None:
        """Paint header and rows."""
        colours = self.colours
        painter.fillRect(0, 0, width, height, colours.panel)
        left, wide = columns.price
        painter.fillRect(left, HEAD_PX, wide, height - HEAD_PX, colours.raised)
        self._head(painter, columns, width)
        if scene.rows.top is None:
            return
        if scene.hovered is not None and 0 <= scene.hovered < scene.rows.count:
            painter.fillRect(0, HEAD_PX + scene.hovered * ROW_PX, width, ROW_PX, colours.hover)
        self._bars(painter, scene, columns)
        self._texts(painter, scene, columns)
        self._tags(painter, scene, columns)

    def _head(self, painter: QPainter, columns: Columns, width: int) -> None:
        painter.setFont(self.small)
        painter.setPen(self.colours.faint)
        for title, (left, wide), flags in (
            ("Mine", columns.mine, _LEFT),
            ("Bid", columns.bid, _RIGHT),
            ("Price", columns.price, _CENTRE),
            ("Ask", columns.ask, _LEFT),
            ("Vol", columns.volume, _RIGHT),
        ):
            painter.drawText(QRect(left + _PAD, 0, wide - 2 * _PAD, HEAD_PX), int(flags), title)
        painter.fillRect(0, HEAD_PX - 1, width, 1, self.colours.line)

    def _bars(self, painter: QPainter, scene: Scene, columns: Columns) -> None:
        depth, traded, colours = scene.depth, scene.traded, self.colours
        top = scene.rows.top or 0
        bid_left, bid_wide = columns.bid
        ask_left, ask_wide = columns.ask
        volume_left, volume_wide = columns.volume
        # The volume's bar has a strip of its own left of the number, so that they never meet.
        strip = max(0, volume_wide - 44)
        for line in range(scene.rows.count):
            row, y = top - line, HEAD_PX + line * ROW_PX
            if (size := depth.bids.get(row, 0.0)) and depth.largest:
                wide = max(2, round(size / depth.largest * (bid_wide - 2)))
                painter.fillRect(bid_left + bid_wide - wide, y + 1, wide, ROW_PX - 2, colours.bid_bar)
            if (size := depth.asks.get(row, 0.0)) and depth.largest:
                wide = max(2, round(size / depth.largest * (ask_wide - 2)))
                painter.fillRect(ask_left, y + 1, wide, ROW_PX - 2, colours.ask_bar)
            if (volume := traded.at(row)) and traded.largest and strip:
                wide = max(1, round(volume / traded.largest * (strip - 4)))
                painter.fillRect(volume_left + strip - wide, y + 4, wide, ROW_PX - 8, colours.volume)
        last = traded.last // scene.group if traded.last is not None else None
        if last is not None and 0 <= top - last < scene.rows.count:
            fill = colours.up_fill if traded.rising else colours.down_fill
            painter.fillRect(columns.price[0], HEAD_PX + (top - last) * ROW_PX, columns.price[1], ROW_PX, fill)

    def _texts(self, painter: QPainter, scene: Scene, columns: Columns) -> None:
        depth, traded, colours = scene.depth, scene.traded, self.colours
        top = scene.rows.top or 0
        last = traded.last // scene.group if traded.last is not None else None
        baseline = (ROW_PX - self.metrics.height()) // 2
        decimals = scene.instrument.qty_decimals
        price_left, price_wide = columns.price
        painter.setFont(self.font)
        painter.setPen(colours.faint if scene.dim else colours.bid)
        self._side(painter, depth.bids, scene.rows, columns.bid, (baseline, decimals), right=True)
        painter.setPen(colours.faint if scene.dim else colours.ask)
        self._side(painter, depth.asks, scene.rows, columns.ask, (baseline, decimals), right=False)
        painter.setPen(colours.faint)
        for line in range(scene.rows.count):
            if volume := traded.at(top - line):
                text, wide = self._sized(size_text(volume, decimals))
                at = columns.volume[0] + columns.volume[1] - _PAD - wide
                painter.drawStaticText(round(at), HEAD_PX + line * ROW_PX + baseline, text)
        inner = {depth.best_bid, depth.best_ask}
        for line in range(scene.rows.count):
            row = top - line
            text = self._price(row, scene)
            at = price_left + (price_wide - text.size().width()) / 2
            if row == last:
                painter.setPen(colours.on_fill)
            elif scene.dim:
                painter.setPen(colours.faint)
            else:
                painter.setPen(colours.text if row in inner else colours.muted)
            painter.drawStaticText(round(at), HEAD_PX + line * ROW_PX + baseline, text)
        for best, colour in ((depth.best_bid, colours.bid), (depth.best_ask, colours.ask)):
            if best is not None and 0 <= top - best < scene.rows.count and best != last:
                painter.fillRect(price_left, HEAD_PX + (top - best) * ROW_PX + 3, 2, ROW_PX - 6, colour)

    def _side(
        self,
        painter: QPainter,
        sizes: dict[int, float],
        rows: StaticRows,
        column: tuple[int, int],
        shape: tuple[int, int],
        *,
        right: bool,
    ) -> None:
        left, wide = column
        baseline, decimals = shape
        top = rows.top or 0
        for row, size in sizes.items():
            line = top - row
            if 0 <= line < rows.count:
                text, text_wide = self._sized(size_text(size, decimals))
                at = left + wide - _PAD - text_wide if right else left + _PAD
                painter.drawStaticText(round(at), HEAD_PX + line * ROW_PX + baseline, text)

    def _tags(self, painter: QPainter, scene: Scene, columns: Columns) -> None:
        colours, top = self.colours, scene.rows.top or 0
        left, wide = columns.mine
        if scene.entry is not None and 0 <= top - scene.entry < scene.rows.count:
            y = HEAD_PX + (top - scene.entry) * ROW_PX
            painter.fillRect(0, y, columns.volume[0], 1, colours.warn)
            painter.setPen(colours.warn)
            painter.setFont(self.small)
            painter.drawText(QRect(left + _PAD, y, wide - _PAD, ROW_PX), int(_LEFT), "entry")
        painter.setFont(self.small)
        for (row, side), tag in scene.tags.items():
            line = top - row
            if not 0 <= line < scene.rows.count:
                continue
            box = QRectF(left + 3, HEAD_PX + line * ROW_PX + 1.5, wide - 6, ROW_PX - 3)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.buy_fill if side is Side.BUY else colours.sell_fill)
            painter.drawRoundedRect(box, 3, 3)
            painter.setPen(colours.on_fill)
            words = f"{side.value[0].upper()} {tag.qty}" + (f" ×{tag.count}" if tag.count > 1 else "")
            painter.drawText(box, int(_CENTRE), words)

    def _price(self, row: int, scene: Scene) -> QStaticText:
        key = (row, scene.group, scene.instrument.price_decimals)
        text = self._prices.get(key)
        if text is None:
            if len(self._prices) > 2_000:
                self._prices.clear()
            price = scene.instrument.price_of(row * scene.group)
            text = self._prepared(f"{price:,.{scene.instrument.price_decimals}f}")
            self._prices[key] = text
        return text

    def _sized(self, words: str) -> tuple[QStaticText, float]:
        found = self._sizes.get(words)
        if found is None:
            if len(self._sizes) > 4_000:
                self._sizes.clear()
            text = self._prepared(words)
            found = (text, text.size().width())
            self._sizes[words] = found
        return found

    def _prepared(self, words: str) -> QStaticText:
        text = QStaticText(words)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.prepare(font=self.font)
        return text
