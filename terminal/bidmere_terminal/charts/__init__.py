"""The price chart: numpy columns with coarser copies, pure coordinate arithmetic, painters and one plain widget."""

from bidmere_terminal.charts.chart import ChartWidget
from bidmere_terminal.charts.marks import FillMark, OrderLine, PositionLine

__all__ = ["ChartWidget", "FillMark", "OrderLine", "PositionLine"]
