"""Simulated time and the bus."""

from __future__ import annotations

import asyncio
import io
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.kernel.bus import EventBus
from bidmere.kernel.clock import LiveClock, SimClock, sleep_until
from bidmere.kernel.lifecycle import Health, Level, Supervisor
from bidmere.kernel.logs import TailHandler, log_to_file, redact, stop_logging
from bidmere.kernel.tasks import TaskOwner


@given(st.lists(st.integers(min_value=0, max_value=50), max_size=30))
def test_timers_fire_in_order_of_time_then_of_setting(delays: list[int]) -> None:
    clock = SimClock(1_000)
    fired: list[tuple[int, int]] = []
    for number, delay in enumerate(delays):
        clock.call_later(delay, lambda number=number: fired.append((clock.now_ns(), number)))  # type: ignore[misc]
    clock.advance_to(2_000)
    assert fired == sorted((1_000 + delay, number) for number, delay in enumerate(delays))
    assert clock.now_ns() == 2_000


def test_a_timer_set_by_a_timer_fires_in_the_same_advance() -> None:
    clock = SimClock()
    fired: list[int] = []
    clock.call_at(10, lambda: clock.call_at(20, lambda: fired.append(clock.now_ns())))
    clock.advance_to(15)
    assert fired == []
    clock.advance_to(30)
    assert fired == [20]


def test_a_cancelled_timer_never_fires_and_time_never_goes_back() -> None:
    clock = SimClock(100)
    clock.call_at(110, lambda: pytest.fail("fired")).cancel()
    clock.advance_to(200)
    clock.advance_to(50)
    assert clock.now_ns() == 200
    assert clock.next_timer_ns() is None


async def test_sleep_until_ends_when_the_clock_gets_there() -> None:
    clock = SimClock()
    owner = TaskOwner("test")
    task = owner.spawn(sleep_until(clock, 100), "sleeper")
    await asyncio.sleep(0)
    assert not task.done()
    clock.advance_to(100)
    await owner.join()
    assert task.done()


async def test_the_live_clock_fires_on_the_running_loop() -> None:
    clock = LiveClock()
    before = clock.now_ns()
    await asyncio.wait_for(sleep_until(clock, before + 1_000_000), 5)
    assert clock.now_ns() >= before


def test_the_bus_keeps_order_and_goes_on_after_a_failing_handler() -> None:
    seen: list[str] = []
    errors: list[Exception] = []
    bus = EventBus(on_error=lambda handler, event, error: errors.append(error))

    def fail(event: str) -> None:
        raise ValueError(event)

    bus.subscribe(str, lambda event: seen.append("first " + event))
    bus.subscribe(str, fail)
    off = bus.subscribe(str, lambda event: seen.append("third " + event))
    bus.publish("a")
    off()
    bus.publish("b")
    bus.publish(3)
    assert seen == ["first a", "third a", "first b"]
    assert [str(error) for error in errors] == ["a", "b"]


@pytest.mark.expected_errors("unit.job crashed")
async def test_a_crashing_task_is_reported_and_the_owner_forgets_it() -> None:
    crashed: list[str] = []
    owner = TaskOwner("unit", on_crash=lambda name, error: crashed.append(f"{name}: {error}"))

    async def crash() -> None:
        raise RuntimeError("boom")

    owner.spawn(crash(), "job")
    await owner.join()
    await asyncio.sleep(0)
    assert crashed == ["unit.job: boom"]
    assert len(owner) == 0


async def test_close_cancels_what_is_left() -> None:
    owner = TaskOwner("unit")
    task = owner.spawn(asyncio.sleep(3600), "long")
    await owner.close()
    assert task.cancelled()


class _Recorder:
    def __init__(self, name: str, diary: list[str], fails: bool = False) -> None:
        self.name, self._diary, self._fails = name, diary, fails

    async def start(self) -> None:
        if self._fails:
            raise RuntimeError(self.name)
        self._diary.append(f"start {self.name}")

    async def stop(self) -> None:
        self._diary.append(f"stop {self.name}")

    def health(self) -> Health:
        return Health(level=Level.OK, text=self.name)


async def test_services_stop_in_reverse_and_a_failed_start_stops_the_started() -> None:
    diary: list[str] = []
    supervisor = Supervisor()
    await supervisor.start(_Recorder("a", diary))
    await supervisor.start(_Recorder("b", diary))
    assert list(supervisor.health()) == ["a", "b"]
    with pytest.raises(RuntimeError, match="c"):
        await supervisor.start(_Recorder("c", diary, fails=True))
    assert diary == ["start a", "start b", "stop b", "stop a"]


@pytest.mark.parametrize(
    "text",
    [
        "GET /x?api_key=AbCdEf123456&x=1",
        "secret: hunter2hunter2",
        "https host/bot123456789:AAabcdefghijklmnopqrstuvwxyz012345678/getMe",
        "Authorization: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghijk",
    ],
)
def test_s9_credentials_never_reach_a_log(text: str) -> None:
    clean = redact(text)
    for part in ("AbCdEf123456", "hunter2hunter2", "AAabcdefghijklmnopqrstuvwxyz012345678", "eyJhbGci"):
        assert part not in clean
    assert "redacted" in clean


def test_u83_the_log_tail_is_redacted_too() -> None:
    lines: list[tuple[int, str, str, str]] = []
    handler = TailHandler(lambda *line: lines.append(line))
    logger = logging.getLogger("bidmere.tail-test")
    logger.addHandler(handler)
    try:
        logger.warning("login with password=%s", "correct-horse")
    finally:
        logger.removeHandler(handler)
    assert lines[0][1:3] == ("WARNING", "bidmere.tail-test")
    assert "correct-horse" not in lines[0][3]


def test_a_full_disk_costs_log_lines_and_nothing_else(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    handler = log_to_file(tmp_path / "logs" / "x.log")
    try:
        assert isinstance(handler, logging.StreamHandler)
        handler.stream = Full()
        logging.getLogger("bidmere.full").warning("lost")
    finally:
        handler.stream = None
        stop_logging(handler)
    assert capfd.readouterr().err == ""
