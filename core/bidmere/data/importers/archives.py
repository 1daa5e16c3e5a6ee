"""Read compressed files without being bombed (S-7): no absolute or climbing names, ratio ≤ 100, ≤ 200 MB unpacked."""

from __future__ import annotations

import gzip
import io
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bidmere.errors import UnreadableData

MAX_BYTES = 200 * 1024 * 1024
MAX_RATIO = 100
_MAX_ENTRIES = 10_000
_SMALL = 64 * 1024  # tiny files may compress beyond the ratio


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive: its name inside and its unpacked size in bytes."""

    name: str
    size: int


def read_whole(path: Path) -> bytes:
    """Return a plain file's bytes. Raises UnreadableData."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableData(f"{path.name} is larger than {MAX_BYTES >> 20} MB: split it by month or by year.")
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None


def read_gzip(path: Path) -> bytes:
    """Return what a gzip file unpacks to. Raises UnreadableData."""
    packed = read_whole(path)
    limit = min(MAX_BYTES, max(_SMALL, len(packed) * MAX_RATIO))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            data = file.read(limit + 1)
    except (OSError, EOFError, zlib.error):
        raise UnreadableData(f"{path.name} is not a whole gzip file: download it again.") from None
    if len(data) > limit:
        raise UnreadableData(f"{path.name} unpacks to more than is safe (over {limit >> 20} MB): it was not read.")
    return data


def list_zip(path: Path) -> list[Entry]:
    """Return the files of a zip after checking that unpacking it is safe. Raises UnreadableData."""
    with _open(path) as archive:
        return [Entry(info.filename, info.file_size) for info in _checked(path, archive)]


def read_zip(path: Path, name: str) -> bytes:
    """Return one unpacked file of a zip. Raises UnreadableData."""
    with _open(path) as archive:
        info = next((one for one in _checked(path, archive) if one.filename == name), None)
        if info is None:
            raise UnreadableData(f"{path.name} has no file {name!r} inside.")
        try:
            with archive.open(info) as file:
                data = file.read(info.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
            raise UnreadableData(f"{path.name} is damaged at {info.filename!r}: download it again.") from None
    if len(data) != info.file_size:
        raise UnreadableData(f"{path.name} does not hold what it promises at {info.filename!r}: it was not read.")
    return data


def unreadable(path: Path, error: OSError) -> UnreadableData:
    """Say why the disk did not give a file."""
    if isinstance(error, FileNotFoundError):
        return UnreadableData(f"There is no file {path.name} in {path.parent}: check the path.")
    if isinstance(error, IsADirectoryError):
        return UnreadableData(f"{path.name} is a folder where a file was expected.")
    reason = error.strerror or type(error).__name__
    return UnreadableData(f"{path.name} could not be read ({reason}): check its rights.")


def _open(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise unreadable(path, error) from None
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise UnreadableData(f"{path.name} is not a whole zip file: download it again.") from None


def _checked(path: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > _MAX_ENTRIES or sum(info.file_size for info in infos) > MAX_BYTES:
        raise UnreadableData(f"{path.name} unpacks to more than is safe (over {MAX_BYTES >> 20} MB): it was not read.")
    for info in infos:
        name = PurePosixPath(info.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in info.filename:
            raise UnreadableData(f"{path.name} holds a file that would land outside its folder: it was not read.")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise UnreadableData(f"{path.name} holds a link instead of a file: it was not read.")
        if info.flag_bits & 1:
            raise UnreadableData(f"{path.name} is encrypted: unpack it first.")
        if info.file_size > max(_SMALL, info.compress_size * MAX_RATIO):
            raise UnreadableData(f"{path.name} is packed more than {MAX_RATIO} to 1, which is unsafe: it was not read.")
    return infos
