"""The header line of a table: titles aligned as their numbers, sort arrows, drag, resize, a menu of columns."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHeaderView, QWidget

from bidmere_terminal.tables.columns import Align, SortBy
from bidmere_terminal.tables.painting import PADDING_PX, Paints
from bidmere_terminal.tables.row_model import RowModel, alignment
from bidmere_terminal.theme import METRICS


class TableHeader(QHeaderView):
    """Paint titles quietly; the arrow of a sort stands on the free side of the title."""

    def __init__(self, model: RowModel, paints: Paints, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._model = model
        self._paints = paints
        self.setSectionsMovable(True)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(24)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)

    def sizeHint(self) -> QSize:
        """Return the height of one table row."""
        return QSize(super().sizeHint().width(), METRICS.row_px)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803 - Qt's name
        """Paint one title."""
        if not rect.isValid():
            return
        paints, column = self._paints, self._model.columns[logicalIndex]
        painter.fillRect(rect, paints.colour("panel"))
        painter.setPen(paints.pen("border"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.setFont(paints.small)
        level, sort = self._sort_of(column.id)
        inner = rect.adjusted(PADDING_PX, 0, -PADDING_PX, 0)
        painter.setPen(paints.pen("text" if sort else "text_faint"))
        title = column.title
        if sort is not None:
            arrow = ("▾" if sort.descending else "▴") + (str(level + 1) if len(self._model.sort_by) > 1 else "")
            title = f"{arrow} {title}" if column.align is Align.RIGHT else f"{title} {arrow}"
        title = paints.small_metrics.elidedText(title, Qt.TextElideMode.ElideRight, inner.width() + 2)
        painter.drawText(inner, int(alignment(column)) | int(Qt.TextFlag.TextSingleLine), title)

    def _sort_of(self, column: str) -> tuple[int, SortBy | None]:
        for level, sort in enumerate(self._model.sort_by):
            if sort.column == column:
                return level, sort
        return 0, None
