"""Waiting for a condition, not for a time."""

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    """Return as soon as the condition holds; fail when it does not within the time."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.01)
