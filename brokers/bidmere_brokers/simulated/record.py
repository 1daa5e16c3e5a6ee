"""The simulated venue's memory: fills, payments and orders, one JSON line each, written before they are reported."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from bidmere.kernel.files import write_atomic
from bidmere.model.events import FundingPaid, OrderEvent, OrderFilled
from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.simulation.exchange import Addressed, Exchange
from bidmere.simulation.working import Stage, WorkingOrder
from bidmere_brokers.simulated.order_json import order_from_json, order_to_json

log = logging.getLogger(__name__)

_KEPT_NS = 86_400_000_000_000  # ended orders are remembered for a day: for questions and for repeated ids


class VenueRecord:
    """Append what happens at the venue to a file, and give it back to a new exchange.

    The file is compacted when it is opened. A torn last line (the process was killed) is dropped: it was never
    reported. A file of another account or opening balance is set aside.
    """

    def __init__(self, file: Path, opening: dict[str, str]) -> None:
        self._file = file
        self._opening = opening
        self._stream: IO[bytes] | None = None
        self.failure = ""

    def load(self, exchange: Exchange, now_ns: int) -> None:
        """Restore an exchange and open the file for writing."""
        orders, fills, paid = self._read(exchange.instruments)
        exchange.restore(orders, fills, paid)
        parents = {order.intent.parent for order in orders if order.stage is not Stage.DONE}
        kept = [
            order
            for order in orders
            if order.stage is not Stage.DONE or order.client_id in parents or now_ns - order.created_ns < _KEPT_NS
        ]
        self._rewrite(kept, fills, paid)

    def write(self, exchange: Exchange, reports: Sequence[Addressed]) -> None:
        """Append what reports tell; a failing disk is remembered in `failure`, the venue goes on."""
        if self._stream is None:
            return
        touched: dict[str, WorkingOrder] = {}
        lines: list[dict[str, Any]] = []
        for _, event in reports:
            if isinstance(event, FundingPaid):
                lines.append({"paid": msgspec.to_builtins(event)})
            if isinstance(event, OrderFilled):
                lines.append({"fill": msgspec.to_builtins(event.fill)})
            if isinstance(event, OrderEvent) and (order := exchange.order(event.client_id)) is not None:
                touched[order.client_id] = order
        lines += [{"order": order_to_json(order)} for order in touched.values()]
        try:
            self._stream.write(_lines(lines))
            self._stream.flush()
        except OSError as error:
            self.failure = f"The simulated venue cannot be saved: {error.strerror or error}."
            log.exception("The simulated venue's record %s cannot be written.", self._file.name)

    def close(self) -> None:
        """Write everything out and close the file."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()

    def _read(
        self, instruments: dict[InstrumentId, Instrument]
    ) -> tuple[list[WorkingOrder], list[Fill], list[FundingPaid]]:
        orders: dict[str, WorkingOrder] = {}
        fills: dict[tuple[str, str, str, str], Fill] = {}
        paid: list[FundingPaid] = []
        for number, row in enumerate(self._rows()):
            if number == 0:
                if row.get("opening") != self._opening:
                    os.replace(self._file, self._file.with_suffix(".previous.jsonl"))
                    log.warning("The simulated account was opened anew: its opening balance or name has changed.")
                    return [], [], []
            elif "fill" in row:
                fill = msgspec.convert(row["fill"], Fill)
                if fill.instrument in instruments:
                    fills[fill.key] = fill
            elif "paid" in row:
                paid.append(msgspec.convert(row["paid"], FundingPaid))
            elif "order" in row:
                order = order_from_json(row["order"], instruments)
                if order is not None:
                    orders[order.client_id] = order
        return list(orders.values()), list(fills.values()), paid

    def _rows(self) -> Iterable[dict[str, Any]]:
        if not self._file.exists():
            return
        for number, line in enumerate(self._file.read_bytes().split(b"\n")):
            if not line:
                continue
            try:
                row = msgspec.json.decode(line)
            except msgspec.DecodeError:
                log.warning("Line %d of %s cannot be read; what follows is left out.", number + 1, self._file.name)
                return
            yield row

    def _rewrite(self, orders: Iterable[WorkingOrder], fills: Iterable[Fill], paid: Iterable[FundingPaid]) -> None:
        rows: list[dict[str, Any]] = [{"opening": self._opening}]
        rows += [{"fill": msgspec.to_builtins(fill)} for fill in fills]
        rows += [{"paid": msgspec.to_builtins(event)} for event in paid]
        rows += [{"order": order_to_json(order)} for order in orders]
        write_atomic(self._file, _lines(rows))
        self._stream = self._file.open("ab")


def _lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
