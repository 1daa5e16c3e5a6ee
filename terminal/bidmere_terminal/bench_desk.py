"""Measure the whole desk: every panel of the first workspace, live markets and paper orders, without a screen.

Run as `python -m bidmere_terminal.bench_desk --json`. The desk is the shipped one: window, bridge, engine in its own
thread, journal on the disk; only the risk limits on how many orders may go out are raised, through the engine's own
setting. Beside it, in the same run, a file of the same profile is written and synced, which is what an order needs of
the disk at least, and a bare process only sleeps and wakes, which is what the machine takes from anything that runs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import qasync
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from bidmere.desk.api import DeskApi
from bidmere.desk.feed import DeskFeed
from bidmere.engine.config import EngineConfig, simulated_count
from bidmere.engine.engine import Engine
from bidmere.errors import BidmereError, InvalidInput
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.market import Quote, Side
from bidmere.model.money import use_money_context
from bidmere.model.orders import Limit, Market, Order, OrderIntent, OrderState
from bidmere.risk.limits import RiskLimits
from bidmere.settings.schema import DeskSettings
from bidmere.settings.store import SettingsStore
from bidmere_terminal.app import DeskApp
from bidmere_terminal.arguments import parse
from bidmere_terminal.bridge.engine_host import EngineLike
from bidmere_terminal.crash import CrashReports
from bidmere_terminal.panels.spec import Bridge
from bidmere_terminal.theme.apply import apply_theme
from bidmere_terminal.theme.tokens import THEMES

SIZE = "1920x1080"
TICK_MS = 10
GOALS = {"gui_p95_ms": 16.0, "gui_p99_ms": 50.0, "order_p99_ms": 25.0}
WARM_S = 5.0
_START_LIMIT_S = 60.0
_FILL_LIMIT_S, _FILL_POLL_S = 2.0, 0.005
_FAR = Decimal("0.985")
_ORDER_VALUE = Decimal(500)
_FSYNC_PERIOD_S = 0.2
LIMITS = RiskLimits(orders_per_second=1_000, orders_per_minute=100_000, open_orders_total=500)


class CountingFeed(DeskFeed):
    """The desk's feed, with the instruments' updates counted as they come in."""

    def __init__(self) -> None:
        super().__init__()
        self.updates = 0

    def put_quote(self, quote: Quote) -> None:
        """Count one update of one instrument."""
        self.updates += 1
        super().put_quote(quote)


class LoopDelay(QObject):
    """How long an event that comes every 10 ms waits for the GUI's loop, those during a long wait included."""

    def __init__(self) -> None:
        super().__init__()
        self.delays_ms: list[float] = []
        self._due = 0.0
        self._timer = QTimer(self)
        self._timer.setObjectName("bench.delay")
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begin."""
        self._due = time.perf_counter() + TICK_MS / 1e3
        self._timer.start()

    def stop(self) -> None:
        """End."""
        self._timer.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        late = max(0.0, (now - self._due) * 1e3)
        self.delays_ms.append(late)
        while late > TICK_MS:
            late -= TICK_MS
            self.delays_ms.append(late)
        self._due = max(self._due, now) + TICK_MS / 1e3


class FrameCount(QObject):
    """How often the window was painted."""

    def __init__(self) -> None:
        super().__init__()
        self.frames = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.frames += event.type() == QEvent.Type.UpdateRequest
        return False


class FsyncProbe:
    """Append and sync 4 kB in a thread of its own, a few times a second."""

    def __init__(self, folder: Path) -> None:
        self.times_ms: list[float] = []
        self._path = folder / "fsync-probe"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fsync-probe", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        with self._path.open("wb", buffering=0) as file:
            while not self._over.wait(_FSYNC_PERIOD_S):
                file.write(b"\0" * 4096)
                begin = time.perf_counter()
                os.fsync(file.fileno())
                self.times_ms.append((time.perf_counter() - begin) * 1e3)


class BareProcess:
    """A process beside the desk that only sleeps 10 ms at a time: how late it wakes is the machine's own delay."""

    _CODE = (
        "import sys, time\n"
        "until, due = time.perf_counter() + float(sys.argv[1]), 0.0\n"
        "while (due := time.perf_counter() + 0.01) < until:\n"
        "    time.sleep(0.01)\n"
        "    print(max(0.0, (time.perf_counter() - due) * 1e3))\n"
    )

    def __init__(self, seconds: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", self._CODE, str(seconds)], stdout=subprocess.PIPE, text=True
        )

    def times_ms(self) -> list[float]:
        """Return the delays, once it has ended."""
        try:
            text, _ = self._process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            text, _ = self._process.communicate()
        return [float(line) for line in text.split()]


