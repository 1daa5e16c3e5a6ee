"""The simulated venue's memory: fills, payments and orders, one JSON line each, written before they are reported."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from bidmere.kernel.files import keep_aside, write_atomic
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
    reported. Any other line that cannot be read is passed over, and the damaged file is kept aside. A file of another
    account or opening balance is set aside.
    """

    def __init__(self, file: Path, opening: dict[str, str]) -> None:
        self._file = file
        self._opening = opening
        self._stream: IO[bytes] | None = None
        self._unwritten = b""
        self.failure = ""
        self._damaged = 0

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
        self._unwritten += _lines(lines)
        self._write_out(self._stream)

    def close(self) -> None:
        """Write everything out and close the file."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            self._write_out(stream)
            stream.close()

    def _write_out(self, stream: IO[bytes]) -> None:
        """Write what waits; what does not fit waits for the next time, so that no line is lost or torn for good."""
        try:
            while self._unwritten:
                self._unwritten = self._unwritten[stream.write(self._unwritten) :]
        except OSError as error:
            if not self.failure:
                log.exception("The simulated venue's record %s cannot be written.", self._file.name)
            self.failure = f"The simulated venue cannot be saved: {error.strerror or error}."
        else:
            self.failure = ""
        self._damaged = 0

    def _read(
        self, instruments: dict[InstrumentId, Instrument]
    ) -> tuple[list[WorkingOrder], list[Fill], list[FundingPaid]]:
        orders: dict[str, WorkingOrder] = {}
        fills: dict[tuple[str, str, str, str], Fill] = {}
        paid: list[FundingPaid] = []
        for row in self._rows():
            if "opening" in row:
                if row["opening"] != self._opening:
                    os.replace(self._file, self._file.with_suffix(".previous.jsonl"))
                    log.warning("The simulated account was opened anew: its opening balance or name has changed.")
                    return [], [], []
                continue
            try:
                if "fill" in row:
                    fill = msgspec.convert(row["fill"], Fill)
                    if fill.instrument in instruments:
                        fills[fill.key] = fill
                elif "paid" in row:
                    paid.append(msgspec.convert(row["paid"], FundingPaid))
                elif "order" in row:
                    order = order_from_json(row["order"], instruments)
                    if order is not None:
                        orders[order.client_id] = order
            except (ValueError, KeyError, TypeError, ArithmeticError):
                self._damaged += 1
        if self._damaged:
            aside = keep_aside(self._file)
            where = f"the damaged file is kept as {aside.name}" if aside is not None else "it could not be kept aside"
            log.warning("%d lines of %s could not be read; %s.", self._damaged, self._file.name, where)
        return list(orders.values()), list(fills.values()), paid

    def _rows(self) -> Iterable[dict[str, Any]]:
        if not self._file.exists():
            return
        *lines, _torn = self._file.read_bytes().split(b"\n")
        for line in lines:
            try:
                yield msgspec.json.decode(line, type=dict[str, Any])
            except msgspec.DecodeError:
                self._damaged += 1

    def _rewrite(self, orders: Iterable[WorkingOrder], fills: Iterable[Fill], paid: Iterable[FundingPaid]) -> None:
        rows: list[dict[str, Any]] = [{"opening": self._opening}]
        rows += [{"fill": msgspec.to_builtins(fill)} for fill in fills]
        rows += [{"paid": msgspec.to_builtins(event)} for event in paid]
        rows += [{"order": order_to_json(order)} for order in orders]
        write_atomic(self._file, _lines(rows))
        self._stream = self._file.open("ab", buffering=0)


def _lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
