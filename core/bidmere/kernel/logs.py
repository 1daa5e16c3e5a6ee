"""Logging: one format, one file per profile, a tail for the desk, and no secret in any of them (S-9, U-83)."""

from __future__ import annotations

import logging
import logging.handlers
import re
from collections.abc import Callable
from pathlib import Path

_SECRET = re.compile(
    r"(?i)\b(api[-_ ]?key|secret|token|passphrase|password|signature|authorization|listenkey)\b(\s*[=:]\s*|\s+)"
    r"(['\"]?)([^\s'\"&,;]{4,})\3"
)
_LONG_TOKEN = re.compile(r"\b(?:bot\d+:[\w-]{30,}|eyJ[\w-]{10,}\.[\w-]+\.[\w-]+)\b")
_NOISY = ("httpx", "httpcore", "websockets", "asyncio", "qasync", "urllib3", "matplotlib")


def redact(text: str) -> str:
    """Return the text with anything that looks like a credential replaced."""
    return _LONG_TOKEN.sub("«redacted»", _SECRET.sub(r"\1\2«redacted»", text))


class _Redaction(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        clean = redact(message)
        if clean is not message:
            record.msg, record.args = clean, None
        return True


class _Formatter(logging.Formatter):
    def formatException(self, ei: object) -> str:
        return redact(super().formatException(ei))  # type: ignore[arg-type]


class _File(logging.handlers.RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:
        """Leave a line out when the disk is full: the journal says so, and a log must not shout about itself."""


class TailHandler(logging.Handler):
    """Hand every record's time (ns), level, logger and redacted text to a callable."""

    def __init__(self, put: Callable[[int, str, str, str], None], level: int = logging.INFO) -> None:
        super().__init__(level)
        self._put = put
        self.addFilter(_Redaction())

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one record on."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text = f"{text} ({redact(str(record.exc_info[1]) or type(record.exc_info[1]).__name__)})"
        self._put(int(record.created * 1e9), record.levelname, record.name, text)


def log_to_file(path: Path, level: int = logging.INFO) -> logging.Handler:
    """Write the root logger to a rotating file (5 × 2 MB) and return the handler, for `stop_logging`."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = _File(
        path, maxBytes=2_000_000, backupCount=5, encoding="utf-8", delay=True
    )
    handler.setLevel(level)
    handler.addFilter(_Redaction())
    handler.setFormatter(_Formatter("%(asctime)s.%(msecs)03d %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S"))
    start_logging(handler, level)
    return handler


def start_logging(handler: logging.Handler, level: int = logging.INFO) -> None:
    """Attach a handler to the root logger and quieten libraries that print what they should not."""
    root = logging.getLogger()
    root.addHandler(handler)
    if root.level == logging.NOTSET or root.level > level:
        root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def stop_logging(handler: logging.Handler) -> None:
    """Detach and close a handler."""
    logging.getLogger().removeHandler(handler)
    handler.close()
