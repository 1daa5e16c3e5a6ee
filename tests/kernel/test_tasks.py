"""Waiting for something."""

from bidmere.kernel.tasks import until


async def test_waiting_ends_when_it_is_done_and_says_so() -> None:
    asked: list[int] = []
    assert await until(lambda: len(asked) == 3 or asked.append(1) is not None, 1.0, 0.001)
    assert len(asked) == 3


async def test_waiting_ends_when_the_time_is_over() -> None:
    assert not await until(lambda: False, 0.01, 0.001)
