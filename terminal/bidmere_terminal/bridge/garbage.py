"""Cyclic garbage collected on the GUI's thread only, in small portions.

Left to itself the collector runs on whichever thread allocates: a full pass over a desk of 500 symbols stops window and
engine for 100 to 250 ms, and on the engine's thread it may take a Qt object down there, which Qt does not allow.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 200
PORTION = 4_000
"""So many more objects than at the last look are looked at; prices that come and go leave no more than before."""
_MIDDLE = 10
_SETTLED, _ALL = 75, 300
"""After 15 s what is there is taken to stay and never looked at again; all that is younger is once a minute."""


class GarbageDuty(QObject):
    """Take the collector over while started."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_on = False
        self._turn = 0
        self._timer = QTimer(self)
        self._timer.setObjectName("bridge.garbage")
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._collect)

    def start(self) -> None:
        """Begin; the automatic collector is off from now on."""
        if self._timer.isActive():
            return
        self._turn = 0
        self._was_on = gc.isenabled()
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        """Hand everything back to the automatic collector."""
        if not self._timer.isActive():
            return
        self._timer.stop()
        gc.unfreeze()
        if self._was_on:
            gc.enable()

    def _collect(self) -> None:
        self._turn += 1
        if self._turn == _SETTLED:
            gc.freeze()
            return
        young, middle, _ = gc.get_count()
        if self._turn % _ALL == 0:
            gc.collect()
        elif young >= PORTION:
            gc.collect(0 if middle < _MIDDLE else 1)
