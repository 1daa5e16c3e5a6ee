"""Ticks on disk: live rows go to a log per instrument, kind and day, which is sealed into Parquet later.

A log is a header (magic, version, generation) and blocks (row count, CRC-32, rows). A torn tail, as a power cut leaves
it, is ignored on reading and cut off before the next append. A sealed file names the last generation of the log that
went into it, so a log that a crash left behind is never counted twice. Rows stay in the order in which they came.
"""

from __future__ import annotations

import io
import os
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from bidmere.errors import InvalidInput, StorageError
from bidmere.kernel.files import disk_errors, sync_folder, write_atomic
from bidmere.model.ids import InstrumentId
from bidmere.storage.names import name_text, safe_name

Rows = np.ndarray[Any, np.dtype[np.void]]

TRADES, QUOTES, TOPS = "trades", "quotes", "tops"
_QUOTE = [("ts", "<i8"), ("recv", "<i8"), ("bid", "<f8"), ("ask", "<f8"), ("bid_size", "<f8"), ("ask_size", "<f8")]
DTYPES: dict[str, np.dtype[np.void]] = {
    TRADES: np.dtype([("ts", "<i8"), ("recv", "<i8"), ("price", "<f8"), ("size", "<f8"), ("side", "<i1")]),
    QUOTES: np.dtype(_QUOTE),
    TOPS: np.dtype(_QUOTE),
}

