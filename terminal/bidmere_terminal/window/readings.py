"""From the engine's health to the figures of the status bar: pure, so that every level can be tested."""

from __future__ import annotations

from collections.abc import Mapping

from bidmere.brokerage.data_port import FeedState, FeedStatus
from bidmere.desk.api import HealthView
from bidmere.desk.words import age_text, date_text, time_text
from bidmere_terminal.window.status_bar import Reading

_FEED_LEVELS = {
    FeedState.OK: "ok",
    FeedState.QUIET: "off",
    FeedState.CONNECTING: "warn",
    FeedState.STALE: "warn",
    FeedState.OFFLINE: "bad",
}
STALE_S, OFFLINE_S = 3.0, 10.0
SLOW_UI_MS = 100.0
DRIFT_MS, DRIFT_BAD_MS = 250.0, 1_000.0


def feed_reading(status: FeedStatus, mode: str, age_s: float | None, delay_ms: float | None) -> Reading:
    """Return a feed's figure: silence counts whatever the feed says of itself (U-20, U-223)."""
    state = status.state
    # Recorded data may stand still: it is paused or at its end.
    heard = mode == "REPLAY" or state not in (FeedState.OK, FeedState.CONNECTING)
    if not heard and age_s is not None and age_s > STALE_S:
        state = FeedState.OFFLINE if age_s > OFFLINE_S else FeedState.STALE
    word = "" if state is FeedState.OK else f" {state}"
    delay = f" {delay_ms:.0f} ms" if delay_ms is not None and state is FeedState.OK else ""
    mode_word = "" if mode == status.venue else f" {mode}"
    text = f"{status.venue}{mode_word}{word}{delay} · age {age_text(age_s)}"
    explain = [
        f"Feed {status.venue}: {state}",
        f"Last message received {age_text(age_s)} ago",
        f"Last word of the venue at {time_text(status.ts)} UTC",
    ]
    if delay_ms is not None:
        explain.append(f"From the venue's stamp to this machine: {delay_ms:.1f} ms")
    if status.detail:
        explain.append(status.detail)
    if status.attempt:
        explain.append(f"Attempt {status.attempt}, next try at {time_text(status.retry_ns)} UTC")
    return Reading(text, _FEED_LEVELS[state], tuple(explain))


def health_readings(health: HealthView, lag_ms: float, unread: int, now_ns: int) -> dict[str, Reading]:
    """Return all other figures."""
    p50, p95 = health.order_p50_ms, health.order_p95_ms
    orders = "orders –" if p50 is None or p95 is None else f"orders p50 {p50:.0f} / p95 {p95:.0f} ms"
    running, failed = health.strategies_running, health.strategies_failed
    drift = abs(health.clock_offset_ms)
    services = [f"{name}: {one.text}" for name, one in sorted(health.services.items())]
    # A kill switch or a halt is a wish, not a fault of the engine; the risk figure tells it.
    wished = health.kill_level > 0 or health.trading_state.upper() != "ACTIVE"
    worst = _worst([str(one.level) for name, one in health.services.items() if not (wished and name == "orders")])
    return {
        "orders": Reading(
            f"{orders} · {health.unknown_orders} unknown" if health.unknown_orders else orders,
            "warn" if health.unknown_orders else "ok" if p95 is not None else "off",
            (
                "From the decision to the venue's answer, of the last orders",
                f"Orders without a known outcome: {health.unknown_orders}",
            ),
        ),
        "engine": Reading(
            f"engine {_engine_word(worst)}", worst, (*services, f"Loop delay {health.engine_lag_ms:.1f} ms")
        ),
        "recording": Reading("REC" if health.recording else "", "ok", ("Market data is being recorded",)),
        "strategies": Reading(
            f"{running} strategies" + (f", {failed} failed" if failed else ""),
            "bad" if failed else "ok" if running else "off",
            (f"{running} running, {failed} stopped by an error",),
        ),
        "risk": risk_reading(health),
        "messages": Reading(
            f"{unread} messages" if unread != 1 else "1 message", "", ("Unread messages of the message centre",)
        ),
        "lag": Reading(
            f"UI {lag_ms:.0f} ms", "warn" if lag_ms > SLOW_UI_MS else "", ("95th percentile of the window's own delay",)
        ),
        "cpu": Reading(
            f"CPU {health.cpu_pct:.0f}%  RAM {health.memory_mb:,.0f} MB", "", ("Of this program; 100 % is one core",)
        ),
        "rate": Reading(f"{health.messages_per_s:,.0f} msg/s", "", ("Market data messages per second",)),
        "drift": Reading(
            f"clock {health.clock_offset_ms:+.0f} ms",
            "bad" if drift > DRIFT_BAD_MS else "warn" if drift > DRIFT_MS else "",
            ("This machine's clock against the venue's",),
        ),
        "clock": clock_reading(now_ns),
    }


def risk_reading(health: HealthView) -> Reading:
    """Return how much of the tightest limit is used, and the trading state."""
    state = health.trading_state.upper()
    if health.kill_level:
        return Reading(f"risk KILL K{health.kill_level}", "bad", ("The kill switch is on: no new orders",))
    share = f"{health.risk_share * 100:.0f}%"
    if state != "ACTIVE":
        level = "bad" if state == "HALTED" else "warn"
        return Reading(f"risk {state} {share}", level, ("The gate refuses orders that add risk",))
    level = "bad" if health.risk_share >= 1 else "warn" if health.risk_share >= 0.8 else "ok"
    word = {"ok": "OK", "warn": "near a limit", "bad": "limit reached"}[level]
    return Reading(f"risk {word} {share}", level, ("Share of the tightest limit that is used",))


def clock_reading(now_ns: int) -> Reading:
    """Return the workspace clock."""
    return Reading(f"{date_text(now_ns)}  {time_text(now_ns, millis=False)} UTC", "", ("Workspace clock",))


def starting_readings(now_ns: int, text: str, level: str) -> Mapping[str, Reading]:
    """Return what is shown before the engine answers."""
    return {"feed": Reading(text, level), "clock": clock_reading(now_ns)}


def _worst(levels: list[str]) -> str:
    for level in ("bad", "warn"):
        if level in levels:
            return level
    return "ok"


def _engine_word(level: str) -> str:
    return {"ok": "OK", "warn": "needs a look", "bad": "in trouble"}[level]