class Orders:
    """Send small orders in one share after the other: one far below the market, cancelled again, then a market one."""

    def __init__(self, bridge: Bridge, instruments: Sequence[Instrument]) -> None:
        self._traded = [one for one in instruments if one.kind is InstrumentKind.EQUITY]
        self._bridge = bridge
        self._tasks = TaskOwner("bench.orders")
        self.acknowledged_ms: list[float] = []
        self.filled_ms: list[float] = []
        self.gui_ms: list[float] = []
        self.engine_ms: list[float] = []
        self.refused: dict[str, int] = {}
        self._sent = 0


    async def run(self, until: float, per_second: float) -> None:
        """Send in an even rhythm until a time (perf_counter), then wait for what is under way."""
        due = time.perf_counter()
        self._tasks.spawn(self._watch_loop(until), "engine-loop")
        while due < until:
            self._tasks.spawn(self._one(self._sent), "order")
            self._sent += 1
            due += 1.0 / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await self._tasks.join()

    async def _one(self, number: int) -> None:
        instrument = self._traded[number // 2 % len(self._traded)]
        begin = time.perf_counter()
        side = Side.BUY if number // 2 // len(self._traded) % 2 == 0 else Side.SELL

        async def ask(desk: DeskApi) -> tuple[float, float] | None:
            return await (self._market(desk, instrument, side) if number % 2 else self._far(desk, instrument))

        took = await self._bridge.call(ask)
        if took is not None:
            self.gui_ms.append((time.perf_counter() - begin) * 1e3 - took[1])
            (self.filled_ms if number % 2 else self.acknowledged_ms).append(took[0])

    async def _far(self, desk: DeskApi, instrument: Instrument) -> tuple[float, float] | None:
        quote = desk.quote(instrument.id)
        if quote is None:
            self._refuse("no quote")
            return None
        price = instrument.price_down(Decimal(repr(quote.bid)) * _FAR)
        order, took = await self._send(desk, instrument, Side.BUY, Limit(price=price))
        if order is None:
            return None
        begin = time.perf_counter()
        if order.state is OrderState.OPEN:
            await desk.cancel(order.client_id, "api")
        return took, (time.perf_counter() - begin) * 1e3

    async def _watch_loop(self, until: float) -> None:
        """Measure how late the engine's loop wakes up after 10 ms, until a time (perf_counter)."""

        async def watch(_desk: DeskApi) -> None:
            while (due := time.perf_counter() + TICK_MS / 1e3) < until:
                await asyncio.sleep(TICK_MS / 1e3)
                self.engine_ms.append(max(0.0, (time.perf_counter() - due) * 1e3))

        await self._bridge.call(watch)

    async def _market(self, desk: DeskApi, instrument: Instrument, side: Side) -> tuple[float, float] | None:
        order, took = await self._send(desk, instrument, side, Market())
        if order is None:
            return None
        begin = time.perf_counter()
        while not order.state.is_terminal and time.perf_counter() - begin < _FILL_LIMIT_S:
            await asyncio.sleep(_FILL_POLL_S)
            order = next(one for one in reversed(desk.orders()) if one.client_id == order.client_id)
        if order.state is not OrderState.FILLED:
            self._refuse(f"market order {order.state.value}")
            return None
        # A fill that came after the acknowledgement is timed by its own stamp, not by when it was looked for.
        waited = (time.perf_counter() - begin) * 1e3
        return max(took, (order.ended_ns - order.created_ns) / 1e6), waited

    async def _send(
        self, desk: DeskApi, instrument: Instrument, side: Side, spec: Limit | Market
    ) -> tuple[Order | None, float]:
        quote = desk.quote(instrument.id)
        price = Decimal(repr(quote.ask)) if quote is not None else Decimal(1)
        qty = max(instrument.lot, instrument.to_qty(_ORDER_VALUE / price))
        account = desk.accounts()[0].id
        intent = OrderIntent(
            instrument=instrument.id, side=side, qty=qty, spec=spec, account=account, source="api", reason="bench"
        )
        begin = time.perf_counter()
        result = await desk.submit(intent)
        took = (time.perf_counter() - begin) * 1e3
        if result.is_denied:
            self._refuse(f"{result.order.code}: {result.order.reason}")
            return None, took
        return result.order, took

    def _refuse(self, why: str) -> None:
        self.refused[why] = self.refused.get(why, 0) + 1


class DeskBench:
    """One measured run of the desk on a running loop."""

    def __init__(self, options: argparse.Namespace, profile: Path, crash: CrashReports) -> None:
        self._options = options
        self._profile = profile
        self._tasks = TaskOwner("bench")
        self.feed = CountingFeed()
        extra = max(0, options.symbols - simulated_count())
        words = ["--profile", str(profile), "--size", SIZE, "--synthetic", str(extra), "--seed", "7"]
        settings = SettingsStore(profile / "settings.json", DeskSettings())
        self.desk = DeskApp(parse(words), profile, settings, crash, self._engine)

    def _engine(self, config: EngineConfig) -> EngineLike:
        rate = self._options.rate / self._options.symbols
        engine = Engine(replace(config, updates_per_s=rate, limits=LIMITS))
        engine.feed = self.feed
        return engine

    async def run(self) -> dict[str, Any]:
        """Start, warm up, measure, stop. Raises what the engine's start raised."""
        ended = self._tasks.spawn(self.desk.run(), "desk")
        try:
            await self._until_live(ended)
            await asyncio.sleep(WARM_S)
            return await self._measure()
        finally:
            self.desk.window.closing.emit()
            await ended

    async def _until_live(self, ended: asyncio.Task[Any]) -> None:
        model = self.desk.model
        over = time.perf_counter() + _START_LIMIT_S
        while len(model.quotes) < len(model.instruments) or not model.ready:
            if self.desk.failure is not None:
                raise self.desk.failure
            if time.perf_counter() > over or ended.done():
                quoted, known = len(model.quotes), len(model.instruments)
                raise BidmereError(f"Only {quoted} of {known} instruments had a quote after {_START_LIMIT_S:.0f} s.")
            await asyncio.sleep(0.05)

    async def _measure(self) -> dict[str, Any]:
        window, seconds = self.desk.window, self._options.seconds
        delay, frames, probe = LoopDelay(), FrameCount(), FsyncProbe(self._profile)
        orders = Orders(self.desk.bridge, list(self.desk.model.instruments.values()))
        shown: list[int] = []
        self.desk.model.quotes_changed.connect(lambda changed: shown.append(len(changed)))
        process = psutil.Process()
        window.installEventFilter(frames)
        probe.start()
        bare = BareProcess(seconds)
        updates, cpu, begin = self.feed.updates, process.cpu_times(), time.perf_counter()
        delay.start()
        await orders.run(begin + seconds, self._options.orders)
        delay.stop()
        took = time.perf_counter() - begin
        used = process.cpu_times()
        probe.stop()
        window.removeEventFilter(frames)
        busy = used.user + used.system - cpu.user - cpu.system
        health = self.desk.model.health
        return self._report(delay, orders, probe) | {
            "machine_delay_ms": summary(bare.times_ms()),
            "updates_per_s": round((self.feed.updates - updates) / took),
            "messages_per_s": round(health.messages_per_s) if health is not None else None,
            "quotes_shown_per_s": round(sum(shown) / took),
            "frames_per_s": round(frames.frames / took, 1),
            "cpu_pct": round(100 * busy / took),
            "memory_mb": round(process.memory_info().rss / 1e6),
            "seconds": round(took, 1),
            "symbols": len(self.desk.model.instruments),
            "window_px": [window.width(), window.height()],
        }

    def _report(self, delay: LoopDelay, orders: Orders, probe: FsyncProbe) -> dict[str, Any]:
        gui = summary(delay.delays_ms)
        trips = summary(orders.acknowledged_ms + orders.filled_ms)
        met = {
            "gui_p95_ms": _within(gui["p95"], GOALS["gui_p95_ms"]),
            "gui_p99_ms": _within(gui["p99"], GOALS["gui_p99_ms"]),
            "order_p99_ms": _within(trips["p99"], GOALS["order_p99_ms"]),
        }
        return {
            "bench": "desk",
            "gui_delay_ms": gui,
            "order_round_trip_ms": trips,
            "order_acknowledged_ms": summary(orders.acknowledged_ms),
            "order_filled_ms": summary(orders.filled_ms),
            "order_seen_from_gui_ms": summary(orders.gui_ms),
            "engine_delay_ms": summary(orders.engine_ms),
            "orders_refused": orders.refused,
            "disk_fsync_ms": summary(probe.times_ms),
            "goals": GOALS,
            "met": met,
            "passed": all(met.values()),
        }


def _within(value: float | None, goal: float) -> bool:
    return value is not None and value <= goal


def summary(times_ms: Sequence[float]) -> dict[str, Any]:
    """Return p50, p95, p99, max (ms, None without a value) and the count."""
    ordered = sorted(times_ms)
    if not ordered:
        return {"p50": None, "p95": None, "p99": None, "max": None, "count": 0}
    last = len(ordered) - 1
    found: dict[str, Any] = {
        name: round(ordered[min(last, int(share * len(ordered)))], 2)
        for name, share in (("p50", 0.50), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
    }
    return found | {"count": len(ordered)}


def readable(report: dict[str, Any]) -> str:
    """Return the figures for a person."""
    rows = (
        ("GUI delay", "gui_delay_ms"), ("order, submit to open or filled", "order_round_trip_ms"),
        ("  acknowledged", "order_acknowledged_ms"), ("  filled", "order_filled_ms"),
        ("  as the window waits", "order_seen_from_gui_ms"), ("engine delay", "engine_delay_ms"),
        ("disk sync of 4 kB", "disk_fsync_ms"), ("a bare process beside it", "machine_delay_ms"),
    )  # fmt: skip
    lines = [f"{'ms':32}" + "".join(f"{name:>10}" for name in ("p50", "p95", "p99", "max", "count"))]
    for title, key in rows:
        cells = [report[key][name] for name in ("p50", "p95", "p99", "max", "count")]
        lines.append(f"{title:32}" + "".join(f"{'–' if cell is None else cell:>10}" for cell in cells))
    lines.append(
        f"{report['symbols']} symbols; {report['updates_per_s']:,} updates/s in {report['messages_per_s']:,} messages, "
        f"{report['quotes_shown_per_s']:,} quotes/s to the window, {report['frames_per_s']} frames/s, "
        f"{report['cpu_pct']} % of a core, {report['memory_mb']} MB"
    )
    lines += [f"refused {count} ×: {why}" for why, count in report["orders_refused"].items()]
    lines += [f"{'met' if ok else 'MISSED':7} {name} ≤ {report['goals'][name]:g}" for name, ok in report["met"].items()]
    return "\n".join(lines)


def run_desk_bench(options: argparse.Namespace) -> dict[str, Any]:
    """Measure one run in this process, on a profile that is thrown away."""
    use_money_context()
    app = QApplication.instance() or QApplication([sys.argv[0]])
    if not isinstance(app, QApplication):
        raise InvalidInput("The desk bench needs a process without another Qt application.")
    app.setQuitOnLastWindowClosed(False)
    apply_theme(app, THEMES["dark"])
    crash = CrashReports(_tell)
    loop = qasync.QEventLoop(app)
    with tempfile.TemporaryDirectory(prefix="bidmere-bench-") as folder:
        profile = Path(folder)
        crash.install(profile)
        try:
            with loop:
                report: dict[str, Any] = loop.run_until_complete(_run(options, profile, crash))
        finally:
            crash.remove()
    return report


async def _run(options: argparse.Namespace, profile: Path, crash: CrashReports) -> dict[str, Any]:
    return await DeskBench(options, profile, crash).run()


def _tell(where: str, error: object) -> None:
    sys.stderr.write(f"bidmere: {where}: {error}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 0 when every goal is met, else 1."""
    parser = argparse.ArgumentParser(prog="bidmere_terminal.bench_desk", description="Measure the desk.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the measurement (default 60)")
    parser.add_argument("--symbols", type=int, default=500, help="watched instruments (default 500)")
    parser.add_argument("--rate", type=float, default=5_000.0, help="updates a second of all of them (default 5000)")
    parser.add_argument("--orders", type=float, default=10.0, help="orders a second (default 10)")
    options = parser.parse_args(arguments)
    if not (1 <= options.seconds <= 3_600 and 1 <= options.symbols <= 5_000 and 1 <= options.rate <= 50_000):
        parser.error("seconds are 1 to 3600, symbols 1 to 5000, the rate 1 to 50000")
    if not 0 < options.orders <= 100:
        parser.error("orders are more than 0 and up to 100 a second")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        report = run_desk_bench(options)
    except BidmereError as error:
        sys.stderr.write(f"bidmere: {error}\n")
        return 1
    sys.stdout.write((json.dumps(report, indent=2) if options.json else readable(report)) + "\n")
    return 0 if report["passed"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