DAY_NS = 86_400_000_000_000
_EPOCH = date(1970, 1, 1).toordinal()
_MAGIC = b"BMTL"
_HEADER = struct.Struct("<4sHI")
_BLOCK = struct.Struct("<II")
_VERSION = 1
_GROUP_ROWS = 131_072
_STEM = re.compile(r"^(\d{4}-\d{2}-\d{2})\.(trades|quotes|tops)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTicks:
    """Say what is held for one instrument, kind and day."""

    instrument: InstrumentId
    kind: str
    day: date
    rows: int
    bytes: int
    sealed: bool


class TickStore:
    """Keep ticks under a folder as `VENUE/SYMBOL/2026-11-21.trades.log` or `.parquet`. Blocking; one writer."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._open: dict[Path, _Log] = {}

    def append(self, instrument: InstrumentId, kind: str, rows: Rows) -> None:
        """Add rows (of `DTYPES[kind]`) to the logs of their days. Raises DiskFull or StorageError."""
        days = rows["ts"] // DAY_NS
        if not len(rows):
            return
        if days[0] == days[-1] and (days == days[0]).all():
            self._log(instrument, kind, int(days[0])).append(rows)
            return
        for day in np.unique(days):
            self._log(instrument, kind, int(day)).append(rows[days == day])

    def read(self, instrument: InstrumentId, kind: str, start: int, end: int) -> Rows:
        """Return the rows with start ≤ ts < end (ns UTC) in time order."""
        parts = []
        for day in range(start // DAY_NS, (end - 1) // DAY_NS + 1):
            rows = self._day(instrument, kind, day, start, end)
            rows = rows[(rows["ts"] >= start) & (rows["ts"] < end)]
            parts.append(rows[np.argsort(rows["ts"], kind="stable")])
        return np.concatenate(parts) if parts else np.empty(0, DTYPES[kind])

    def seal(self, instrument: InstrumentId, kind: str, day: date) -> int:
        """Turn a day's log into Parquet, with what was sealed before; return the rows of the day."""
        number = day.toordinal() - _EPOCH
        log = self._path(instrument, kind, number, "log")
        target = self._path(instrument, kind, number, "parquet")
        self._close(log)
        rows, generation = self._whole_day(instrument, kind, number)
        if log.is_file():
            _write_sealed(target, rows, generation)
            log.unlink()
            with disk_errors(log):
                sync_folder(log.parent)
        return len(rows)

    def seal_before(self, day: date) -> int:
        """Seal every log of an earlier day; return how many there were."""
        old = [one for one in self.list() if not one.sealed and one.day < day]
        for one in old:
            self.seal(one.instrument, one.kind, one.day)
        return len(old)

    def delete(self, instrument: InstrumentId, kind: str, day: date) -> bool:
        """Remove a day's ticks; say whether there were any."""
        number = day.toordinal() - _EPOCH
        found = False
        for suffix in ("log", "parquet"):
            path = self._path(instrument, kind, number, suffix)
            self._close(path)
            if path.is_file():
                with disk_errors(path):
                    path.unlink()
                found = True
        return found

    def list(self) -> list[StoredTicks]:
        """Return what the store holds; foreign files are passed over."""
        return sorted(self._stored(), key=lambda one: (one.instrument, one.kind, one.day))

    def close(self) -> None:
        """Write every log down to the disk and close it."""
        for path in list(self._open):
            self._close(path)

    def _close(self, path: Path) -> None:
        log = self._open.pop(path, None)
        if log is not None:
            log.close()

    def _path(self, instrument: InstrumentId, kind: str, day: int, suffix: str) -> Path:
        name = f"{date.fromordinal(_EPOCH + day).isoformat()}.{kind}.{suffix}"
        return self.root / safe_name(instrument.venue) / safe_name(instrument.symbol) / name

    def _log(self, instrument: InstrumentId, kind: str, day: int) -> _Log:
        path = self._path(instrument, kind, day, "log")
        log = self._open.get(path)
        if log is None:
            sealed = self._path(instrument, kind, day, "parquet")
            log = self._open[path] = _Log(path, DTYPES[kind], _sealed_generation(sealed) + 1)
        return log

    def _day(self, instrument: InstrumentId, kind: str, day: int, start: int, end: int) -> Rows:
        sealed = self._path(instrument, kind, day, "parquet")
        log = self._path(instrument, kind, day, "log")
        rows = _read_sealed(sealed, kind, start, end)
        if log.is_file():
            if log in self._open:
                self._open[log].flush()
            generation, more = _read_log(log, DTYPES[kind])
            if generation > _sealed_generation(sealed):
                rows = np.concatenate([rows, more])
        return rows

    def _whole_day(self, instrument: InstrumentId, kind: str, day: int) -> tuple[Rows, int]:
        rows = self._day(instrument, kind, day, 0, 1 << 62)
        log = self._path(instrument, kind, day, "log")
        generation = _read_log(log, DTYPES[kind])[0] if log.is_file() else 0
        return rows, max(generation, _sealed_generation(self._path(instrument, kind, day, "parquet")))

    def _stored(self) -> Iterator[StoredTicks]:
        for path in self.root.glob("*/*/*.*.*"):
            match = _STEM.match(path.stem)
            if match is None or path.suffix not in (".log", ".parquet"):
                continue
            try:
                instrument = InstrumentId(name_text(path.parent.name), name_text(path.parent.parent.name))
                sealed = path.suffix == ".parquet"
                rows = _sealed_rows(path) if sealed else len(_read_log(path, DTYPES[match[2]])[1])
            except (InvalidInput, StorageError):
                continue
            yield StoredTicks(
                instrument=instrument,
                kind=match[2],
                day=date.fromisoformat(match[1]),
                rows=rows,
                bytes=path.stat().st_size,
                sealed=sealed,
            )


class _Log:
    """An open log; opening cuts a torn tail off, or begins anew when its generation was sealed already."""

    def __init__(self, path: Path, dtype: np.dtype[np.void], generation: int) -> None:
        self._path = path
        self._dtype = dtype
        with disk_errors(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            found, size = _whole_size(path, dtype) if path.is_file() else (0, 0)
            self._file: BinaryIO = open(path, "r+b" if size and found >= generation else "w+b")  # noqa: SIM115
            if size and found >= generation:
                self._file.truncate(size)
                self._file.seek(size)
            else:
                os.chmod(path, 0o600)
                self._file.write(_HEADER.pack(_MAGIC, _VERSION, generation))
            self._file.flush()

    def append(self, rows: Rows) -> None:
        data = np.ascontiguousarray(rows, self._dtype).tobytes()
        with disk_errors(self._path):
            self._file.write(_BLOCK.pack(len(rows), zlib.crc32(data)) + data)
            self._file.flush()

    def flush(self) -> None:
        with disk_errors(self._path):
            self._file.flush()

    def close(self) -> None:
        with disk_errors(self._path):
            try:
                self._file.flush()
                os.fsync(self._file.fileno())
            finally:
                self._file.close()


def _blocks(data: bytes, dtype: np.dtype[np.void]) -> Iterator[tuple[int, int]]:
    """Give (start, end) of the rows of each whole block, up to the first that is not whole."""
    position = _HEADER.size
    while position + _BLOCK.size <= len(data):
        count, crc = _BLOCK.unpack_from(data, position)
        start = position + _BLOCK.size
        end = start + count * dtype.itemsize
        if not count or end > len(data) or zlib.crc32(data[start:end]) != crc:
            return
        yield start, end
        position = end


def _header(data: bytes, path: Path) -> int:
    if len(data) < _HEADER.size:
        return 0
    magic, version, generation = _HEADER.unpack_from(data)
    if magic != _MAGIC or version != _VERSION:
        raise StorageError(f"{path.name} is no tick log of this version: move it away.")
    return int(generation)


def _whole_size(path: Path, dtype: np.dtype[np.void]) -> tuple[int, int]:
    data = path.read_bytes()
    generation = _header(data, path)
    if not generation:
        return 0, 0
    return generation, max((end for _, end in _blocks(data, dtype)), default=_HEADER.size)


def _read_log(path: Path, dtype: np.dtype[np.void]) -> tuple[int, Rows]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path.name} could not be read ({error.strerror}).") from error
    parts = [np.frombuffer(data[start:end], dtype) for start, end in _blocks(data, dtype)]
    return _header(data, path), np.concatenate(parts) if parts else np.empty(0, dtype)


def _write_sealed(path: Path, rows: Rows, generation: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(rows.dtype.names or ())
    columns = {name: pa.array(np.ascontiguousarray(rows[name])) for name in names}
    columns["recv"] = pa.array(rows["recv"] - rows["ts"])  # the delay: small numbers pack well
    table = pa.table(columns).replace_schema_metadata({"bidmere.generation": str(generation)})
    buffer = io.BytesIO()
    times = {"ts": "DELTA_BINARY_PACKED", "recv": "DELTA_BINARY_PACKED"}
    pq.write_table(
        table,
        buffer,
        row_group_size=_GROUP_ROWS,
        compression="zstd",
        compression_level=6,
        use_dictionary=[name for name in names if name not in times],
        column_encoding=times,
    )
    write_atomic(path, buffer.getvalue())


def _parquet(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise StorageError(f"{path.name} of {path.parent.name} is damaged: move it away, import it again.") from error


def _sealed_generation(path: Path) -> int:
    if not path.is_file():
        return 0
    with _parquet(path) as file:
        return int((file.schema_arrow.metadata or {}).get(b"bidmere.generation", b"0"))


def _sealed_rows(path: Path) -> int:
    with _parquet(path) as file:
        return int(file.metadata.num_rows)


def _read_sealed(path: Path, kind: str, start: int, end: int) -> Rows:
    dtype = DTYPES[kind]
    if not path.is_file():
        return np.empty(0, dtype)
    with _parquet(path) as file:
        groups = [group for group in range(file.metadata.num_row_groups) if _meets(file, group, start, end)]
        table = file.read_row_groups(groups, use_threads=False)
    rows = np.empty(table.num_rows, dtype)
    for name in dtype.names or ():
        rows[name] = table.column(name).to_numpy()
    rows["recv"] += rows["ts"]
    return rows


def _meets(file: Any, group: int, start: int, end: int) -> bool:
    statistics = file.metadata.row_group(group).column(0).statistics
    return statistics is None or (int(statistics.min) < end and int(statistics.max) >= start)
