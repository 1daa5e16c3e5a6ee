"""Replay: recorded data through the whole engine, on a clock that follows it."""
