"""Which indicators a chart shows: saved state in and out, and the dialog that changes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QDoubleSpinBox, QFormLayout, QMenu, QVBoxLayout, QWidget

from bidmere.errors import InvalidInput
from bidmere.indicators.catalog import CATALOG, indicator

Chosen = tuple[str, dict[str, float]]

FIRST: tuple[Chosen, ...] = (("EMA", {"n": 21.0}), ("EMA", {"n": 55.0}), ("RSI", {"n": 14.0}))
OTHERS: tuple[Chosen, ...] = (("EMA", {"n": 21.0}), ("EMA", {"n": 55.0}))


def read_chosen(saved: Any) -> list[Chosen] | None:
    """Return indicators from saved state, leaving out what does not exist; None when nothing was saved."""
    if not isinstance(saved, list):
        return None
    chosen: list[Chosen] = []
    for one in saved:
        if isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) and isinstance(one[1], Mapping):
            try:
                chosen.append((one[0], indicator(one[0]).settings(one[1])))
            except (InvalidInput, TypeError, ValueError):
                continue
    return chosen


def label(chosen: Chosen) -> str:
    """Return the short name with its settings."""
    spec = indicator(chosen[0])
    return spec.label(spec.settings(chosen[1]))


def fill_menu(
    menu: QMenu,
    chosen: list[Chosen],
    *,
    add: Callable[[str], None],
    edit: Callable[[int], None],
    remove: Callable[[int], None],
) -> None:
    """Fill a menu: what is shown with edit and remove, then everything there is to add."""
    for number, one in enumerate(chosen):
        sub = menu.addMenu(label(one))
        if indicator(one[0]).params:
            sub.addAction("Settings…", partial(edit, number))
        sub.addAction("Remove", partial(remove, number))
    if chosen:
        menu.addSeparator()
    for title, pane in (("Add over the price", "price"), ("Add in its own pane", "own")):
        sub = menu.addMenu(title)
        for spec in CATALOG.values():
            if spec.pane == pane:
                sub.addAction(f"{spec.title}\t{spec.name}", partial(add, spec.name))


class IndicatorDialog(QDialog):
    """Change the settings of one indicator; the chart follows at once, Cancel brings the old ones back."""

    def __init__(self, chosen: Chosen, apply: Callable[[dict[str, float]], None], parent: QWidget) -> None:
        super().__init__(parent)
        spec = indicator(chosen[0])
        self.setObjectName("chart.indicator")
        self.setWindowTitle(spec.title)
        self._before = dict(spec.settings(chosen[1]))
        self._apply = apply
        self._boxes: dict[str, QDoubleSpinBox] = {}
        form = QFormLayout()
        for param in spec.params:
            box = QDoubleSpinBox(self)
            box.setObjectName(f"chart.indicator.{param.name}")
            box.setDecimals(0 if param.whole else 3)
            box.setRange(param.low, param.high)
            box.setSingleStep(1.0 if param.whole else 0.1)
            box.setValue(self._before[param.name])
            box.valueChanged.connect(self._changed)
            self._boxes[param.name] = box
            form.addRow(param.name.replace("_", " ").capitalize(), box)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.rejected.connect(lambda: apply(self._before))
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(buttons)

    def _changed(self, _value: float) -> None:
        self._apply({name: box.value() for name, box in self._boxes.items()})
