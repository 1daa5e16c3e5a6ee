"""What happens to an exception nobody caught: it is logged, told to the user, and the desk goes on (Q-8)."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, qInstallMessageHandler

log = logging.getLogger(__name__)

T = TypeVar("T")
Tell = Callable[[str, BaseException], None]
"""(where it happened, what); may come from any thread."""

_QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
_HARMLESS = ("This plugin does not support ",)


class CrashReports:
    """Route every stray exception to the log and to `tell`; `install` and `remove` belong together."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._fault_file: IO[str] | None = None
        self._old_unraisable: Callable[[Any], Any] | None = None

    def install(self, profile_dir: Path | None = None) -> None:
        """Set all hooks; the fault file of hard crashes goes into the profile."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread
        self._old_unraisable = sys.unraisablehook
        sys.unraisablehook = self._on_unraisable
        qInstallMessageHandler(_on_qt)
        if profile_dir is not None:
            try:
                profile_dir.mkdir(parents=True, exist_ok=True)
                self._fault_file = (profile_dir / "fault.log").open("a", encoding="utf-8")
                faulthandler.enable(self._fault_file)
            except OSError as error:
                log.warning("The fault file could not be opened: %s.", error.strerror)

    def remove(self) -> None:
        """Put the usual hooks back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        if self._old_unraisable is not None:
            sys.unraisablehook = self._old_unraisable
        qInstallMessageHandler(None)
        if self._fault_file is not None:
            faulthandler.disable()
            self._fault_file.close()
            self._fault_file = None

    def watch_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Route what a loop could not deliver anywhere."""
        loop.set_exception_handler(self._on_loop)

    def report(self, where: str, error: BaseException) -> None:
        """Log an error with its traceback and tell the user one sentence."""
        log.error("Unexpected error in %s.", where, exc_info=error)
        self._tell(where, error)

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self.report("the window", error.with_traceback(trace))

    def _on_thread(self, args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread is not None else "a thread"
        self.report(name, args.exc_value if args.exc_value is not None else args.exc_type())

    def _on_unraisable(self, args: Any) -> None:
        log.error("Exception ignored in %r.", args.object, exc_info=args.exc_value)

    def _on_loop(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            self.report("a background task", error)
        else:
            log.error("%s", context.get("message", "The event loop reported a problem."))


def culprit(error: BaseException, kind: type[T]) -> T | None:
    """Return the innermost object of a kind whose code, or whose child's code, raised an error."""
    found: T | None = None
    trace = error.__traceback__
    while trace is not None:
        widget = trace.tb_frame.f_locals.get("self")
        while widget is not None:
            if isinstance(widget, kind):
                found = widget
                break
            widget = widget.parent() if isinstance(widget, QObject) else None
        trace = trace.tb_next
    return found


def _on_qt(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    level = logging.DEBUG if text.startswith(_HARMLESS) else _QT_LEVELS.get(kind, logging.WARNING)
    logging.getLogger("qt").log(level, "%s", text)
