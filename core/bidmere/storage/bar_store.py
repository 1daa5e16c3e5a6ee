"""Bars on disk: one Parquet file per instrument and timeframe, replaced as a whole, read by range."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from bidmere.errors import InvalidInput, StorageError
from bidmere.kernel.files import write_atomic
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.timeframe import Timeframe
from bidmere.storage.names import name_text, safe_name

if TYPE_CHECKING:
    import pyarrow.parquet as pq

COLUMNS = ("ts", "open", "high", "low", "close", "volume")
_GROUP_ROWS = 65_536
_STEM = re.compile(r"^(\d{1,4})(s|m|h|d|w|mon)$")
_NPY = np.dtype([("ts", "<i8")] + [(name, "<f8") for name in COLUMNS[1:]])


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBars:
    """Say what one file of the store holds; times are ns UTC of the first and last opening."""

    instrument: InstrumentId
    timeframe: Timeframe
    rows: int
    first_ns: int
    last_ns: int
    bytes: int
    path: Path


class BarStore:
    """Keep bars under a folder as `VENUE/SYMBOL/1m.parquet`; months are `1mon`, as some disks ignore case.

    Blocking; callers on a loop use a thread. One writer at a time.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, instrument: InstrumentId, timeframe: Timeframe) -> Path:
        """Return where a series is or would be."""
        stem = str(timeframe).replace("M", "mon")
        return self.root / safe_name(instrument.venue) / safe_name(instrument.symbol) / f"{stem}.parquet"

    def write(self, instrument: InstrumentId, timeframe: Timeframe, bars: BarArray) -> int:
        """Merge bars into the series (a new bar replaces the one that opened at the same time); return its length."""
        if not len(bars):
            return self.count(instrument, timeframe)
        merged = merge_bars(self.read(instrument, timeframe), bars)
        self._replace(self.path(instrument, timeframe), merged)
        return len(merged)

    def read(
        self,
        instrument: InstrumentId,
        timeframe: Timeframe,
        start: int | None = None,
        end: int | None = None,
        limit: int | None = None,
    ) -> BarArray:
        """Return the bars that opened in [start, end), the last `limit` of them; empty when there are none."""
        path = self.path(instrument, timeframe)
        if not path.is_file():
            return BarArray.empty()
        with _open(path) as file:
            groups = _groups(file, start, end, limit)
            table = file.read_row_groups(groups, columns=list(COLUMNS), use_threads=False)
        bars = BarArray(*(_column(table, name) for name in COLUMNS))
        low = 0 if start is None else int(np.searchsorted(bars.ts, start, "left"))
        high = len(bars) if end is None else int(np.searchsorted(bars.ts, end, "left"))
        if limit is not None:
            low = max(low, high - limit)
        return bars[low : max(low, high)]

    def count(self, instrument: InstrumentId, timeframe: Timeframe) -> int:
        """Return how many bars a series holds."""
        path = self.path(instrument, timeframe)
        if not path.is_file():
            return 0
        with _open(path) as file:
            return int(file.metadata.num_rows)

    def list(self) -> list[StoredBars]:
        """Return what the store holds, by instrument and length of the bars; foreign files are passed over."""
        return sorted(self._stored(), key=lambda one: (one.instrument, one.timeframe.ns))

    def delete(self, instrument: InstrumentId, timeframe: Timeframe) -> bool:
        """Remove a series; say whether there was one."""
        path = self.path(instrument, timeframe)
        if not path.is_file():
            return False
        path.unlink()
        return True

    def export_npy(self, instrument: InstrumentId, timeframe: Timeframe, target: Path) -> int:
        """Write the series as one structured array that workers map into memory; return its length."""
        bars = self.read(instrument, timeframe)
        rows = np.empty(len(bars), _NPY)
        for name in COLUMNS:
            rows[name] = getattr(bars, name)

        def save(file: BinaryIO) -> None:
            np.save(file, rows, allow_pickle=False)

        write_atomic(target, save)
        return len(bars)

    def _stored(self) -> Iterator[StoredBars]:
        for path in self.root.glob("*/*/*.parquet"):
            match = _STEM.match(path.stem)
            if match is None:
                continue
            try:
                instrument = InstrumentId(name_text(path.parent.name), name_text(path.parent.parent.name))
                with _open(path) as file:
                    spans = [_span(file, group) for group in range(file.metadata.num_row_groups)]
                    rows = int(file.metadata.num_rows)
            except (InvalidInput, StorageError):
                continue
            unit = "M" if match[2] == "mon" else match[2]
            yield StoredBars(
                instrument=instrument,
                timeframe=Timeframe(int(match[1]), unit),
                rows=rows,
                first_ns=spans[0][0] if spans else 0,
                last_ns=spans[-1][1] if spans else 0,
                bytes=path.stat().st_size,
                path=path,
            )

    @staticmethod
    def _replace(path: Path, bars: BarArray) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.table({name: pa.array(getattr(bars, name)) for name in COLUMNS})
        buffer = io.BytesIO()
        pq.write_table(
            table,
            buffer,
            row_group_size=_GROUP_ROWS,
            compression="zstd",
            use_dictionary=list(COLUMNS[1:]),
            column_encoding={"ts": "DELTA_BINARY_PACKED"},
        )
        write_atomic(path, buffer.getvalue())


def merge_bars(old: BarArray, new: BarArray) -> BarArray:
    """Join two series in time order; where both have a bar, the one of `new` stays, and its later one at that."""
    ts = np.concatenate([old.ts, new.ts])
    order = np.argsort(ts, kind="stable")
    ts = ts[order]
    keep = np.ones(len(ts), np.bool_)
    keep[:-1] = ts[1:] != ts[:-1]
    picked = order[keep]
    return BarArray(*(np.concatenate([getattr(old, name), getattr(new, name)])[picked] for name in COLUMNS))


def map_npy(path: Path) -> BarArray:
    """Map an exported series into memory, read-only, without reading it."""
    try:
        rows = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise StorageError(f"{path.name} is not an exported series of bars: export it again.") from error
    if rows.dtype != _NPY or rows.ndim != 1:
        raise StorageError(f"{path.name} is not an exported series of bars: export it again.")
    return BarArray(*(rows[name] for name in COLUMNS))


def _open(path: Path) -> pq.ParquetFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise StorageError(f"{path.name} of {path.parent.name} is damaged: delete it and import it again.") from error
    if not set(COLUMNS) <= set(file.schema_arrow.names):
        file.close()
        raise StorageError(f"{path.name} of {path.parent.name} holds no bars: delete it and import it again.")
    return file


def _span(file: pq.ParquetFile, group: int) -> tuple[int, int]:
    statistics = file.metadata.row_group(group).column(0).statistics
    return int(statistics.min), int(statistics.max)


def _groups(file: pq.ParquetFile, start: int | None, end: int | None, limit: int | None) -> list[int]:
    """Return the row groups that may hold the range, from the end back until `limit` rows are sure to be covered."""
    wanted: list[int] = []
    rows = 0
    for group in reversed(range(file.metadata.num_row_groups)):
        first, last = _span(file, group)
        if (end is not None and first >= end) or (start is not None and last < start):
            continue
        wanted.append(group)
        if end is None or last < end:
            rows += file.metadata.row_group(group).num_rows
        if limit is not None and rows >= limit:
            break
    return wanted[::-1]


def _column(table: Any, name: str) -> np.ndarray[Any, Any]:
    return np.asarray(table.column(name).to_numpy())
