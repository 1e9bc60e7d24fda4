"""Assertions the driver tests share."""

import time
from collections.abc import Callable

from mes.plc.drivers import PlcDriver, Quality, TagValue
from tests.plc.drivers.conftest import TRUE


def good(value: object) -> TagValue:
    """A good reading of this value."""
    return TagValue(value, Quality.GOOD)  # type: ignore[arg-type]


def reads_true(driver: PlcDriver) -> None:
    """All tags come back good and with their own value."""
    values = driver.read(tuple(TRUE))
    assert values == {tag: good(value) for tag, value in TRUE.items()}


def nothing_wrong_is_good(values: dict[str, TagValue], truth: dict[str, object] = TRUE) -> None:  # type: ignore[assignment]
    """Whatever is called good is true."""
    wrong = {tag: v for tag, v in values.items() if v.quality is Quality.GOOD and v.value != truth[tag]}
    assert wrong == {}


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(0.005)
